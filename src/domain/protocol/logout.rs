//! Logging out when a relying party asks (OpenID Connect RP-Initiated Logout 1.0).

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::redirect_uri;
use crate::domain::ids::{BrowserSessionId, ClientId, MemberId};
use crate::domain::login::browser_session::BrowserSession;

/// What an `id_token_hint` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// None was sent.
    None,
    /// We have signed it. It may have expired.
    Proved(Subject),
    /// Whether we have signed it can't be told (any more): its key may have gone. Whom it names is worth as much as a
    /// `client_id`, which anybody can send.
    Unusable { client: Option<ClientId> },
}

/// Whom an ID token is about, and for whom it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub client: ClientId,
    pub member: MemberId,
    pub session: Option<BrowserSessionId>,
}

/// What the relying party sent; the client is the one named by hint or `client_id`, if it exists.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    pub hint: &'a Hint,
    pub client_id: Option<&'a str>,
    pub client: Option<&'a Client>,
    /// Whether anybody has looked at where the client leads.
    pub vouched_for: bool,
    pub post_logout_redirect_uri: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The hint proves who asks: end the session now.
    End {
        after: After,
    },
    /// Anybody may have sent the browser here: ask the member first.
    Ask {
        after: After,
    },
    /// Nobody is logged in.
    Nothing {
        after: After,
    },
    Refuse(Refusal),
}

/// Where the member goes afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The page that says that it is done.
    Page,
    /// A registered address: at once, or by a button on that page.
    Back { uri: String, by_itself: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("client_id is not the client of id_token_hint")]
    HintOfOtherClient,
    #[error("post_logout_redirect_uri is not registered for this client")]
    UnregisteredRedirectUri,
}

/// Section 2 and 3 of the standard. Only a registered URI is ever led to. Where somebody is logged in, a session ends only if a
/// hint proves that the request comes from its client, or if the member agrees on a page. A hint that proves nothing is no
/// dead end: it asks the member, and leads back by a button alone.
pub fn decide(request: LogoutRequest<'_>, session: Option<&BrowserSession>) -> Decision {
    if let (Hint::Proved(subject), Some(id)) = (request.hint, request.client_id)
        && subject.client.as_str() != id
    {
        return Decision::Refuse(Refusal::HintOfOtherClient);
    }
    let by_itself = request.vouched_for && !matches!(request.hint, Hint::Unusable { .. });
    let after = match (request.post_logout_redirect_uri, request.client) {
        (None, _) | (Some(_), None) => After::Page,
        (Some(uri), Some(client)) => match way_back(client, uri, by_itself) {
            Some(after) => after,
            None => return Decision::Refuse(Refusal::UnregisteredRedirectUri),
        },
    };
    match (request.hint, session) {
        (Hint::Proved(subject), Some(session))
            if subject.session.as_ref() == Some(&session.id) || subject.member == session.member =>
        {
            Decision::End { after }
        }
        (_, Some(_)) => Decision::Ask { after },
        (_, None) => Decision::Nothing { after },
    }
}

/// To a URI that this client has registered for it.
pub fn way_back(client: &Client, uri: &str, by_itself: bool) -> Option<After> {
    redirect_uri::is_registered(uri, &client.post_logout_redirect_uris, client.application_type)
        .then(|| After::Back { uri: uri.to_owned(), by_itself })
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
        Hint::Proved(Subject {
            client: ClientId("rp".into()),
            member: MemberId(member.into()),
            session: Some(BrowserSessionId(session.into())),
        })
    }

    fn unusable() -> Hint {
        Hint::Unusable { client: Some(ClientId("rp".into())) }
    }

    fn back(by_itself: bool) -> After {
        After::Back { uri: BYE.into(), by_itself }
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

    fn decided(hint: &Hint, client_id: Option<&str>, uri: Option<&str>, logged_in: bool) -> Decision {
        let client = client();
        let known = *hint != Hint::None || client_id == Some("rp");
        let request = LogoutRequest {
            hint,
            client_id,
            client: known.then_some(&client),
            vouched_for: true,
            post_logout_redirect_uri: uri,
        };
        decide(request, logged_in.then(session).as_ref())
    }

    #[test]
    fn a_hint_of_this_session_ends_it_and_returns_to_a_registered_uri() {
        let mine = hint("m1", "s1");
        assert_eq!(decided(&mine, None, Some(BYE), true), Decision::End { after: back(true) });
        assert_eq!(decided(&mine, Some("rp"), None, true), Decision::End { after: After::Page });
        assert_eq!(decided(&mine, None, Some(BYE), false), Decision::Nothing { after: back(true) });
    }

    #[test]
    fn without_proof_the_member_is_asked() {
        assert_eq!(decided(&Hint::None, None, None, true), Decision::Ask { after: After::Page });
        assert_eq!(decided(&Hint::None, None, Some(BYE), true), Decision::Ask { after: After::Page });
        assert_eq!(decided(&Hint::None, Some("rp"), Some(BYE), true), Decision::Ask { after: back(true) });
        assert!(matches!(decided(&hint("m2", "s2"), None, Some(BYE), true), Decision::Ask { .. }));
    }

    #[test]
    fn who_is_not_logged_in_goes_back_to_where_the_client_has_registered() {
        assert_eq!(decided(&Hint::None, Some("rp"), Some(BYE), false), Decision::Nothing { after: back(true) });
        assert_eq!(decided(&Hint::None, None, Some(BYE), false), Decision::Nothing { after: After::Page });
    }

    #[test]
    fn a_hint_that_proves_nothing_asks_the_member_and_leads_back_by_a_button() {
        for client_id in [None, Some("rp")] {
            assert_eq!(decided(&unusable(), client_id, Some(BYE), true), Decision::Ask { after: back(false) });
            assert_eq!(decided(&unusable(), client_id, Some(BYE), false), Decision::Nothing { after: back(false) });
        }
        assert_eq!(decided(&unusable(), None, None, true), Decision::Ask { after: After::Page });
    }

    #[test]
    fn where_nobody_has_looked_no_logout_leads_by_itself() {
        let (client, mine) = (client(), hint("m1", "s1"));
        for session in [None, Some(session())] {
            let request = LogoutRequest {
                hint: &mine,
                client_id: None,
                client: Some(&client),
                vouched_for: false,
                post_logout_redirect_uri: Some(BYE),
            };
            let (Decision::End { after } | Decision::Nothing { after }) = decide(request, session.as_ref()) else {
                panic!("it was proved")
            };
            assert_eq!(after, back(false));
        }
    }

    #[test]
    fn an_unregistered_uri_or_anothers_hint_is_refused_whoever_is_logged_in() {
        let mine = hint("m1", "s1");
        for uri in ["https://rp.example/bye?x=1", "https://evil.example/", "https://rp.example/bye/"] {
            for logged_in in [true, false] {
                let refused = Decision::Refuse(Refusal::UnregisteredRedirectUri);
                assert_eq!(decided(&mine, None, Some(uri), logged_in), refused, "{uri}");
                assert_eq!(decided(&Hint::None, Some("rp"), Some(uri), logged_in), refused, "{uri}");
            }
        }
        assert_eq!(decided(&mine, Some("other"), Some(BYE), true), Decision::Refuse(Refusal::HintOfOtherClient));
    }
}
