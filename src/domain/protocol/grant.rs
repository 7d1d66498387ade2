//! What a member let a client have at one time, and how its code is redeemed (RFC 6749, 4.1.3 and 10.5).
//!
//! ```text
//! AwaitingConsent ──allow──► Approved ──code presented──► Redeemed
//!        └──────deny──► Denied           (again: replayed, everything issued from it ends)
//! ```

use super::authorization_request::AuthorizationRequest;
use super::pkce;
use super::refresh_rotation::RefreshState;
use super::resource_server::Target;
use super::scope::Scopes;
use crate::domain::ids::{BrowserSessionId, ClientId, GrantId, MemberId};
use crate::domain::login::assurance::Assurance;
use crate::domain::unix_time::UnixTime;

/// A core that every way to a grant shares, and behind it the part of a code's own.
#[derive(Clone, Debug)]
pub struct Grant {
    pub id: GrantId,
    pub client: ClientId,
    pub member: MemberId,
    pub session: BrowserSessionId,
    /// What the member let the client have.
    pub scopes: Scopes,
    /// What its tokens may be for.
    pub resources: Vec<String>,
    /// When the member logged in: the `auth_time` claim.
    pub authenticated_at: UnixTime,
    /// What that login has shown: the `acr` claim.
    pub assurance: Assurance,
    pub created_at: UnixTime,
    pub refresh: Option<RefreshState>,
    /// Nothing issued from it is valid after this.
    pub kept_until: UnixTime,
    pub ended_at: Option<UnixTime>,
    /// The authorization request that the code answers.
    pub request: AuthorizationRequest,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    AwaitingConsent,
    Approved { code_expires_at: UnixTime },
    Redeemed { at: UnixTime },
    Denied,
}

/// What came with the code.
#[derive(Clone, Copy, Debug)]
pub struct RedeemProof<'a> {
    pub redirect_uri: Option<&'a str>,
    pub code_verifier: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    Granted,
    /// The code was redeemed before: whoever did it, the grant and all that came of it must end.
    Replayed,
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the code was issued to another client")]
    OtherClient,
    #[error("the code has expired")]
    Expired,
    #[error("the code was never given out")]
    NeverApproved,
    #[error("redirect_uri is not the one of the authorization request")]
    OtherRedirectUri,
    #[error("code_verifier does not fit the code_challenge of the authorization request")]
    WrongVerifier,
    #[error("the grant has ended")]
    Ended,
}

impl Grant {
    /// All that its tokens may be for, and may do there, for a client that may have these scopes now: what was taken from it
    /// since is not given any more.
    pub fn target(&self, of_client: &Scopes) -> Target {
        Target { resources: self.resources.clone(), scopes: self.scopes.only(of_client) }
    }

    /// The client is compared first: a stranger holding a used code may not end a login.
    pub fn redeem(&self, by: &ClientId, proof: RedeemProof<'_>, now: UnixTime) -> Redemption {
        use Redemption::{Granted, Refused, Replayed};
        if *by != self.client {
            return Refused(Refusal::OtherClient);
        }
        let code_expires_at = match self.stage {
            Stage::Redeemed { .. } => return Replayed,
            Stage::AwaitingConsent | Stage::Denied => return Refused(Refusal::NeverApproved),
            Stage::Approved { code_expires_at } => code_expires_at,
        };
        if self.ended_at.is_some() {
            return Refused(Refusal::Ended);
        }
        if now >= code_expires_at {
            return Refused(Refusal::Expired);
        }
        if proof.redirect_uri != Some(&self.request.redirect_uri) {
            return Refused(Refusal::OtherRedirectUri);
        }
        if !pkce::verifier_fits(self.request.challenge.as_ref(), proof.code_verifier) {
            return Refused(Refusal::WrongVerifier);
        }
        Granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::FlowId;

    fn grant(stage: Stage) -> Grant {
        Grant {
            id: GrantId("g1".into()),
            client: ClientId("rp".into()),
            scopes: Scopes::default(),
            resources: Vec::new(),
            member: MemberId("m1".into()),
            session: BrowserSessionId("s1".into()),
            request: AuthorizationRequest {
                flow: FlowId("f1".into()),
                client: ClientId("rp".into()),
                redirect_uri: "https://rp.example/cb".into(),
                response_mode: Default::default(),
                vouched_for: true,
                scopes: Default::default(),
                resources: Vec::new(),
                state: None,
                nonce: None,
                challenge: None,
                prompt: Default::default(),
                max_age: None,
                login_hint: None,
                ui_locales: None,
                hinted_member: None,
                acr: Default::default(),
                claims: Default::default(),
            },
            assurance: Assurance::Password,
            authenticated_at: UnixTime(0),
            created_at: UnixTime(0),
            stage,
            refresh: None,
            kept_until: UnixTime(1_000),
            ended_at: None,
        }
    }

    const APPROVED: Stage = Stage::Approved { code_expires_at: UnixTime(60) };
    const PROOF: RedeemProof<'_> = RedeemProof { redirect_uri: Some("https://rp.example/cb"), code_verifier: None };

    fn redeem(grant: &Grant, by: &str, proof: RedeemProof<'_>, now: i64) -> Redemption {
        grant.redeem(&ClientId(by.into()), proof, UnixTime(now))
    }

    #[test]
    fn a_code_is_redeemed_by_its_client_in_time_with_the_same_redirect_uri() {
        assert_eq!(redeem(&grant(APPROVED), "rp", PROOF, 59), Redemption::Granted);
        assert_eq!(redeem(&grant(APPROVED), "rp", PROOF, 60), Redemption::Refused(Refusal::Expired));
        assert_eq!(redeem(&grant(APPROVED), "other", PROOF, 1), Redemption::Refused(Refusal::OtherClient));
        for redirect_uri in [None, Some("https://rp.example/cb/"), Some("")] {
            let proof = RedeemProof { redirect_uri, ..PROOF };
            assert_eq!(redeem(&grant(APPROVED), "rp", proof, 1), Redemption::Refused(Refusal::OtherRedirectUri));
        }
        let proof = RedeemProof { code_verifier: Some("unasked"), ..PROOF };
        assert_eq!(redeem(&grant(APPROVED), "rp", proof, 1), Redemption::Refused(Refusal::WrongVerifier));
    }

    #[test]
    fn a_used_code_is_a_replay_for_its_own_client_only() {
        let used = grant(Stage::Redeemed { at: UnixTime(10) });
        assert_eq!(redeem(&used, "rp", PROOF, 500), Redemption::Replayed);
        assert_eq!(redeem(&used, "other", PROOF, 500), Redemption::Refused(Refusal::OtherClient));
    }

    #[test]
    fn what_was_not_approved_or_has_ended_gives_nothing() {
        for stage in [Stage::AwaitingConsent, Stage::Denied] {
            assert_eq!(redeem(&grant(stage), "rp", PROOF, 1), Redemption::Refused(Refusal::NeverApproved));
        }
        let ended = Grant { ended_at: Some(UnixTime(5)), ..grant(APPROVED) };
        assert_eq!(redeem(&ended, "rp", PROOF, 6), Redemption::Refused(Refusal::Ended));
    }
}
