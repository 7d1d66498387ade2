//! The whole provider behind one value: a real server on a free loopback port, on a database of its own, with a clock that
//! the test moves.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sekisho::actions::member::members::{self, NewMember};
use sekisho::actions::protocol::register_client::{NewClient, add_client};
use sekisho::actions::protocol::signing_keys;
use sekisho::app::{App, limits};
use sekisho::clock::Clock;
use sekisho::config::{EmailAddress, MailTransport, Quota, SecondFactor, Settings, SmtpSecurity};
use sekisho::crypto::master_key::{MasterKey, Purpose};
use sekisho::crypto::opaque_token;
use sekisho::crypto::sealed::Sealer;
use sekisho::crypto::signing_keys::generate;
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::{BrowserSessionId, ClientId, FlowId, MemberId};
use sekisho::domain::login::assurance::Assurance;
use sekisho::domain::login::browser_session::BrowserSession;
use sekisho::domain::login::device::Device;
use sekisho::domain::member::profile::{Address, Profile, Role};
use sekisho::domain::protocol::client::{Client, PkcePolicy, Terms};
use sekisho::domain::protocol::signing_key::{Algorithm, StoredKey};
use sekisho::domain::unix_time::{Span, UnixTime};
use sekisho::store::Store;
use sekisho::store::protocol::signing_keys as key_store;
use sekisho::web::{serve, state::WebState};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::postgres::Cluster;
use super::relying_party::RelyingParty;
use super::smtp::{self, Authority, Manner, SmtpServer, Tls};
use super::visitor::Visitor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const HANAKO: (&str, &str) = ("hanako", "Test-hanako-1");
/// On their first login.
pub const TARO: (&str, &str) = ("taro", "Test-taro-1");

pub struct TestApp {
    pub app: App,
    pub issuer: String,
    pub folder: TempDir,
    pub engine: Engine,
    pub mail_server: SmtpServer,
    stop: Option<oneshot::Sender<()>>,
}

impl TestApp {
    pub async fn start(engine: Engine) -> TestApp {
        TestApp::start_with(engine, |_| {}).await
    }

