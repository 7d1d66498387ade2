//! Logging out when a relying party asks (OpenID Connect RP-Initiated Logout 1.0).

use super::client::Client;
use crate::domain::ids::{BrowserSessionId, ClientId, MemberId};
use crate::domain::login::browser_session::BrowserSession;

/// What an `id_token_hint` says, once it is known to be ours. It may have expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub client: ClientId,
    pub member: MemberId,
    pub session: Option<BrowserSessionId>,
}

/// What the relying party sent; the client is the one named by hint or `client_id`, if it exists.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    pub hint: Option<&'a Hint>,
    pub client_id: Option<&'a str>,
    pub client: Option<&'a Client>,
    pub post_logout_redirect_uri: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The hint proves who asks: end the session now.
    End {
        then: After,
    },
    /// Anybody may have sent the browser here: ask the member first.
    Ask {
        then: After,
    },
    /// Nobody is logged in.
    Nothing {
        then: After,
    },
    Refuse(Refusal),
}

/// Where the member goes afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    Page,
    Redirect(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("client_id is not the client of id_token_hint")]
    HintOfOtherClient,
    #[error("post_logout_redirect_uri is not registered for this client")]
    UnregisteredRedirectUri,
}

/// Section 2 and 3 of the standard. Only a registered URI is ever redirected to, and only where a hint says that the request
/// comes from that client, or the member agreed on a page.
pub fn decide(request: LogoutRequest<'_>, session: Option<&BrowserSession>) -> Decision {
    if let (Some(hint), Some(id)) = (request.hint, request.client_id)
        && hint.client.as_str() != id
    {
        return Decision::Refuse(Refusal::HintOfOtherClient);
    }
    let then = match (request.post_logout_redirect_uri, request.client) {
        (None, _) | (Some(_), None) => After::Page,
        (Some(uri), Some(client)) if client.post_logout_redirect_uris.iter().any(|r| r == uri) => {
            After::Redirect(uri.to_owned())
        }
        (Some(_), Some(_)) => return Decision::Refuse(Refusal::UnregisteredRedirectUri),
    };
    match (request.hint, session) {
        (Some(hint), Some(session)) if hint.session.as_ref() == Some(&session.id) || hint.member == session.member => {
            Decision::End { then }
        }
        (_, Some(_)) => Decision::Ask { then },
        (Some(_), None) => Decision::Nothing { then },
        (None, None) => Decision::Nothing { then: After::Page },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ids::FlowId;
    use crate::domain::protocol::client::{PkcePolicy, Terms};
    use crate::domain::unix_time::UnixTime;

    const BYE: &str = "https://rp.example/bye";

    fn client() -> Client {
        let metadata = json!({ "redirect_uris": ["https://rp.example/cb"], "post_logout_redirect_uris": [BYE] });
        let terms = Terms { pkce: PkcePolicy::Required, first_party: true, second_factor: None };
        Client::checked(ClientId("rp".into()), metadata.as_object().unwrap(), terms).unwrap()
    }

    fn hint(member: &str, session: &str) -> Hint {
        Hint {
            client: ClientId("rp".into()),
            member: MemberId(member.into()),
            session: Some(BrowserSessionId(session.into())),
        }
    }

    fn session() -> BrowserSession {
        BrowserSession {
            id: BrowserSessionId("s1".into()),
            member: MemberId("m1".into()),
            flow: FlowId("f".into()),
            assurance: crate::domain::login::assurance::Assurance::Password,
            device: crate::domain::login::device::Device::default(),
            authenticated_at: UnixTime(0),
            last_used_at: UnixTime(0),
            expires_at: UnixTime(9),
        }
    }

    fn decided(hint: Option<&Hint>, client_id: Option<&str>, uri: Option<&str>, logged_in: bool) -> Decision {
        let client = client();
        let known = hint.is_some() || client_id == Some("rp");
        let request =
            LogoutRequest { hint, client_id, client: known.then_some(&client), post_logout_redirect_uri: uri };
        decide(request, logged_in.then(session).as_ref())
    }

    #[test]
    fn a_hint_of_this_session_ends_it_and_returns_to_a_registered_uri() {
        let redirect = After::Redirect(BYE.into());
        let mine = hint("m1", "s1");
        assert_eq!(decided(Some(&mine), None, Some(BYE), true), Decision::End { then: redirect.clone() });
        assert_eq!(decided(Some(&mine), Some("rp"), None, true), Decision::End { then: After::Page });
        assert_eq!(decided(Some(&mine), None, Some(BYE), false), Decision::Nothing { then: redirect });
    }

    #[test]
    fn without_proof_the_member_is_asked() {
        assert_eq!(decided(None, None, None, true), Decision::Ask { then: After::Page });
        assert_eq!(decided(None, None, Some(BYE), true), Decision::Ask { then: After::Page });
        assert_eq!(decided(None, Some("rp"), Some(BYE), true), Decision::Ask { then: After::Redirect(BYE.into()) });
        let other = hint("m2", "s2");
        assert!(matches!(decided(Some(&other), None, Some(BYE), true), Decision::Ask { .. }));
        assert_eq!(decided(None, Some("rp"), Some(BYE), false), Decision::Nothing { then: After::Page });
    }

    #[test]
    fn an_unregistered_uri_or_anothers_hint_is_refused_whoever_is_logged_in() {
        let mine = hint("m1", "s1");
        for uri in ["https://rp.example/bye?x=1", "https://evil.example/", "https://rp.example/bye/"] {
            for logged_in in [true, false] {
                let refused = Decision::Refuse(Refusal::UnregisteredRedirectUri);
                assert_eq!(decided(Some(&mine), None, Some(uri), logged_in), refused, "{uri}");
                assert_eq!(decided(None, Some("rp"), Some(uri), logged_in), refused, "{uri}");
            }
        }
        assert_eq!(decided(Some(&mine), Some("other"), Some(BYE), true), Decision::Refuse(Refusal::HintOfOtherClient));
    }
}
