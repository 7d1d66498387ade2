//! What the provider serves in the load test: members, the sessions of those who are logged in, and two clients.

use sekisho::actions::member::members::{self, NewMember};
use sekisho::actions::protocol::register_client::{NewClient, add_client};
use sekisho::actions::protocol::signing_keys;
use sekisho::app::App;
use sekisho::clock::Clock;
use sekisho::config::Settings;
use sekisho::crypto::opaque_token::{self, Kind};
use sekisho::domain::actor::Actor;
use sekisho::domain::ids::{BrowserSessionId, FlowId, MemberId};
use sekisho::domain::login::browser_session::BrowserSession;
use sekisho::domain::member::profile::{Profile, Role};
use sekisho::domain::protocol::client::{PkcePolicy, Terms};
use sekisho::random;
use sekisho::store::login::browser_sessions;
use serde_json::{Value, json};

use crate::Result;

/// A multiple of the usual number of connections: no two of them log the same member in at the same time.
const MEMBERS: usize = 128;
pub const PASSWORD: &str = "Load-test-1";
/// The cookie of a browser that was here before.
const BROWSER: &str = "skw_c29tZWJvZHknc19zb21lYm9keSdzX3NvbWVib2R5J3M";
pub const REDIRECT_URI: &str = "https://portal.example.jp/callback";

pub struct Society {
    /// Their IDs; all have the same password.
    pub members: Vec<String>,
    /// The `Cookie` headers of browsers in which somebody is logged in.
    pub sessions: Vec<String>,
    /// Acts for itself.
    pub machine: Credentials,
    /// A portal of the society's own, which members are not asked about.
    pub portal: Credentials,
    /// Another, which gets refresh tokens.
    pub lasting: Credentials,
    pub paths: Paths,
}

/// Where a provider answers, and what its requests need beside the standard's.
pub struct Paths {
    pub authorize: &'static str,
    pub token: &'static str,
    pub userinfo: &'static str,
    pub introspection: &'static str,
    /// What asks for an access token that is a JWT.
    pub jwt: &'static [(&'static str, &'static str)],
    /// What asks for a refresh token.
    pub lasting_scope: &'static str,
}

pub struct Credentials {
    pub id: String,
    pub secret: String,
}

impl Society {
    /// Makes the database, and leaves it for the provider to open.
    pub async fn found(settings: Settings, sessions: usize) -> Result<Society> {
        let app = App::start(settings, Clock::System).await?;
        signing_keys::ensure(&app).await?;
        let machine = register(&app, json!({ "grant_types": ["client_credentials"] })).await?;
        let portal = json!({ "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [REDIRECT_URI], "id_token_signed_response_alg": "ES256" });
        let portal = register(&app, portal).await?;
        let members: Vec<String> = (0..MEMBERS).map(|number| format!("member{number}")).collect();
        let mut ids = Vec::new();
        for user_id in &members {
            ids.push(members::add(&app, member(user_id), PASSWORD, false).await?.id);
        }
        let sessions = log_in(&app, &ids, sessions).await?;
        app.store.close().await;
        let lasting = Credentials { id: portal.id.clone(), secret: portal.secret.clone() };
        let paths = Paths {
            authorize: "/authorize",
            token: "/token",
            userinfo: "/userinfo",
            introspection: "/introspect",
            jwt: &[],
            lasting_scope: "openid email offline_access",
        };
        Ok(Society { members, sessions, machine, portal, lasting, paths })
    }

    /// What `benches/peer/server.mjs` serves, with its first members logged in.
    pub async fn of_peer(address: &str) -> Result<Society> {
        let credentials = |id: &str, secret: &str| Credentials { id: id.to_owned(), secret: secret.to_owned() };
        let mut society = Society {
            members: (0..MEMBERS).map(|number| format!("member{number}")).collect(),
            sessions: Vec::new(),
            machine: credentials("machine", "machine-secret-of-a-load-test-0123456789"),
            portal: credentials("portal", "portal-secret-of-a-load-test-0123456789"),
            lasting: credentials("lasting", "portal-secret-of-a-load-test-0123456789"),
            paths: Paths {
                authorize: "/auth",
                token: "/token",
                userinfo: "/me",
                introspection: "/token/introspection",
                jwt: &[("resource", "https://api.example.jp")],
                lasting_scope: "openid email",
            },
        };
        let connection = crate::browser::connection()?;
        for number in 0..64 {
            society.sessions.push(crate::journeys::peer_session(&connection, address, &society, number).await?);
        }
        Ok(society)
    }
}

fn member(user_id: &str) -> NewMember {
    NewMember {
        user_id: user_id.to_owned(),
        role: Role::Member,
        name: None,
        email: Some(format!("{user_id}@example.jp")),
        email_verified: true,
        phone_number: None,
        phone_number_verified: false,
        profile: Profile::default(),
    }
}

async fn register(app: &App, metadata: Value) -> Result<Credentials> {
    let metadata = metadata.as_object().ok_or("metadata is an object")?.clone();
    let terms = Terms { pkce: PkcePolicy::Required, first_party: true, second_factor: None };
    let new = NewClient { id: None, metadata, terms, may_notify: false };
    let done = add_client(app, &Actor::CommandLine(None), new).await?;
    let secret = done.secret.ok_or("a confidential client has a secret")?;
    Ok(Credentials { id: done.client.id.to_string(), secret: secret.expose().clone() })
}

/// As many sessions, dealt out to the members: their cookies.
async fn log_in(app: &App, members: &[MemberId], sessions: usize) -> Result<Vec<String>> {
    let now = app.now();
    let mut cookies = Vec::with_capacity(sessions);
    let mut tx = app.store.write().await?;
    for member in members.iter().cycle().take(sessions) {
        let session = BrowserSession {
            assurance: sekisho::domain::login::assurance::Assurance::TwoFactors,
            device: sekisho::domain::login::device::Device::default(),
            id: BrowserSessionId(random::identifier()),
            member: member.clone(),
            flow: FlowId(random::identifier()),
            authenticated_at: now,
            last_used_at: now,
            expires_at: now + app.settings.sessions.absolute,
        };
        let token = opaque_token::new(Kind::BrowserSession);
        browser_sessions::insert(&mut tx, &session, &opaque_token::digest(token.expose())).await?;
        cookies.push(format!("sekisho-session={}; sekisho-browser={BROWSER}", token.expose()));
    }
    tx.commit().await?;
    Ok(cookies)
}
