//! The parts that a request may need, put together once at start and checked as they are: what is wrong stops the start
//! with a message, not a request.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, ClockWatch};
use crate::config::{MailTransport, Settings, SmtpSecurity};
use crate::crypto::master_key::{MasterKey, MasterKeyError, Purpose};
use crate::crypto::opaque_token::{self, RefreshTokens};
use crate::crypto::passkey::Passkeys;
use crate::crypto::password_hash::pepper::{PepperError, Peppers};
use crate::crypto::password_hash::{self, HashCost, PasswordHasher};
use crate::crypto::sealed::Sealer;
use crate::crypto::signing_keys::{KeyError, KeySet};
use crate::domain::ids::MemberId;
use crate::domain::login::locks::LockPolicy;
use crate::domain::login::password_policy::{CommonPasswords, PasswordPolicy};
use crate::domain::member::authentication_method::Method;
use crate::domain::member::user_id::{UserIdKey, UserIdRules};
use crate::domain::secret::Secret;
use crate::domain::unix_time::UnixTime;
use crate::i18n::{Catalogue, I18nError};
use crate::mail::transport::{Route, Security, Senders, Server, Transport, TransportError};
use crate::store::member::{password_costs, password_peppers};
use crate::store::protocol::signing_keys;
use crate::store::{Limits, OpenError, Store, StoreError};
use crate::text_file;

/// Everything that outlives a request. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub settings: Settings,
    pub clock: Clock,
    pub clock_watch: ClockWatch,
    pub store: Store,
    pub passwords: PasswordHasher,
    pub password_policy: PasswordPolicy,
    pub common_passwords: CommonPasswords,
    pub password_lock: LockPolicy,
    pub account_lock: LockPolicy,
    pub user_ids: UserIdRules,
    /// Where members may use them and the issuer has a name.
    pub passkeys: Option<Passkeys>,
    /// Seals what lies in the database.
    pub at_rest: Sealer,
    /// Seals what travels through the browser.
    pub in_flow: Sealer,
    pub refresh_tokens: RefreshTokens,
    pub catalogue: Arc<Catalogue>,
    pub mail: Transport,
    /// The verbs that are running.
    pub verbs: TaskTracker,
    /// Woken when mail is queued here.
    pub mail_waits: Arc<Notify>,
    /// The program stops: nothing new is begun that can be left to other nodes or to the next start.
    pub stopping: CancellationToken,
    csrf_key: Secret<[u8; 32]>,
    account_key: Secret<[u8; 32]>,
    one_time_password_key: Secret<[u8; 32]>,
    keys: RwLock<Arc<KeySet>>,
}

