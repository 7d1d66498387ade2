//! `sekisho demo`: a provider for trying out, on this machine alone. Its members and clients (`config/demo.toml`) get their
//! known passwords back at every start.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::Failure;
use super::serve::{HangUp, until_stopped};
use crate::actions::member::issue_password::issue_password;
use crate::actions::member::lift_locks::lift_locks;
use crate::actions::member::members::{self, NewMember};
use crate::actions::member::set_methods::{DemoMethods, set_methods_of_demo};
use crate::actions::protocol::authenticate_client::is_secret_of;
use crate::actions::protocol::register_client::{KnownClient, replace_clients};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Registration, RegistrationMode, SecondFactor, Settings, Society};
use crate::domain::actor::Actor;
use crate::domain::ids::ClientId;
use crate::domain::login::one_time_password::{TotpKey, step_at};
use crate::domain::member::profile::{Profile, Role};
use crate::domain::protocol::client::{PkcePolicy, Terms};
use crate::domain::secret::Secret;
use crate::store;
use crate::store::protocol::clients;
use crate::telemetry;
use crate::web::serve::listen;

#[derive(Args)]
pub(super) struct Demo {
    /// The port to listen on, at http://localhost (0: any that is free)
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The port that the example portal listens on
    #[arg(long, default_value_t = 8090)]
    portal_port: u16,
    /// The folder for the database and the keys
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// Say the code that the administrator's authenticator app shows now, and end
    #[arg(long)]
    code: bool,
    /// A PostgreSQL database in place of the SQLite file in the folder; it must be empty or a demo's
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Where the client `public` is taken to be.
const PUBLIC_CLIENT: &str = "http://localhost:8091";

/// `config/demo.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    society: Society,
    members: Vec<DemoMember>,
    clients: Vec<DemoClient>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoMember {
    user_id: String,
    password: String,
    #[serde(default)]
    initial: bool,
    #[serde(default = "member")]
    role: Role,
    /// For the list that is printed.
    what: String,
    /// Whether codes by e-mail are the second factor.
    #[serde(default)]
    email_codes: bool,
    /// The key of an authenticator app, in base32.
    app_key: Option<String>,
    name: String,
    email: String,
    phone_number: Option<String>,
    #[serde(default)]
    profile: Profile,
}

fn member() -> Role {
    Role::Member
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoClient {
    id: ClientId,
    secret: Option<String>,
    #[serde(default)]
    first_party: bool,
    metadata: Map<String, Value>,
}

impl Data {
    fn read(portal: &str) -> Result<Data, Failure> {
        let text =
            include_str!("../../config/demo.toml").replace("{portal}", portal).replace("{public}", PUBLIC_CLIENT);
        toml::from_str(&text).map_err(|mistake| Failure::refused(format!("config/demo.toml: {mistake}")))
    }

    /// Who has an authenticator app, and its key.
    fn app(&self) -> Option<(&DemoMember, TotpKey)> {
        self.members.iter().find_map(|member| Some((member, member.app()?)))
    }
}

impl Demo {
    pub async fn run(self) -> Result<(), Failure> {
        let data = Data::read(&format!("http://localhost:{}", self.portal_port))?;
        if self.code {
            let (_, key) = data.app().ok_or_else(|| Failure::refused("nobody in the demo has an authenticator app"))?;
            return super::output::print(key.code_at(step_at(Clock::System.now())).expose());
        }
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        let settings = self.settings(listener.local_addr()?, data.society.clone())?;
        telemetry::start(&settings.log.filter, settings.log.format.into());
        let app = App::start(settings, Clock::System).await?;
        if !is_in(&app).await? && !is_empty(&app).await? {
            return Err(Failure::refused(format!(
                "{} holds something else than a demo, whose passwords everyone would know. Name another folder with --data, \
                 or an empty database with --database",
                app.settings.database.masked_url()
            )));
        }
        reset(&app, &data).await?;
        let banner = self.banner(&app, &data);
        until_stopped(app, listener, HangUp::Stops, || super::output::print(&banner)).await
    }

    fn settings(&self, listen: SocketAddr, society: Society) -> Result<Settings, Failure> {
        let mut settings = Settings { demo: true, society, ..Settings::default() };
        settings.authentication.second_factor = SecondFactor::Optional;
        let issuer = format!("http://localhost:{}", listen.port());
        settings.issuer = Url::parse(&issuer).map_err(|mistake| Failure::refused(format!("{issuer}: {mistake}")))?;
        settings.http.listen = listen;
        let file = format!("sqlite:{}", self.data.join("sekisho.db").display());
        settings.database.url = self.database.clone().unwrap_or(file);
        settings.secrets.master_key_file = self.data.join("master.key");
        settings.mail.folder = self.data.join("mail");
        settings.registration =
            Registration { mode: RegistrationMode::Open, pkce: PkcePolicy::Optional, ..Registration::default() };
        Ok(settings.checked()?)
    }

    /// What to open, and with which credentials.
    fn banner(&self, app: &App, data: &Data) -> String {
        let issuer = app.settings.issuer();
        let mut text = format!(
            "\nSekisho's demo is ready. Everyone knows its passwords: never let it serve real members.\n\n  \
             provider   {issuer}\n  profile    {issuer}/account/profile\n  mails      {issuer}/mail\n  discovery  {issuer}/.well-known/openid-configuration\n"
        );
        text.push_str("\nMembers (user ID, password):\n");
        for DemoMember { user_id, password, what, .. } in &data.members {
            text.push_str(&format!("  {user_id:<9}  {password:<15}  {what}\n"));
        }
        text.push_str(&format!("\nTaro's code by mail is on {issuer}/mail.\n"));
        if let Some((member, key)) = data.app() {
            let (id, uri) = (&member.user_id, key.uri("Sekisho demo", &member.user_id));
            text.push_str(&format!(
                "The app of {id} is one that you set up: type the key into any authenticator app, or make a QR code of the \
                 address.\n  key      {}\n  address  {uri}\nWithout an app, `make code` in another terminal says the \
                 present code (also: sekisho demo --code).\n",
                key.for_typing()
            ));
        }
        text.push_str("\nClients (client ID, secret, redirect URI):\n");
        for DemoClient { id, secret, metadata, .. } in &data.clients {
            let redirect = metadata.get("redirect_uris").and_then(|uris| uris.get(0)).and_then(Value::as_str);
            let (id, secret) = (id.as_str(), secret.as_deref().unwrap_or("none (PKCE)"));
            text.push_str(&format!("  {id:<9}  {secret:<20}  {}\n", redirect.unwrap_or_default()));
        }
        text.push_str(&format!(
            "\nThe example portal:  PORTAL_ISSUER={issuer} PORTAL_PORT={port} cargo run --example portal\n  \
             then open  http://localhost:{port}\n\nCtrl-C stops the demo.\n",
            port = self.portal_port
        ));
        text
    }
}

/// Whether this database is a demo's: it has the demo's portal with the secret that everyone knows.
pub(super) async fn is_in(app: &App) -> Result<bool, Failure> {
    let data = Data::read("")?;
    let mut reader = app.store.reader().await?;
    for client in data.clients {
        let Some(secret) = client.secret else { continue };
        let stored = clients::by_id(&mut reader, client.id.as_str()).await?;
        if stored.is_some_and(|stored| is_secret_of(&stored, &secret, app.now())) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_empty(app: &App) -> Result<bool, Failure> {
    let mut reader = app.store.reader().await?;
    Ok(!store::member::members::any(&mut reader).await? && clients::list(&mut reader, "", 1).await?.is_empty())
}

/// Clients as they stand in the data, members with their passwords and methods, without locks and sessions.
async fn reset(app: &App, data: &Data) -> Result<(), Failure> {
    // All at once and before the members: from then on the database is known as a demo's.
    let known = data.clients.iter().map(|DemoClient { id, secret, first_party, metadata }| KnownClient {
        id: id.clone(),
        metadata: metadata.clone(),
        terms: Terms { pkce: PkcePolicy::Required, first_party: *first_party, second_factor: None },
        secret: secret.clone().map(Secret::new),
    });
    replace_clients(app, &Actor::Job, known.collect()).await?;
    for demo in &data.members {
        let member = match members::find(app, &demo.user_id).await? {
            Some(member) => {
                issue_password(app, &Actor::Job, &member.id, &demo.password, demo.initial).await?;
                lift_locks(app, &Actor::Job, &member.id).await?;
                member
            }
            None => members::add(app, demo.as_new(), &demo.password, demo.initial).await?,
        };
        let methods = DemoMethods { email: demo.email_codes, app: demo.app().map(|key| (key, "Demo".to_owned())) };
        set_methods_of_demo(app, &member.id, methods).await?;
    }
    Ok(())
}

impl DemoMember {
    fn app(&self) -> Option<TotpKey> {
        self.app_key.as_deref().and_then(TotpKey::of_base32)
    }

    fn as_new(&self) -> NewMember {
        NewMember {
            user_id: self.user_id.clone(),
            role: self.role,
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            email_verified: true,
            phone_number: self.phone_number.clone(),
            phone_number_verified: true,
            profile: self.profile.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::protocol::client::Client;

    #[test]
    fn the_data_of_the_demo_can_be_registered_as_they_stand() {
        let data = Data::read("http://localhost:8090").unwrap_or_else(|failure| panic!("{failure}"));
        for DemoClient { id, first_party, metadata, .. } in data.clients {
            let terms = Terms { pkce: PkcePolicy::Required, first_party, second_factor: None };
            Client::checked(id, &metadata, terms).unwrap();
        }
        let ids: Vec<_> = data.members.iter().map(|member| member.user_id.as_str()).collect();
        assert_eq!(ids, ["hanako", "taro", "admin"]);
        assert_eq!(data.members.iter().filter(|member| member.app_key.is_some()).count(), 1);
        assert!(data.members.iter().all(|member| member.app_key.is_some() == member.app().is_some()));
    }

    #[test]
    fn the_readme_names_every_member_as_the_demo_has_them() {
        const README: &str = include_str!("../../README.md");
        let data = Data::read("").unwrap_or_else(|failure| panic!("{failure}"));
        for member in &data.members {
            let line = format!("| `{}` | `{}` | {} |", member.user_id, member.password, member.what);
            assert!(README.contains(&line), "README.md lacks: {line}");
        }
        let (_, key) = data.app().unwrap();
        assert!(README.contains(&key.for_typing()), "README.md lacks the key {}", key.for_typing());
    }

    #[test]
    fn one_member_of_the_demo_has_every_standard_claim() {
        let data = Data::read("").unwrap_or_else(|failure| panic!("{failure}"));
        let hanako = data.members.iter().find(|member| member.user_id == "hanako").unwrap();
        let profile = serde_json::to_value(&hanako.profile).unwrap();
        assert_eq!(profile.as_object().unwrap().len(), 12, "{profile}");
        assert_eq!(profile["address"].as_object().unwrap().len(), 6, "{profile}");
        assert!(hanako.phone_number.is_some());
    }
}
