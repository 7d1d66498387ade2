//! `sekisho client`: relying parties.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::output::{table, time};
use super::{Failure, Output, actor, client_metadata};
use crate::actions::protocol::change_client::{
    NoticesLet, Registration, ScopesChanged, change_scopes, let_send_notices,
};
use crate::actions::protocol::register_client::{NewClient, add_client, make_initial_access_token};
use crate::actions::protocol::remove_client::remove_client;
use crate::actions::protocol::rotate_client_secret::rotate_client_secret;
use crate::app::App;
use crate::domain::ids::ClientId;
use crate::domain::member::authentication_method::SecondFactor;
use crate::domain::protocol::client::{AuthenticationMethod, Client, GrantType, PkcePolicy, Terms};
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::Span;
use crate::store::protocol::clients::{self, StoredClient};
use crate::text_file;

#[derive(Subcommand)]
pub(super) enum ClientCommand {
    /// Registers a client and shows its secret, this once
    Add(Add),
    /// Lists all clients
    List,
    /// Shows one client
    Show {
        #[arg(value_name = "CLIENT_ID")]
        id: String,
    },
    /// Changes what a client may do
    Update {
        #[arg(value_name = "CLIENT_ID")]
        id: String,
        /// Whether it may send notices to members, from the address in mail.info
        #[arg(long, value_enum, value_name = "ON_OR_OFF", required_unless_present = "scope")]
        member_notices: Option<Switch>,
        /// The scopes that it may ask for from now on, those of resource servers too; may be repeated
        #[arg(long, conflicts_with = "member_notices")]
        scope: Vec<String>,
    },
    /// Removes a client; every consent, code and token that it holds ends
    Remove {
        #[arg(value_name = "CLIENT_ID")]
        id: String,
    },
    /// Gives a client a new secret and shows it, this once
    RotateSecret {
        #[arg(value_name = "CLIENT_ID")]
        id: String,
        /// How long the old secret is taken beside the new one (0s: it leaked)
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = span)]
        overlap: Span,
    },
    /// Makes a token with which one client may register itself at /register, and shows it, this once
    InitialAccessToken {
        /// How long it may be used
        #[arg(long, value_name = "TIME", default_value = "1d", value_parser = span)]
        lifetime: Span,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// The client's ID [default: a random one]
    #[arg(long, value_parser = client_id)]
    id: Option<String>,
    /// The name that members see when they are asked for consent
    #[arg(long, required_unless_present = "metadata")]
    name: Option<String>,
    /// The same in Japanese
    #[arg(long)]
    name_ja: Option<String>,
    /// Where answers go after a login; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where browsers may return to after a logout; may be repeated
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// What kind of application it is: stands for a grant type and an authentication method
    #[arg(long = "type", value_enum, default_value_t = Kind::Web)]
    kind: Kind,
    /// Instead of those of the type; may be repeated
    #[arg(long, value_parser = PossibleValuesParser::new(GrantType::ALL.map(GrantType::name)))]
    grant_type: Vec<String>,
    /// Instead of the one of the type
    #[arg(long, value_parser = PossibleValuesParser::new(AuthenticationMethod::ALL.map(AuthenticationMethod::name)))]
    auth_method: Option<String>,
    /// The scopes that it may ask for, those of resource servers too; may be repeated [default: all but theirs]
    #[arg(long)]
    scope: Vec<String>,
    /// What it must send against stolen codes; public clients always need PKCE
    #[arg(long, value_enum, default_value_t = Pkce::Required)]
    pkce: Pkce,
    /// It is run by the society itself: members are not asked for consent
    #[arg(long)]
    first_party: bool,
    /// Whether its members show a second factor, in place of the rule in the settings
    #[arg(long, value_enum)]
    second_factor: Option<SecondFactorRule>,
    /// It may send notices to members, from the address in mail.info
    #[arg(long)]
    member_notices: bool,
    /// A file of client metadata (RFC 7591, section 2) in place of the options for them
    #[arg(long, value_name = "FILE.json", conflicts_with_all =
        ["name", "name_ja", "redirect_uri", "post_logout_redirect_uri", "kind", "grant_type", "auth_method", "scope"])]
    metadata: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Runs on a server and keeps a secret
    Web,
    /// Runs in the browser's page: no secret, PKCE
    Spa,
    /// Runs on a member's phone or computer: no secret, PKCE, refresh tokens
    Native,
    /// Acts for itself, without members
    Machine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SecondFactorRule {
    /// Every member; who has none yet enrols one
    Required,
    /// Members who have enrolled one
    Optional,
    /// Nobody
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

impl From<SecondFactorRule> for SecondFactor {
    fn from(rule: SecondFactorRule) -> Self {
        match rule {
            SecondFactorRule::Required => SecondFactor::Required,
            SecondFactorRule::Optional => SecondFactor::Optional,
            SecondFactorRule::Off => SecondFactor::Off,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Pkce {
    /// PKCE with S256
    Required,
    /// PKCE or a nonce, for libraries that know no PKCE
    OrNonce,
    /// Neither: for conformance tests only
    Optional,
}

impl From<Pkce> for PkcePolicy {
    fn from(pkce: Pkce) -> Self {
        match pkce {
            Pkce::Required => PkcePolicy::Required,
            Pkce::OrNonce => PkcePolicy::OrNonce,
            Pkce::Optional => PkcePolicy::Optional,
        }
    }
}

fn span(text: &str) -> Result<Span, &'static str> {
    Span::parse(text).ok_or("write a whole number and its unit, such as 45s, 10m, 12h or 30d")
}

/// Letters that need no encoding wherever a client ID travels.
fn client_id(text: &str) -> Result<String, &'static str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a client ID has 1 to 64 letters, digits and - . _ ~")
    }
}

impl ClientCommand {
    pub async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        match self {
            ClientCommand::Add(add) => add.run(app, out).await,
            ClientCommand::List => list(app, out).await,
            ClientCommand::Show { id } => {
                let stored = clients::by_id(&mut app.store.reader().await?, &id).await?.ok_or_else(|| unknown(&id))?;
                out.answer(in_words(&stored), &Value::Object(stored_as_json(&stored)))
            }
            ClientCommand::Update { id, member_notices: Some(switch), .. } => let_notify(app, &id, switch, out).await,
            ClientCommand::Update { id, scope, .. } => set_scopes(app, &id, &scope.join(" "), out).await,
            ClientCommand::Remove { id } => {
                if !remove_client(app, &actor(), &ClientId(id.clone())).await? {
                    return Err(unknown(&id));
                }
                out.answer(
                    format!("{id} is removed; its consents, codes and tokens have ended."),
                    &json!({ "removed": id }),
                )
            }
            ClientCommand::RotateSecret { id, overlap } => {
                let rotated = rotate_client_secret(app, &actor(), &ClientId(id.clone()), overlap).await?;
                let secret = rotated.ok_or_else(|| {
                    Failure::refused(format!(
                        "there is no client \"{id}\" with a secret. `sekisho client list` shows all"
                    ))
                })?;
                let old = match overlap {
                    Span::ZERO => "The old one is refused from now on.".to_owned(),
                    overlap => format!("The old one is taken for {overlap} more."),
                };
                let text = format!("client_id      {id}\nclient_secret  {}\n\n{old} {SHOWN_ONCE}", secret.expose());
                let old_until = app.now() + overlap;
                out.answer(
                    text,
                    &json!({ "client_id": id, "client_secret": secret.expose(), "previous_secret_until": old_until }),
                )
            }
            ClientCommand::InitialAccessToken { lifetime } => {
                let token = make_initial_access_token(app, &actor(), lifetime).await?;
                let text = format!("{}\n\nIt registers one client within {lifetime}. {SHOWN_ONCE}", token.expose());
                let expires_at = app.now() + lifetime;
                out.answer(text, &json!({ "initial_access_token": token.expose(), "expires_at": expires_at }))
            }
        }
    }
}

