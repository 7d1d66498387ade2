//! What is asked of a server, and how often it can be done for each second of CPU time that the server's process takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::{COOKIE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use futures::future::try_join_all;
use reqwest::Client;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Barrier, OnceCell};
use url::Url;

use crate::browser::{self, Browser};
use crate::server::Server;
use crate::society::{Credentials, PASSWORD, REDIRECT_URI, Society};
use crate::{Result, process};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Journey {
    /// A bare answer: the yardstick.
    Hello,
    /// What a client reads first.
    Discovery,
    /// A token for a client that acts for itself: one request.
    ClientCredentials,
    /// `/authorize` in a live session, then the code for an access token and an ID token: two requests.
    Code,
    /// A refresh token for the next one, an access token and an ID token: one request.
    Refresh,
    Userinfo,
    Introspection,
    /// A browser that was never here: `/authorize`, the login page, user ID and password, the page that leaves, then the
    /// code for tokens: five requests.
    Login,
    /// An answer of the help, as a portal's menu asks for it.
    HelpAnswer,
    /// The same for a portal that has it already: unchanged (304).
    HelpUnchanged,
    /// All answers of the help.
    HelpQuestions,
    HelpSearch,
}

impl Journey {
    pub const ALL: [Journey; 12] = [
        Journey::Hello,
        Journey::Discovery,
        Journey::ClientCredentials,
        Journey::Code,
        Journey::Refresh,
        Journey::Userinfo,
        Journey::Introspection,
        Journey::Login,
        Journey::HelpAnswer,
        Journey::HelpUnchanged,
        Journey::HelpQuestions,
        Journey::HelpSearch,
    ];