    /// With settings of the test's own.
    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Settings)) -> TestApp {
        TestApp::start_with_smtp(engine, Manner::default(), change).await
    }

    /// With a mail server of this manner, and settings that fit it.
    pub async fn start_with_smtp(engine: Engine, manner: Manner, change: impl FnOnce(&mut Settings)) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let mut settings = Settings { issuer: issuer.parse().unwrap(), ..Settings::default() };
        settings.database.url = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("sekisho.db").display()),
            Engine::Postgres => Cluster::shared().new_database().await,
        };
        settings.secrets.master_key_file = folder.path().join("master.key");
        settings.mail.folder = folder.path().join("mail");
        let mail_server = SmtpServer::start(manner);
        settings.mail.transport = MailTransport::Smtp;
        settings.mail.smtp.port = mail_server.port;
        settings.mail.smtp.security = match manner.tls {
            Tls::Never => SmtpSecurity::None,
            Tls::Starttls => SmtpSecurity::Starttls,
            Tls::Implicit => SmtpSecurity::Tls,
        };
        if manner.tls != Tls::Never {
            let authority = folder.path().join("mail-ca.pem");
            Authority::shared().write(&authority);
            settings.mail.smtp.ca_file = Some(authority);
        }
        if manner.auth.is_some() {
            let password = folder.path().join("mail-password");
            std::fs::write(&password, format!("{}\n", smtp::ACCOUNT.1)).unwrap();
            settings.mail.smtp.user_name = Some(smtp::ACCOUNT.0.into());
            settings.mail.smtp.password_file = Some(password);
        }
        settings.society.inquiry_url = Some("https://inquiry.example.jp/form".parse().unwrap());
        // A hash here costs microseconds: what is tested is the rules, not Argon2.
        settings.passwords.argon2.memory_kib = 16;
        settings.passwords.argon2.iterations = 1;
        // Most tests are about something else; those of second factors and first logins ask for what they need.
        settings.authentication.second_factor = SecondFactor::Optional;
        settings.authentication.email_address = EmailAddress::Optional;
        let plenty = Quota { per_minute: 1_000_000, burst: 100_000 };
        settings.rate_limits.login_by_address = plenty;
        settings.rate_limits.login_by_account = plenty;
        settings.rate_limits.recovery_by_address = plenty;
        settings.rate_limits.failures_by_client = plenty;
        // Time stands still here: nothing refills.
        settings.rate_limits.attempts_by_browser = plenty;
        settings.rate_limits.pages_by_address = plenty;
        settings.rate_limits.token_by_address = plenty;
        settings.rate_limits.help_by_address = plenty;
        change(&mut settings);
        let settings = settings.checked().unwrap();

        prepare_keys(&settings).await;
        let clock = Clock::manual(Clock::System.now());
        let app = App::start(settings, clock).await.unwrap();
        signing_keys::ensure(&app).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let site = WebState::new(app.clone()).unwrap();
        tokio::spawn(serve::serve(listener, site, async {
            let _ = stopped.await;
        }));
        let test = TestApp { app, issuer, folder, engine, mail_server, stop: Some(stop) };
        test.add_members().await;
        test
    }

    /// Another node on the same database, with the same settings and clock.
    pub async fn another_node(&self) -> TestApp {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = App::start(self.app.settings.clone(), self.app.clock.clone()).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let site = WebState::new(app.clone()).unwrap();
        tokio::spawn(serve::serve(listener, site, async {
            let _ = stopped.await;
        }));
        let (folder, mail_server) = (tempfile::tempdir().unwrap(), SmtpServer::start(Manner::default()));
        TestApp { app, engine: self.engine, issuer: address, folder, mail_server, stop: Some(stop) }
    }

    pub fn now(&self) -> UnixTime {
        self.app.now()
    }

    pub fn advance(&self, span: Span) {
        self.app.clock.advance(span);
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// A browser that has never been here.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.issuer)
    }

    /// A browser in which this member has logged in to their account.
    pub async fn visitor_logged_in(&self, (user_id, password): (&str, &str)) -> Visitor {
        let visitor = self.visitor();
        let page = visitor.follow(&self.at("/account/profile")).await;
        let answer = visitor.log_in(&page, user_id, password).await;
        assert_eq!(answer.location(), Some("/account/profile"), "{}", answer.body);
        visitor
    }

    async fn add_members(&self) {
        let mut hanako = member(HANAKO.0);
        hanako.name = Some("健保 花子".into());
        hanako.email = Some("hanako@example.jp".into());
        hanako.email_verified = true;
        hanako.phone_number = Some("+81 90-1234-5678".into());
        hanako.phone_number_verified = true;
        let text = |s: &str| Some(s.to_owned());
        hanako.profile = Profile {
            given_name: text("花子"),
            family_name: text("健保"),
            middle_name: text("M."),
            nickname: text("はなちゃん"),
            profile: text("https://hanako.example.jp/"),
            picture: text("https://hanako.example.jp/me.jpg"),
            website: text("https://hanako.example.jp/blog"),
            gender: text("female"),
            birthdate: text("1955-04-01"),
            zoneinfo: text("Asia/Tokyo"),
            locale: text("ja-JP"),
            address: Some(Address { formatted: text("京都市南区"), country: text("JP"), ..Address::default() }),
        };
        members::add(&self.app, hanako, HANAKO.1, false).await.unwrap();
        members::add(&self.app, member(TARO.0), TARO.1, true).await.unwrap();
    }

    /// A confidential client of the society's own, which may do what the code flow can do and sends no PKCE.
    pub async fn relying_party(&self) -> RelyingParty {
        self.register(json!({ "grant_types": ["authorization_code", "refresh_token"] }), true).await
    }

    /// A confidential client of somebody else: the member is asked.
    pub async fn third_party(&self) -> RelyingParty {
        self.register(json!({ "grant_types": ["authorization_code", "refresh_token"] }), false).await
    }

    /// A confidential client that has registered itself: nobody has looked at where it leads.
    pub async fn self_registered(&self) -> RelyingParty {
        let metadata = json!({ "grant_types": ["authorization_code", "refresh_token"] });
        let terms = Terms { pkce: PkcePolicy::Optional, first_party: false, second_factor: None };
        let client = self.register_on(metadata, terms).await;
        let sql = "UPDATE clients SET registration_token_digest = 'of nothing' WHERE client_id = $1";
        sqlx::query(sql).bind(&client.id).execute(&mut self.connection().await).await.unwrap();
        self.app.store.forget();
        client
    }

    /// A client with this metadata, of staff; what is missing is filled in.
    pub async fn register(&self, metadata: Value, first_party: bool) -> RelyingParty {
        let terms = Terms { pkce: PkcePolicy::Optional, first_party, second_factor: None };
        self.register_on(metadata, terms).await
    }

    /// A client of the society's own with this rule for the second factor.
    pub async fn register_with_second_factor(&self, metadata: Value, rule: Option<SecondFactor>) -> RelyingParty {
        let terms = Terms { pkce: PkcePolicy::Optional, first_party: true, second_factor: rule };
        self.register_on(metadata, terms).await
    }

    async fn register_on(&self, metadata: Value, terms: Terms) -> RelyingParty {
        let id = format!("rp-{}", sekisho::random::identifier());
        let mut all = json!({
            "redirect_uris": [format!("https://{id}.example.jp/callback").to_lowercase().replace('_', "-")],
            "post_logout_redirect_uris": ["https://rp.example.jp/logged-out"],
            "client_name": "Example RP",
            "client_name#ja": "テストポータル",
        });
        for (name, value) in metadata.as_object().unwrap() {
            all[name] = value.clone();
        }
        let metadata = all.as_object().unwrap().clone();
        let new = NewClient { id: Some(ClientId(id)), metadata, terms, may_notify: false };
        let done = add_client(&self.app, &Actor::CommandLine(None), new).await.unwrap();
        RelyingParty::new(&self.issuer, &done.client, done.secret.map(|s| s.expose().clone()))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

pub fn member(user_id: &str) -> NewMember {
    NewMember {
        user_id: user_id.into(),
        role: Role::Member,
        name: None,
        email: None,
        email_verified: false,
        phone_number: None,
        phone_number_verified: false,
        profile: Profile::default(),
    }
}

/// Making an RSA key takes long: all databases of a test process get the same, under the same master key.
async fn prepare_keys(settings: &Settings) {
    static KEYS: OnceLock<(String, Vec<StoredKey>)> = OnceLock::new();
    let (master, keys) = KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let master = MasterKey::load(&file, true).unwrap();
        let sealer = Sealer::new(&master, Purpose::SealedAtRest);
        let now = Clock::System.now();
        let make = |a| generate(a, &sealer, now, now).unwrap();
        (std::fs::read_to_string(&file).unwrap(), Algorithm::ALL.map(make).into())
    });
    std::fs::write(&settings.secrets.master_key_file, master).unwrap();
    let store = Store::open(&settings.database.url, limits(settings)).await.unwrap();
    store.migrate().await.unwrap();
    let mut tx = store.write().await.unwrap();
    for key in keys {
        key_store::insert(&mut tx, key).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

/// What is stored of a token.
pub fn digest(token: &str) -> String {
    opaque_token::digest(token)
}

/// What tests look at and change behind the provider's back.
impl TestApp {
    /// How many rows a table has.
    pub async fn rows(&self, table: &'static str) -> i64 {
        self.number(format!("SELECT COUNT(*) FROM {table}")).await
    }

    /// How many rows there are of this table, with this condition.
    pub async fn count(&self, rows: &'static str) -> i64 {
        self.number(format!("SELECT COUNT(*) FROM {rows}")).await
    }

    /// Changes the database by hand.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = self.connection().await;
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        self.app.store.forget();
    }

    /// Waits until another transaction waits for a row of this database's.
    pub async fn until_somebody_waits_for_a_row(&self) {
        self.until_so_many_wait_for_a_row(1).await;
    }

    /// Not for ever: that nobody waits may be the very fault.
    pub async fn until_so_many_wait_for_a_row(&self, many: i64) {
        let waiting =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let patience = Instant::now() + Duration::from_secs(30);
        while self.number(waiting.into()).await < many {
            assert!(Instant::now() < patience, "fewer than {many} wait for a row");
            tokio::task::yield_now().await;
        }
    }

    pub async fn number(&self, sql: String) -> i64 {
        let mut connection = self.connection().await;
        let (number,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        number
    }

    pub async fn connection(&self) -> sqlx::AnyConnection {
        use sqlx::Connection as _;
        sqlx::any::install_default_drivers();
        sqlx::AnyConnection::connect(&self.app.settings.database.url).await.unwrap()
    }

    pub async fn add(&self, user_id: &str, password: &str) {
        members::add(&self.app, member(user_id), password, false).await.unwrap();
    }

    /// A session of this member with what a login has shown: its cookie's token and its ID.
    pub async fn session_of(&self, member: &MemberId, assurance: Assurance) -> (String, BrowserSessionId) {
        let (token, now) = (sekisho::random::identifier(), self.now());
        let session = BrowserSession {
            id: BrowserSessionId(sekisho::random::identifier()),
            member: member.clone(),
            flow: FlowId(sekisho::random::identifier()),
            authenticated_at: now,
            assurance,
            device: Device::default(),
            last_used_at: now,
            expires_at: now + self.app.settings.sessions.absolute,
        };
        let mut tx = self.app.store.write().await.unwrap();
        sekisho::store::login::browser_sessions::insert(&mut tx, &session, &digest(&token)).await.unwrap();
        tx.commit().await.unwrap();
        (token, session.id)
    }

    pub async fn lock_account(&self, user_id: &str) {
        let member = members::find(&self.app, user_id).await.unwrap().unwrap();
        let mut tx = self.app.store.write().await.unwrap();
        sekisho::store::member::members::lock_account(&mut tx, &member.id, None, self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn unlock(&self, user_id: &str) {
        let member = members::find(&self.app, user_id).await.unwrap().unwrap();
        sekisho::actions::member::lift_locks::lift_locks(
            &self.app,
            &sekisho::domain::actor::Actor::CommandLine(None),
            &member.id,
        )
        .await
        .unwrap();
    }

    pub async fn hash_with(&self, password: &str, memory_kib: u32, iterations: u32) -> String {
        let cost = sekisho::config::Argon2Cost { memory_kib, iterations, parallelism: 1 };
        let hasher = sekisho::crypto::password_hash::PasswordHasher::start(cost, 1, 1).unwrap();
        hasher.hash(sekisho::domain::secret::Secret::new(password.to_owned())).await.unwrap()
    }

    pub async fn set_hash(&self, user_id: &str, hash: &str) {
        let member = members::find(&self.app, user_id).await.unwrap().unwrap();
        let mut tx = self.app.store.write().await.unwrap();
        sekisho::store::member::members::set_password(&mut tx, &member.id, hash, None, self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn hash_of(&self, user_id: &str) -> String {
        let member = members::find(&self.app, user_id).await.unwrap().unwrap();
        let mut reader = self.app.store.reader().await.unwrap();
        sekisho::store::member::members::password(&mut reader, &member.id).await.unwrap().unwrap().hash
    }

    pub async fn replace_second_factor(&self, client: &str, rule: Option<SecondFactor>) {
        let mut tx = self.app.store.write().await.unwrap();
        let stored = sekisho::store::protocol::clients::by_id(&mut tx, client).await.unwrap().unwrap();
        let client = sekisho::domain::protocol::client::Client { second_factor: rule, ..stored.client };
        sekisho::store::protocol::clients::update(&mut tx, &client, stored.secret_digest.as_deref(), self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn replace_redirect_uri(&self, client: &str, uri: &str) {
        self.change_client(client, |client| client.redirect_uris = vec![uri.into()]).await;
    }

    /// Changes what is registered of a client.
    pub async fn change_client(&self, client: &str, change: impl FnOnce(&mut Client)) {
        let mut tx = self.app.store.write().await.unwrap();
        let stored = sekisho::store::protocol::clients::by_id(&mut tx, client).await.unwrap().unwrap();
        let mut client = stored.client;
        change(&mut client);
        sekisho::store::protocol::clients::update(&mut tx, &client, stored.secret_digest.as_deref(), self.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}