/// Why the parts can't be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Words(#[from] I18nError),
    #[error(transparent)]
    Mail(#[from] TransportError),
    #[error(transparent)]
    Passwords(#[from] password_hash::StartError),
    #[error(transparent)]
    Pepper(#[from] PepperError),
    #[error("passwords.blocklist_file {file} can't be read: {reason}. Put it there in UTF-8, or take the setting out")]
    Blocklist { file: PathBuf, reason: std::io::Error },
}

impl App {
    /// Opens the database, brings it up to this version and reads the keys; makes what a first start needs.
    pub async fn start(settings: Settings, clock: Clock) -> Result<App, StartError> {
        let store = Store::open(&settings.database.url, limits(&settings)).await?;
        let nothing_sealed = store.is_new().await?;
        // The key comes first: a database that was migrated without its key would never be new again.
        let master = MasterKey::load(&settings.secrets.master_key_file, nothing_sealed)?;
        store.migrate().await?;
        App::assemble(settings, clock, store, &master).await
    }

    async fn assemble(settings: Settings, clock: Clock, store: Store, master: &MasterKey) -> Result<App, StartError> {
        let at_rest = Sealer::new(master, Purpose::SealedAtRest);
        let keys = read_keys(&store, &at_rest).await?;
        let passwords = PasswordHasher::start(
            settings.passwords.argon2,
            settings.passwords.hashing_threads as usize,
            settings.passwords.hashing_queue as usize,
        )?
        .peppered(peppers(&settings)?)?;
        note_password_hashes(&store, &passwords, clock.now()).await?;
        Ok(App(Arc::new(Parts {
            passwords,
            password_policy: PasswordPolicy::from(&settings.passwords),
            common_passwords: common_passwords(&settings)?,
            password_lock: LockPolicy::from(&settings.locks.password),
            account_lock: LockPolicy::from(&settings.locks.account),
            user_ids: UserIdRules::from(&settings.user_ids),
            passkeys: passkeys(&settings),
            in_flow: Sealer::new(master, Purpose::SealedFlow),
            refresh_tokens: RefreshTokens::new(master.derive(Purpose::RefreshToken)),
            csrf_key: master.derive(Purpose::Csrf),
            account_key: master.derive(Purpose::AccountKey),
            one_time_password_key: master.derive(Purpose::OneTimePassword),
            keys: RwLock::new(Arc::new(keys)),
            catalogue: Arc::new(Catalogue::load()?),
            mail: transport(&settings)?,
            verbs: TaskTracker::new(),
            mail_waits: Arc::new(Notify::new()),
            stopping: CancellationToken::new(),
            at_rest,
            settings,
            clock_watch: ClockWatch::new(clock.now()),
            clock,
            store,
        })))
    }
}

async fn read_keys(store: &Store, sealer: &Sealer) -> Result<KeySet, StartError> {
    let mut reader = store.reader().await?;
    let (own, others) = (signing_keys::all(&mut reader).await?, signing_keys::of_other_algorithms(&mut reader).await?);
    Ok(KeySet::open(own, sealer)?.publishing(others))
}

/// How many connections to the database there may be, and how long they wait.
pub fn limits(settings: &Settings) -> Limits {
    let database = &settings.database;
    Limits {
        max_connections: database.max_connections,
        statement: database.statement_timeout.as_duration(),
        lock: database.lock_timeout.as_duration(),
        idle_in_transaction: database.idle_in_transaction_timeout.as_duration(),
    }
}

fn peppers(settings: &Settings) -> Result<Peppers, PepperError> {
    let passwords = &settings.passwords;
    Peppers::read(passwords.pepper_file.as_deref(), &passwords.previous_pepper_files)
}

/// Writes down what new hashes cost and which pepper they have, so that later settings know of them.
async fn note_password_hashes(store: &Store, passwords: &PasswordHasher, now: UnixTime) -> Result<(), StoreError> {
    let cost = stored_cost(passwords.present_cost());
    let pepper = passwords.peppers().present_name();
    let mut reader = store.reader().await?;
    let costs = password_costs::all(&mut reader).await?;
    let peppers = password_peppers::all(&mut reader).await?;
    drop(reader);
    let cost_is_known = costs.iter().any(|known| known.kind == cost.kind && known.work >= cost.work);
    if cost_is_known && pepper.as_ref().is_none_or(|pepper| peppers.contains(pepper)) {
        return Ok(());
    }
    let mut tx = store.write().await?;
    password_costs::note(&mut tx, &cost).await?;
    if let Some(pepper) = pepper {
        password_peppers::note(&mut tx, &pepper, now).await?;
    }
    tx.commit().await
}

/// As it is written down.
pub fn stored_cost(cost: HashCost) -> password_costs::Cost {
    let work = i64::try_from(cost.work).unwrap_or(i64::MAX);
    password_costs::Cost { kind: cost.kind.to_owned(), work, sample: cost.sample }
}

/// The passwords that are refused as too common, by the settings.
pub fn common_passwords(settings: &Settings) -> Result<CommonPasswords, StartError> {
    let passwords = &settings.passwords;
    let Some(file) = &passwords.blocklist_file else { return Ok(CommonPasswords::shipped()) };
    let text = text_file::read(file).map_err(|reason| StartError::Blocklist { file: file.clone(), reason })?;
    Ok(CommonPasswords::with_own(&text, passwords.refuse_common))
}

/// How mail leaves, by the settings.
pub fn transport(settings: &Settings) -> Result<Transport, TransportError> {
    let mail = &settings.mail;
    let route = match mail.transport {
        MailTransport::Folder => Route::Folder(mail.folder.clone()),
        MailTransport::Smtp => Route::Smtp(Server {
            host: mail.smtp.host.clone(),
            port: mail.smtp.port,
            security: match mail.smtp.security {
                SmtpSecurity::Starttls => Security::Starttls,
                SmtpSecurity::Tls => Security::Tls,
                SmtpSecurity::None => Security::None,
            },
            ca_file: mail.smtp.ca_file.clone(),
            account: mail.smtp.user_name.clone().zip(mail.smtp.password_file.clone()),
            timeout: mail.smtp.timeout.as_duration(),
        }),
    };
    let host = settings.issuer.host_str().unwrap_or("localhost");
    let senders = Senders { no_reply: &mail.no_reply, info: &mail.info, webmaster: &mail.webmaster };
    Transport::new(route, &senders, host)
}

fn passkeys(settings: &Settings) -> Option<Passkeys> {
    if !settings.authentication.methods.contains(&Method::Passkey) {
        return None;
    }
    let passkeys = Passkeys::new(&settings.issuer);
    if passkeys.is_none() {
        tracing::warn!(issuer = %settings.issuer, "no passkeys at an IP address: give the issuer a host name");
    }
    passkeys
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// The signing keys as last read.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the signing keys again: another node or the command line may have changed them.
    pub async fn reload_keys(&self) -> Result<(), StartError> {
        let keys = read_keys(&self.store, &self.at_rest).await?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(())
    }

    /// The value of the hidden form field that shows a form to be ours, for this browser.
    pub fn csrf(&self, browser_token: &str) -> String {
        opaque_token::keyed_digest(&self.csrf_key, &[browser_token.as_bytes()])
    }

    /// The value of the hidden form field that says whose account a form of this browser changes.
    pub fn form_owner(&self, browser_token: &str, member: &MemberId) -> String {
        opaque_token::keyed_digest(&self.csrf_key, &[browser_token.as_bytes(), member.as_str().as_bytes()])
    }

    /// What is stored of a short code: nobody can guess it from that without the key. `owner` is whose or where it is.
    pub fn code_digest(&self, owner: &str, code: &str) -> String {
        opaque_token::keyed_digest(&self.one_time_password_key, &[owner.as_bytes(), code.as_bytes()])
    }

    /// The name of an account in the table of failures, whether or not it exists.
    pub fn account_key(&self, key: &UserIdKey) -> String {
        opaque_token::keyed_digest(&self.account_key, &[key.as_str().as_bytes()])
    }
}