    /// What the peer can be asked for as well.
    pub const SHARED: [Journey; 7] = [
        Journey::Discovery,
        Journey::ClientCredentials,
        Journey::Code,
        Journey::Refresh,
        Journey::Userinfo,
        Journey::Introspection,
        Journey::Login,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Journey::Hello => "bare HTTP hello",
            Journey::Discovery => "discovery",
            Journey::ClientCredentials => "client-credentials token",
            Journey::Code => "authorization code flow in a live session",
            Journey::Refresh => "refresh, rotated",
            Journey::Userinfo => "userinfo",
            Journey::Introspection => "introspection",
            Journey::Login => "password login, whole flow",
            Journey::HelpAnswer => "help: one answer",
            Journey::HelpUnchanged => "help: one answer that has not changed",
            Journey::HelpQuestions => "help: all answers",
            Journey::HelpSearch => "help: search",
        }
    }

    /// Goes the journey once. `number` chooses whose it is; `tokens` are those of this connection.
    async fn once(
        self,
        connection: &Client,
        address: &str,
        society: &Society,
        number: usize,
        tokens: &mut Tokens,
    ) -> Result<()> {
        match self {
            Journey::Discovery => {
                let request = connection.get(format!("{address}/.well-known/openid-configuration"));
                browser::ok(request.send().await?).await.map(drop)
            }
            Journey::Refresh => {
                if tokens.refresh_token.is_empty() {
                    let (client, scope) = (&society.lasting, society.paths.lasting_scope);
                    *tokens = code_flow(connection, address, society, number, (client, scope, true)).await?;
                }
                let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh_token)];
                fields.extend(society.paths.jwt);
                *tokens = token(connection, address, society, &society.lasting, &fields).await?;
                Ok(())
            }
            Journey::Userinfo => {
                if tokens.access_token.is_empty() {
                    *tokens = code_flow(connection, address, society, number, (&society.portal, BRIEF, false)).await?;
                }
                let request = connection.get(format!("{address}{}", society.paths.userinfo));
                browser::ok(request.bearer_auth(&tokens.access_token).send().await?).await.map(drop)
            }
            Journey::Introspection => {
                if tokens.access_token.is_empty() {
                    *tokens = code_flow(connection, address, society, number, (&society.portal, BRIEF, false)).await?;
                }
                let request = connection.post(format!("{address}{}", society.paths.introspection));
                let request = request.basic_auth(&society.portal.id, Some(&society.portal.secret));
                let answer = browser::ok(request.form(&[("token", &tokens.access_token)]).send().await?).await?;
                if answer.contains(r#""active":true"#) { Ok(()) } else { Err(answer.into()) }
            }
            Journey::Hello => browser::ok(connection.get(address).send().await?).await.map(drop),
            Journey::ClientCredentials => {
                let mut fields = vec![("grant_type", "client_credentials")];
                fields.extend(society.paths.jwt);
                token(connection, address, society, &society.machine, &fields).await.map(drop)
            }
            Journey::Code => {
                code_flow(connection, address, society, number, (&society.portal, BRIEF, true)).await.map(drop)
            }
            Journey::Login if society.paths.jwt.is_empty() => {
                let mut browser = Browser::default();
                let what = (&society.portal, BRIEF, true);
                let page = browser.redirected(authorize(connection, address, society, what)).await?;
                let page = browser.send(connection.get(format!("{address}{page}"))).await?;
                let page = browser::ok(page).await?;
                let (flow, csrf) = (browser::hidden(&page, "flow")?, browser::hidden(&page, "csrf")?);
                let fields = [
                    ("flow", flow.as_str()),
                    ("csrf", csrf.as_str()),
                    ("user_id", chosen(&society.members, number)?.as_str()),
                    ("password", PASSWORD),
                ];
                let form = connection.post(format!("{address}/login/password")).form(&fields);
                let on = browser.redirected(form).await?;
                let page = browser.send(connection.get(format!("{address}{on}"))).await?;
                let back = browser::leaves_for(&browser::ok(page).await?)?;
                redeem(connection, address, society, &back, what).await.map(drop)
            }
            Journey::Login => {
                let back = peer_login(connection, address, society, number, &mut Browser::default()).await?;
                redeem(connection, address, society, &back, (&society.portal, BRIEF, true)).await.map(drop)
            }
            Journey::HelpAnswer => help(connection, address, ANSWER).await,
            Journey::HelpUnchanged => {
                let request = connection.get(format!("{address}{ANSWER}"));
                let known = KNOWN.get_or_try_init(async || etag(connection, address).await).await?;
                let response = request.header(IF_NONE_MATCH, known).send().await?;
                match response.status() {
                    StatusCode::NOT_MODIFIED => Ok(()),
                    status => Err(format!("304 expected, not {status}").into()),
                }
            }
            Journey::HelpQuestions => help(connection, address, "/help/v1/questions?locale=ja").await,
            Journey::HelpSearch => {
                let words = ["スマホ", "パスワード 忘れた", "ロック", "機種変更", "ＱＲコード"];
                let request = connection.get(format!("{address}/help/v1/search"));
                let request = request.query(&[("q", *chosen(&words, number)?), ("locale", "ja")]);
                browser::ok(request.send().await?).await.map(drop)
            }
        }
    }
}

const ANSWER: &str = "/help/v1/questions/otp-not-accepted?locale=ja";

/// What a portal remembers of the answer.
static KNOWN: OnceCell<HeaderValue> = OnceCell::const_new();

async fn etag(connection: &Client, address: &str) -> Result<HeaderValue> {
    let response = connection.get(format!("{address}{ANSWER}")).send().await?;
    response.headers().get(ETAG).cloned().ok_or_else(|| "an answer without ETag".into())
}

async fn help(connection: &Client, address: &str, path: &str) -> Result<()> {
    browser::ok(connection.get(format!("{address}{path}")).send().await?).await.map(drop)
}

/// A code verifier (RFC 7636, 4.1). What it says makes no difference here.
const VERIFIER: &str = "0123456789012345678901234567890123456789abc";

const BRIEF: &str = "openid email";

/// What was issued last.
#[derive(Default, Deserialize)]
struct Tokens {
    access_token: String,
    #[serde(default)]
    refresh_token: String,
}

/// Who asks, for which scope, and whether the access token is to be a JWT.
type What<'a> = (&'a Credentials, &'a str, bool);

/// `/authorize` in a live session, then the code for tokens.
async fn code_flow(
    connection: &Client,
    address: &str,
    society: &Society,
    number: usize,
    what: What<'_>,
) -> Result<Tokens> {
    let request = authorize(connection, address, society, what);
    let request = request.header(COOKIE, chosen(&society.sessions, number)?.as_str());
    let back = Browser::default().redirected(request).await?;
    redeem(connection, address, society, &back, what).await
}