const SHOWN_ONCE: &str = "It is not shown again.";

fn unknown(id: &str) -> Failure {
    Failure::refused(format!("there is no client \"{}\". `sekisho client list` shows all", id.escape_debug()))
}

impl Add {
    async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        let metadata = match &self.metadata {
            Some(file) => read_metadata(file)?,
            None => self.as_metadata(),
        };
        let is_public = metadata.get("token_endpoint_auth_method").and_then(Value::as_str) == Some("none");
        if is_public && self.pkce != Pkce::Required {
            return Err(Failure::refused(
                "a client without a secret always needs PKCE (RFC 9700, section 2.1.1): leave --pkce out, or register it with a \
                 secret (--type web)",
            ));
        }
        let second_factor = self.second_factor.map(SecondFactor::from);
        let terms = Terms { pkce: self.pkce.into(), first_party: self.first_party, second_factor };
        let new = NewClient { id: self.id.map(ClientId), metadata, terms, may_notify: self.member_notices };
        let Registration { client, secret, .. } = add_client(app, &actor(), new).await?;
        let mut json = as_json(&client);
        json.insert("member_notices".into(), json!(self.member_notices));
        let mut text = format!("client_id      {}\n", client.id);
        if let Some(secret) = &secret {
            json.insert("client_secret".into(), json!(secret.expose()));
            text.push_str(&format!(
                "client_secret  {}\n\n{SHOWN_ONCE} Give it to the client's operator.",
                secret.expose()
            ));
        }
        out.answer(text, &Value::Object(json))
    }

    /// The options as client metadata (RFC 7591, 2).
    fn as_metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        let (application_type, grant_types, auth_method): (_, &[GrantType], _) = match self.kind {
            Kind::Web => ("web", &[GrantType::AuthorizationCode], AuthenticationMethod::ClientSecretBasic),
            Kind::Spa => ("web", &[GrantType::AuthorizationCode], AuthenticationMethod::None),
            Kind::Native => {
                ("native", &[GrantType::AuthorizationCode, GrantType::RefreshToken], AuthenticationMethod::None)
            }
            Kind::Machine => ("web", &[GrantType::ClientCredentials], AuthenticationMethod::ClientSecretBasic),
        };
        let mut put = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
        put("application_type", json!(application_type));
        put("grant_types", if self.grant_type.is_empty() { json!(grant_types) } else { json!(self.grant_type) });
        put("token_endpoint_auth_method", json!(self.auth_method.as_deref().unwrap_or(auth_method.name())));
        put("redirect_uris", json!(self.redirect_uri));
        put("post_logout_redirect_uris", json!(self.post_logout_redirect_uri));
        put("client_name", json!(self.name));
        put("client_name#ja", json!(self.name_ja));
        if !self.scope.is_empty() {
            put("scope", json!(self.scope.join(" ")));
        }
        metadata
    }
}

