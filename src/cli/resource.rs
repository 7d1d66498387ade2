//! `sekisho resource`: the interfaces that access tokens are for.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{table, time};
use super::{Failure, Output, actor};
use crate::actions::protocol::resource_servers::{ResourceAdded, add_resource, remove_resource};
use crate::app::App;
use crate::domain::ids::ClientId;
use crate::domain::protocol::resource_server::ResourceServer;
use crate::domain::protocol::scope::Scopes;
use crate::store::protocol::resource_servers;

#[derive(Subcommand)]
pub(super) enum ResourceCommand {
    /// Registers a resource server: an API that takes access tokens of this provider
    Add(Add),
    /// Lists all resource servers
    List,
    /// Removes a resource server, and its scopes from every client and consent
    Remove {
        #[arg(value_name = "IDENTIFIER")]
        identifier: String,
    },
}

#[derive(Args)]
pub(super) struct Add {
    /// Its identifier, a URI: `resource` in requests (RFC 8707), and `aud` in its tokens
    #[arg(value_name = "IDENTIFIER")]
    identifier: String,
    /// What staff call it [default: the identifier]
    #[arg(long)]
    name: Option<String>,
    /// A scope of its own, which no other has; may be repeated
    #[arg(long, required = true)]
    scope: Vec<String>,
    /// The client with whose credentials it asks /introspect about its tokens; without, it checks their signature itself
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
}

impl ResourceCommand {
    pub async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        match self {
            ResourceCommand::Add(add) => add.run(app, out).await,
            ResourceCommand::List => list(app, out).await,
            ResourceCommand::Remove { identifier } => {
                if !remove_resource(app, &actor(), &identifier).await? {
                    return Err(Failure::refused(format!(
                        "there is no resource server \"{}\". `sekisho resource list` shows all",
                        identifier.escape_debug()
                    )));
                }
                out.answer(
                    format!("{identifier} is removed; no client and no consent has its scopes any more."),
                    &json!({ "removed": identifier }),
                )
            }
        }
    }
}

impl Add {
    async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        let scopes: Vec<&str> =
            self.scope.iter().flat_map(|scope| scope.split(' ')).filter(|s| !s.is_empty()).collect();
        let server = ResourceServer {
            name: self.name.unwrap_or_else(|| self.identifier.clone()),
            identifier: self.identifier,
            scopes: Scopes::of(&scopes),
            client: self.client.map(ClientId),
            created_at: app.now(),
        };
        match add_resource(app, &actor(), server.clone()).await? {
            ResourceAdded::Done => {}
            ResourceAdded::Wrong(problem) => return Err(Failure::refused(problem.to_string())),
            ResourceAdded::Exists(what) => {
                return Err(Failure::refused(format!(
                    "this {what} is registered already; each scope belongs to one resource server. `sekisho resource list` \
                     shows all"
                )));
            }
            ResourceAdded::NoSuchClient => {
                return Err(Failure::refused(
                    "there is no such client with a secret. `sekisho client add --type machine` makes one",
                ));
            }
        }
        let text = format!(
            "{} is registered. Clients get tokens for it that are registered with one of its scopes: `sekisho client add --scope \
             {}`.",
            server.identifier, server.scopes
        );
        out.answer(text, &as_json(&server))
    }
}

async fn list(app: &App, out: Output) -> Result<(), Failure> {
    let all = resource_servers::all(&mut app.store.reader().await?).await?;
    let rows: Vec<_> = all
        .iter()
        .map(|server| {
            let client = server.client.as_ref().map_or("-", ClientId::as_str).to_owned();
            let scopes = server.scopes.to_string();
            [server.identifier.clone(), scopes, client, time(server.created_at), server.name.clone()]
        })
        .collect();
    let text = if rows.is_empty() {
        "No resource server is registered. `sekisho resource add` registers one.".to_owned()
    } else {
        table(["RESOURCE", "SCOPES", "INTROSPECTED BY", "REGISTERED", "NAME"], &rows)
    };
    out.answer(text, &Value::Array(all.iter().map(as_json).collect()))
}

fn as_json(server: &ResourceServer) -> Value {
    json!({
        "resource": server.identifier,
        "name": server.name,
        "scopes": server.scopes.iter().collect::<Vec<_>>(),
        "client_id": server.client,
        "created_at": server.created_at,
    })
}
