//! `id_token_hint`: whom a relying party speaks of, at `/authorize` (OpenID Connect Core 1.0, 3.1.2.1) and at `/logout`
//! (RP-Initiated Logout 1.0, 2).

use serde_json::{Map, Value};

use crate::app::App;
use crate::crypto::jwt::{self, TokenType};
use crate::domain::ids::{BrowserSessionId, ClientId, MemberId};
use crate::domain::protocol::logout::{Hint, Subject};

/// What the hint says. It may have expired: that it was ours once is all that counts.
pub fn read(app: &App, token: &str) -> Hint {
    let ours = jwt::verify(token, TokenType::Id, &app.keys(), app.now()).ok();
    let subject = ours.and_then(|claims| {
        let ours = text(&claims, "iss") == Some(app.settings.issuer());
        let member = MemberId(text(&claims, "sub").filter(|_| ours)?.to_owned());
        let session = text(&claims, "sid").map(|sid| BrowserSessionId(sid.to_owned()));
        Some(Subject { client: client(&claims)?, member, session })
    });
    match subject {
        Some(subject) => Hint::Proved(subject),
        None => Hint::Unusable { client: jwt::unverified_claims(token).as_ref().and_then(client) },
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// The first of the audience: our ID tokens have no other.
fn client(claims: &Map<String, Value>) -> Option<ClientId> {
    let audience = match claims.get("aud")? {
        Value::Array(all) => all.first()?.as_str()?,
        one => one.as_str()?,
    };
    Some(ClientId(audience.to_owned()))
}