fn read_metadata(file: &Path) -> Result<Map<String, Value>, Failure> {
    let text = text_file::read(file)
        .map_err(|reason| Failure::refused(format!("the metadata file {} can't be read: {reason}", file.display())))?;
    let metadata: Map<String, Value> = serde_json::from_str(&text).map_err(|mistake| {
        let file = file.display();
        Failure::refused(format!(
            "the metadata file {file} is not an object in JSON: {mistake}. See RFC 7591, section 2"
        ))
    })?;
    client_metadata::refuse_unknown(file, &metadata)?;
    Ok(metadata)
}

async fn all(app: &App) -> Result<Vec<StoredClient>, Failure> {
    const AT_ONCE: u32 = 500;
    let mut reader = app.store.reader().await?;
    let mut all: Vec<StoredClient> = Vec::new();
    loop {
        let after = all.last().map_or_else(String::new, |stored| stored.client.id.as_str().to_owned());
        let more = clients::list(&mut reader, &after, AT_ONCE).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

async fn list(app: &App, out: Output) -> Result<(), Failure> {
    let all = all(app).await?;
    let json: Vec<Value> = all.iter().map(|stored| Value::Object(stored_as_json(stored))).collect();
    let rows: Vec<_> = all
        .iter()
        .map(|StoredClient { client, created_at, .. }| {
            let (id, method) = (client.id.to_string(), client.authentication.name().to_owned());
            // The name comes last: wide letters would push what follows out of its column.
            [id, method, yes_or_no(client.first_party), time(*created_at), client.name("").to_owned()]
        })
        .collect();
    let text = if rows.is_empty() {
        "No client is registered. `sekisho client add` registers one.".to_owned()
    } else {
        table(["CLIENT", "AUTHENTICATION", "FIRST PARTY", "REGISTERED", "NAME"], &rows)
    };
    out.answer(text, &json!(json))
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// The client's metadata, and the terms that it was registered on.
fn as_json(client: &Client) -> Map<String, Value> {
    let mut json = client.to_metadata();
    json.insert("pkce".into(), json!(client.pkce));
    json.insert("first_party".into(), json!(client.first_party));
    if let Some(rule) = client.second_factor {
        json.insert("second_factor".into(), json!(rule));
    }
    json
}

/// The same, and what staff let it do since.
fn stored_as_json(stored: &StoredClient) -> Map<String, Value> {
    let mut json = as_json(&stored.client);
    json.insert("member_notices".into(), json!(stored.may_notify));
    json
}

async fn set_scopes(app: &App, id: &str, scope: &str, out: Output) -> Result<(), Failure> {
    let scopes = Scopes::parse(scope).map_err(|error| Failure::refused(error.description))?;
    match change_scopes(app, &actor(), &ClientId(id.to_owned()), scopes.clone()).await? {
        ScopesChanged::NoSuchClient => Err(unknown(id)),
        ScopesChanged::RegisteredItself => Err(Failure::refused(format!(
            "{id} has registered itself, and says itself what it asks for. Register it with `sekisho client add`"
        ))),
        ScopesChanged::Unknown { known } => Err(Failure::refused(format!("scope: must be made of: {known}"))),
        ScopesChanged::Done => {
            let text = format!("{id} may ask for: {scopes}. What it was granted beyond that is not refreshed.");
            out.answer(text, &json!({ "client_id": id, "scope": scopes.to_string() }))
        }
    }
}

async fn let_notify(app: &App, id: &str, member_notices: Switch, out: Output) -> Result<(), Failure> {
    let on = member_notices == Switch::On;
    let text = match let_send_notices(app, &actor(), &ClientId(id.to_owned()), on).await? {
        NoticesLet::NoSuchClient => return Err(unknown(id)),
        NoticesLet::RegisteredItself => {
            return Err(Failure::refused(format!(
                "{id} has registered itself: it could change its redirect URIs, and with them where its notices lead. \
                 Register it with `sekisho client add`"
            )));
        }
        NoticesLet::Done { .. } if !on => {
            format!("{id} may send no more notices to members; those that wait are still mailed.")
        }
        NoticesLet::Done { gets_tokens: true } => {
            format!("{id} may send notices to members, with an access token of its own and the scope member_notices.")
        }
        NoticesLet::Done { gets_tokens: false } => format!(
            "{id} may send notices to members, but has no grant type client_credentials, with which it would get the access \
             token: register it with that."
        ),
    };
    out.answer(text, &json!({ "client_id": id, "member_notices": on }))
}

/// One line a property; those with several values have a line for each.
fn in_words(stored: &StoredClient) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("{name:<30}{value}\n"));
    };
    for (name, value) in &stored_as_json(stored) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| line(name, item)),
            value => line(name, value),
        }
    }
    line("registered", &json!(time(stored.created_at)));
    if stored.registration_token_digest.is_some() {
        line("registered by", &json!("itself"));
    }
    if let Some((_, until)) = &stored.previous_secret {
        line("previous secret taken until", &json!(time(*until)));
    }
    text
}