fn authorize(
    connection: &Client,
    address: &str,
    society: &Society,
    (client, scope, is_jwt): What<'_>,
) -> reqwest::RequestBuilder {
    let request = connection.get(format!("{address}{}", society.paths.authorize)).query(&[
        ("response_type", "code"),
        ("client_id", &client.id),
        ("redirect_uri", REDIRECT_URI),
        ("scope", scope),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))),
        ("code_challenge_method", "S256"),
    ]);
    if is_jwt { request.query(society.paths.jwt) } else { request }
}

/// The peer's login, by a browser that was never there; where it leads in the end.
async fn peer_login(
    connection: &Client,
    address: &str,
    society: &Society,
    number: usize,
    browser: &mut Browser,
) -> Result<String> {
    let begins = authorize(connection, address, society, (&society.portal, BRIEF, true));
    let page = browser.redirected(begins).await?;
    let page = if page.starts_with('/') { format!("{address}{page}") } else { page };
    browser::ok(browser.send(connection.get(&page)).await?).await?;
    let fields = [("user_id", chosen(&society.members, number)?.as_str()), ("password", PASSWORD)];
    let on = browser.redirected(connection.post(&page).form(&fields)).await?;
    browser.redirected(connection.get(on)).await
}

/// The cookies of somebody who has just logged in at the peer.
pub async fn peer_session(connection: &Client, address: &str, society: &Society, number: usize) -> Result<String> {
    let mut browser = Browser::default();
    peer_login(connection, address, society, number, &mut browser).await?;
    let cookies = browser.cookies.iter().filter(|(name, _)| name.starts_with("_session"));
    Ok(cookies.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "))
}

/// Takes the code out of the address that leads back to the portal, and gets the tokens for it.
async fn redeem(
    connection: &Client,
    address: &str,
    society: &Society,
    back: &str,
    (client, _, is_jwt): What<'_>,
) -> Result<Tokens> {
    let back = Url::parse(back)?;
    let code = back.query_pairs().find(|(name, _)| name == "code").ok_or_else(|| format!("no code: {back}"))?.1;
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    if is_jwt {
        fields.extend(society.paths.jwt);
    }
    token(connection, address, society, client, &fields).await
}

async fn token(
    connection: &Client,
    address: &str,
    society: &Society,
    client: &Credentials,
    fields: &[(&str, &str)],
) -> Result<Tokens> {
    let request = connection.post(format!("{address}{}", society.paths.token));
    let request = request.basic_auth(&client.id, Some(&client.secret));
    Ok(serde_json::from_str(&browser::ok(request.form(fields).send().await?).await?)?)
}

fn chosen<T>(from: &[T], number: usize) -> Result<&T> {
    from.get(number % from.len().max(1)).ok_or_else(|| "nothing to choose from".into())
}

/// How many of these journeys the server does for a second of its CPU time, asked over so many connections at a time.
pub async fn rate(
    journey: Journey,
    server: &Server,
    society: &Arc<Society>,
    connections: usize,
    span: Duration,
) -> Result<f64> {
    let warm = Arc::new(Barrier::new(connections + 1));
    let running: Vec<_> = (0..connections)
        .map(|first| {
            let (society, warm, address) = (Arc::clone(society), Arc::clone(&warm), server.address.clone());
            tokio::spawn(async move {
                let connection = browser::connection()?;
                let mut numbers = (first..).step_by(connections);
                let mut tokens = Tokens::default();
                let mut once = async || {
                    let number = numbers.next().unwrap_or(first);
                    journey.once(&connection, &address, &society, number, &mut tokens).await
                };
                // Opens the connection, and fills caches on the other side.
                let warmed = once().await;
                warm.wait().await;
                warmed?;
                let (begun, mut done) = (Instant::now(), 0_u32);
                while begun.elapsed() < span {
                    once().await?;
                    done += 1;
                }
                Result::Ok(done)
            })
        })
        .collect();
    warm.wait().await;
    let before = process::cpu_time(server.id())?;
    let mut done = 0;
    for outcome in try_join_all(running).await? {
        done += outcome?;
    }
    let cpu_time = process::cpu_time(server.id())? - before;
    Ok(f64::from(done) / cpu_time.as_secs_f64())
}
