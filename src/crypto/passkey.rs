//! Passkeys: registering a credential and proving to have one (Web Authentication Level 3, 7.1 and 7.2), by `webauthn-rs`.
//!
//! What a browser is asked for is written here and not left to the library, which asks for no discoverable credential:
//! a passkey is resident and verifies its user, on whatever authenticator, so that it logs in without a user ID and a
//! phone can serve a computer. Neither attachment nor transports are ever named: a list of them hides the QR code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Host, Url};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};

use crate::crypto::opaque_token;
use crate::domain::login::passkey::Passkey;
use crate::domain::unix_time::UnixTime;
use crate::random;

/// The relying party: its id is the issuer's host, its origin the issuer's.
pub struct Passkeys {
    webauthn: Webauthn,
}

/// Who a new passkey is for. Authenticators show name and display name; the handle is all that they send back.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// From [`new_user_handle`].
    pub handle: &'a str,
    pub name: &'a str,
    pub display_name: &'a str,
}

/// What must be remembered between question and answer; the caller seals it for browser and purpose.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked<S> {
    state: S,
    /// Of the challenge, which is answered once.
    pub challenge_digest: String,
    pub expires_at: UnixTime,
}

pub type Registering = Asked<PasskeyRegistration>;

#[derive(Debug, Serialize, Deserialize)]
pub struct Authentication {
    state: DiscoverableAuthentication,
    /// Nobody was named: the answer has to say who it is.
    discoverable: bool,
}

pub type Authenticating = Asked<Authentication>;

/// A credential that has just been made.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// In base64url.
    pub credential_id: String,
    /// Its record, for [`Passkey::record`].
    pub record: String,
}

/// An authenticator's answer to a login, not verified yet.
pub struct Assertion(PublicKeyCredential);

/// Why a passkey is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("the browser's answer is not what WebAuthn says")]
    Unreadable,
    #[error("the question has expired")]
    Expired,
    #[error("the credential is not the member's")]
    Unknown,
    #[error("the authenticator did not verify its user")]
    NotVerified,
    #[error("the authenticator made a credential that can't be found without a user ID")]
    NotDiscoverable,
    #[error("the signature counter went backwards")]
    Cloned,
    #[error("the credential record of passkey {0} can't be read; the member has to set it up again")]
    Damaged(String),
    #[error("refused: {0}")]
    Refused(WebauthnError),
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::UserNotVerified => PasskeyError::NotVerified,
            WebauthnError::CredentialPossibleCompromise => PasskeyError::Cloned,
            other => PasskeyError::Refused(other),
        }
    }
}

/// 128 random bits in base64url: authenticators show nobody more than that two passkeys are the same member's.
pub fn new_user_handle() -> String {
    random::identifier()
}

/// How long a browser waits for its user, in milliseconds (WebAuthn Level 3, 15.1). The page's own limit is the caller's.
const TIMEOUT: u32 = 300_000;
/// WebAuthn Level 3, 7.1, step 25.
const LONGEST_CREDENTIAL_ID: usize = 1023;

impl Passkeys {
    /// `None` where the issuer is at an IP address: passkeys belong to names (WebAuthn Level 3, 5.1.2).
    pub fn new(issuer: &Url) -> Option<Passkeys> {
        let Some(Host::Domain(host)) = issuer.host() else { return None };
        let webauthn = WebauthnBuilder::new(host, issuer).and_then(WebauthnBuilder::build).ok()?;
        Some(Passkeys { webauthn })
    }

    /// What to ask the browser for, as `PublicKeyCredentialCreationOptionsJSON`. `service` is our name, `existing` are the
    /// ids of the credentials that the member has: no authenticator makes a second one.
    pub fn start_registration(
        &self,
        service: &str,
        user: User<'_>,
        existing: &[Passkey],
        expires_at: UnixTime,
    ) -> Result<(Value, Registering), PasskeyError> {
        let handle: [u8; 16] = decoded(user.handle)?.try_into().map_err(|_| PasskeyError::Unreadable)?;
        let excluded = existing.iter().map(|p| decoded(&p.credential_id)).collect::<Result<Vec<_>, _>>()?;
        let (asked, state) = self.webauthn.start_passkey_registration(
            Uuid::from_bytes(handle),
            user.name,
            user.display_name,
            Some(excluded),
        )?;
        let asked = asked.public_key;
        let options = json!({
            "rp": { "id": asked.rp.id, "name": service },
            "user": { "id": user.handle, "name": user.name, "displayName": user.display_name },
            "challenge": encoded(&asked.challenge),
            "pubKeyCredParams": asked.pub_key_cred_params,
            "timeout": TIMEOUT,
            "excludeCredentials": descriptors(existing),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
            // Keys that know credential protection show nothing of this one before they have verified their user.
            "extensions": {
                "credProps": true,
                "credentialProtectionPolicy": "userVerificationRequired",
                "enforceCredentialProtectionPolicy": false,
            },
        });
        Ok((options, Asked::new(state, &asked.challenge, expires_at)))
    }

    /// `answer` is a `RegistrationResponseJSON`.
    pub fn finish_registration(
        &self,
        asked: &Registering,
        answer: &str,
        now: UnixTime,
    ) -> Result<NewCredential, PasskeyError> {
        asked.is_open(now)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| PasskeyError::Unreadable)?;
        if answer.type_ != "public-key" {
            return Err(PasskeyError::Unreadable);
        }
        let passkey = self.webauthn.finish_passkey_registration(&answer, &asked.state)?;
        if passkey.cred_id().len() > LONGEST_CREDENTIAL_ID || passkey.cred_id() != &answer.raw_id {
            return Err(PasskeyError::Unreadable);
        }
        if answer.extensions.cred_props.and_then(|props| props.rk) == Some(false) {
            return Err(PasskeyError::NotDiscoverable);
        }
        let record = serde_json::to_string(&passkey).map_err(|_| PasskeyError::Unreadable)?;
        Ok(NewCredential { credential_id: encoded(passkey.cred_id()), record })
    }

    /// What to ask for at the login page, where nobody is known: any passkey of ours, which then says whose it is. As
    /// `PublicKeyCredentialRequestOptionsJSON`; whether in the background for autofill is the script's to say.
    pub fn start_login(&self, expires_at: UnixTime) -> Result<(Value, Authenticating), PasskeyError> {
        self.start_authentication(&[], true, expires_at)
    }

    /// The same after a password: one of the member's own.
    pub fn start_for_member(
        &self,
        passkeys: &[Passkey],
        expires_at: UnixTime,
    ) -> Result<(Value, Authenticating), PasskeyError> {
        self.start_authentication(passkeys, false, expires_at)
    }

    fn start_authentication(
        &self,
        allowed: &[Passkey],
        discoverable: bool,
        expires_at: UnixTime,
    ) -> Result<(Value, Authenticating), PasskeyError> {
        let (asked, state) = self.webauthn.start_discoverable_authentication()?;
        let asked = asked.public_key;
        let options = json!({
            "challenge": encoded(&asked.challenge),
            "timeout": TIMEOUT,
            "rpId": asked.rp_id,
            "allowCredentials": descriptors(allowed.iter().filter(|p| p.is_usable())),
            "userVerification": "required",
        });
        Ok((options, Asked::new(Authentication { state, discoverable }, &asked.challenge, expires_at)))
    }

    /// Verifies that `passkey` answered, whose owner authenticators know by `handle`. Returns the record as it is from now
    /// on. [`PasskeyError::Cloned`] comes from the credential's own key: somebody has it.
    pub fn finish_authentication(
        &self,
        asked: &Authenticating,
        Assertion(answer): &Assertion,
        passkey: &Passkey,
        handle: &str,
        now: UnixTime,
    ) -> Result<String, PasskeyError> {
        asked.is_open(now)?;
        // WebAuthn Level 3, 7.2, step 6.
        let said = answer.get_user_unique_id();
        if said.map_or(asked.state.discoverable, |said| encoded(said) != handle) {
            return Err(PasskeyError::Unknown);
        }
        if encoded(answer.get_credential_id()) != passkey.credential_id || !passkey.is_usable() {
            return Err(PasskeyError::Unknown);
        }
        // The library looks at this when a credential is made only.
        if is_cross_origin(&answer.response.client_data_json)? {
            return Err(PasskeyError::Refused(WebauthnError::CredentialCrossOrigin));
        }
        let damaged = || PasskeyError::Damaged(passkey.id.clone());
        let mut record: Value = serde_json::from_str(&passkey.record).map_err(|_| damaged())?;
        // An authenticator may begin to synchronise what it held alone. Level 3, 7.2, would have its passkeys refused from then
        // on, and their members shut out; nothing here stands on a passkey being the only copy. What it says is signed.
        if may_be_backed_up(&answer.response.authenticator_data)
            && let Some(eligible) = record.pointer_mut("/cred/backup_eligible")
        {
            *eligible = Value::Bool(true);
        }
        let mut credential: webauthn_rs::prelude::Passkey = serde_json::from_value(record).map_err(|_| damaged())?;
        let state = asked.state.state.clone();
        let result = self.webauthn.finish_discoverable_authentication_v2(answer, state, &credential)?;
        if !result.user_verified() {
            return Err(PasskeyError::NotVerified);
        }
        credential.update_credential(&result).ok_or(PasskeyError::Unknown)?;
        serde_json::to_string(&credential).map_err(|_| damaged())
    }
}

impl Assertion {
    /// Reads an `AuthenticationResponseJSON`.
    pub fn read(answer: &str) -> Result<Assertion, PasskeyError> {
        let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| PasskeyError::Unreadable)?;
        if answer.type_ == "public-key" { Ok(Assertion(answer)) } else { Err(PasskeyError::Unreadable) }
    }

    /// Which credential claims to have answered, in base64url.
    pub fn credential_id(&self) -> String {
        encoded(self.0.get_credential_id())
    }
}

impl<S> Asked<S> {
    fn new(state: S, challenge: &[u8], expires_at: UnixTime) -> Asked<S> {
        Asked { state, challenge_digest: opaque_token::digest(&encoded(challenge)), expires_at }
    }

    fn is_open(&self, now: UnixTime) -> Result<(), PasskeyError> {
        if now < self.expires_at { Ok(()) } else { Err(PasskeyError::Expired) }
    }
}

/// Without transports, so that no way to reach the authenticator is hidden.
fn descriptors<'a>(passkeys: impl IntoIterator<Item = &'a Passkey>) -> Vec<Value> {
    passkeys.into_iter().map(|p| json!({ "type": "public-key", "id": p.credential_id })).collect()
}

/// The flag BE (WebAuthn Level 3, 6.1).
fn may_be_backed_up(authenticator_data: &[u8]) -> bool {
    authenticator_data.get(32).is_some_and(|flags| flags & 0x08 != 0)
}

fn is_cross_origin(client_data: &[u8]) -> Result<bool, PasskeyError> {
    let client_data: Value = serde_json::from_slice(client_data).map_err(|_| PasskeyError::Unreadable)?;
    Ok(client_data.get("crossOrigin").is_some_and(|it| it != &Value::Bool(false)))
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(text: &str) -> Result<Vec<u8>, PasskeyError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| PasskeyError::Unreadable)
}

#[cfg(test)]
#[path = "../../tests/support/authenticator.rs"]
mod authenticator;

#[cfg(test)]
mod tests {
    use super::authenticator::Authenticator;
    use super::*;
    use crate::domain::ids::MemberId;

    const ISSUER: &str = "https://id.example.jp/";
    const LATER: UnixTime = UnixTime(300);
    const NOW: UnixTime = UnixTime(299);

    fn passkeys() -> Passkeys {
        Passkeys::new(&ISSUER.parse().unwrap()).unwrap()
    }

    fn kept(new: NewCredential) -> Passkey {
        Passkey {
            id: "p1".into(),
            member: MemberId("m1".into()),
            credential_id: new.credential_id,
            record: new.record,
            name: "iPhone".into(),
            created_at: UnixTime(0),
            last_used: None,
            cloned_at: None,
        }
    }

    fn ask_to_register(existing: &[Passkey], handle: &str) -> (Value, Registering) {
        let user = User { handle, name: "hanako", display_name: "Hanako" };
        passkeys().start_registration("Portal", user, existing, LATER).unwrap()
    }

    /// An authenticator with a registered credential.
    fn registered() -> (Authenticator, Passkey, String) {
        let handle = new_user_handle();
        let (options, asked) = ask_to_register(&[], &handle);
        let mut authenticator = Authenticator::new(ISSUER);
        authenticator.counter = 1;
        let new = passkeys().finish_registration(&asked, &authenticator.create(&options), NOW).unwrap();
        (authenticator, kept(new), handle)
    }

    fn finish(asked: &Authenticating, answer: &str, passkey: &Passkey, handle: &str) -> Result<String, PasskeyError> {
        passkeys().finish_authentication(asked, &Assertion::read(answer)?, passkey, handle, NOW)
    }

    #[test]
    fn a_registration_asks_for_a_resident_verifying_credential_anywhere() {
        let (_, existing, handle) = registered();
        let (mut options, _) = ask_to_register(std::slice::from_ref(&existing), &handle);
        let challenge = options["challenge"].take();
        assert_eq!(decoded(challenge.as_str().unwrap()).unwrap().len(), 32);
        assert_eq!(
            options,
            json!({
                "rp": { "id": "id.example.jp", "name": "Portal" },
                "user": { "id": handle, "name": "hanako", "displayName": "Hanako" },
                "challenge": null,
                "pubKeyCredParams": [
                    { "type": "public-key", "alg": -7 },
                    { "type": "public-key", "alg": -35 },
                    { "type": "public-key", "alg": -257 },
                ],
                "timeout": 300_000,
                "excludeCredentials": [{ "type": "public-key", "id": existing.credential_id }],
                "authenticatorSelection": {
                    "residentKey": "required",
                    "requireResidentKey": true,
                    "userVerification": "required",
                },
                "attestation": "none",
                "extensions": {
                    "credProps": true,
                    "credentialProtectionPolicy": "userVerificationRequired",
                    "enforceCredentialProtectionPolicy": false,
                },
            })
        );
    }

    #[test]
    fn a_login_asks_for_verification_and_names_nobody_and_no_way() {
        let (mut options, _) = passkeys().start_login(LATER).unwrap();
        options["challenge"].take();
        let asked = json!({ "challenge": null, "timeout": 300_000, "rpId": "id.example.jp", "allowCredentials": [],
                            "userVerification": "required" });
        assert_eq!(options, asked, "no mediation: the button and autofill differ in the script alone");
    }

    #[test]
    fn after_a_password_the_members_usable_passkeys_are_named_without_transports() {
        let (_, usable, _) = registered();
        let (_, mut cloned, _) = registered();
        cloned.cloned_at = Some(UnixTime(1));
        let (options, _) = passkeys().start_for_member(&[usable.clone(), cloned], LATER).unwrap();
        let allowed = json!([{ "type": "public-key", "id": usable.credential_id }]);
        assert_eq!(options["allowCredentials"], allowed);
        assert_eq!(options["userVerification"], "required");
    }

    #[test]
    fn what_is_remembered_survives_the_way_through_the_browser() {
        let (mut authenticator, passkey, handle) = registered();
        let (options, asked) = passkeys().start_login(LATER).unwrap();
        let asked: Authenticating = serde_json::from_str(&serde_json::to_string(&asked).unwrap()).unwrap();
        assert!(serde_json::to_string(&asked).unwrap().len() < 500, "it lies in a form");
        assert!(finish(&asked, &authenticator.get(&options), &passkey, &handle).is_ok());
    }

    #[test]
    fn registrations_that_are_not_what_was_asked_for_are_refused() {
        let (options, asked) = ask_to_register(&[], &new_user_handle());
        let refusal = |change: fn(&mut Authenticator)| {
            let mut authenticator = Authenticator::new(ISSUER);
            change(&mut authenticator);
            passkeys().finish_registration(&asked, &authenticator.create(&options), NOW).unwrap_err()
        };
        assert!(matches!(refusal(|a| a.verifies = false), PasskeyError::NotVerified));
        assert!(matches!(refusal(|a| a.resident = false), PasskeyError::NotDiscoverable));
        let evil = refusal(|a| a.origin = "https://id.example.jp.evil.example".into());
        assert!(matches!(evil, PasskeyError::Refused(WebauthnError::InvalidRPOrigin)));
        let port = refusal(|a| a.origin = "https://id.example.jp:8443".into());
        assert!(matches!(port, PasskeyError::Refused(WebauthnError::InvalidRPOrigin)));
        let framed = refusal(|a| a.cross_origin = true);
        assert!(matches!(framed, PasskeyError::Refused(WebauthnError::CredentialCrossOrigin)));
        assert!(matches!(refusal(|a| a.credential_id = vec![7; 1024]), PasskeyError::Unreadable));

        let mut authenticator = Authenticator::new(ISSUER);
        let answer = authenticator.create(&options);
        let (other, _) = ask_to_register(&[], &new_user_handle());
        let to_another = authenticator.create(&other);
        let refused = |answer: &str, now| passkeys().finish_registration(&asked, answer, now).unwrap_err();
        let challenge = refused(&to_another, NOW);
        assert!(matches!(challenge, PasskeyError::Refused(WebauthnError::MismatchedChallenge)));
        assert!(matches!(refused(&answer, LATER), PasskeyError::Expired));
        assert!(matches!(refused(&answer.replace("public-key", "password"), NOW), PasskeyError::Unreadable));
        for nonsense in ["", "{}", "null", "[]", &"[".repeat(10_000)] {
            assert!(matches!(refused(nonsense, NOW), PasskeyError::Unreadable));
        }
        assert!(passkeys().finish_registration(&asked, &answer, NOW).is_ok());
    }

    #[test]
    fn logins_that_are_not_what_was_asked_for_are_refused() {
        let (authenticator, passkey, handle) = registered();
        let (options, asked) = passkeys().start_login(LATER).unwrap();
        let refusal = |change: fn(&mut Authenticator)| {
            let mut changed = authenticator.clone();
            change(&mut changed);
            finish(&asked, &changed.get(&options), &passkey, &handle).unwrap_err()
        };
        assert!(matches!(refusal(|a| a.verifies = false), PasskeyError::NotVerified));
        assert!(matches!(refusal(|a| a.user_handle = None), PasskeyError::Unknown));
        assert!(matches!(refusal(|a| a.user_handle = Some(new_user_handle())), PasskeyError::Unknown));
        assert!(matches!(refusal(|a| a.credential_id = vec![1; 32]), PasskeyError::Unknown));
        assert!(matches!(refusal(|a| a.counter = 0), PasskeyError::Cloned));
        let framed = refusal(|a| a.cross_origin = true);
        assert!(matches!(framed, PasskeyError::Refused(WebauthnError::CredentialCrossOrigin)));
        let evil = refusal(|a| a.origin = "https://evil.example".into());
        assert!(matches!(evil, PasskeyError::Refused(WebauthnError::InvalidRPOrigin)));

        let mut right = authenticator.clone();
        let answer = right.get(&options);
        let assertion = Assertion::read(&answer).unwrap();
        let expired = passkeys().finish_authentication(&asked, &assertion, &passkey, &handle, LATER);
        assert!(matches!(expired, Err(PasskeyError::Expired)));
        let cloned = Passkey { cloned_at: Some(UnixTime(5)), ..passkey.clone() };
        assert!(matches!(finish(&asked, &answer, &cloned, &handle), Err(PasskeyError::Unknown)));
        let damaged = Passkey { record: "{}".into(), ..passkey.clone() };
        assert!(matches!(finish(&asked, &answer, &damaged, &handle), Err(PasskeyError::Damaged(_))));
        // Signed by the key of another credential under this one's name.
        let mut forger = Authenticator::new(ISSUER);
        forger.credential_id.clone_from(&authenticator.credential_id);
        forger.user_handle = Some(handle.clone());
        forger.counter = 9;
        let forged = finish(&asked, &forger.get(&options), &passkey, &handle);
        assert!(matches!(forged, Err(PasskeyError::Refused(_))));
        assert!(finish(&asked, &answer, &passkey, &handle).is_ok());
    }

    #[test]
    fn a_passkey_that_begins_to_be_synchronised_goes_on_and_one_that_ends_it_does_not() {
        let (mut authenticator, mut passkey, handle) = registered();
        authenticator.backup_eligible = true;
        for backed_up in [true, false, true] {
            authenticator.backed_up = backed_up;
            let (options, asked) = passkeys().start_login(LATER).unwrap();
            passkey.record = finish(&asked, &authenticator.get(&options), &passkey, &handle).unwrap();
        }
        authenticator.backup_eligible = false;
        authenticator.backed_up = false;
        let (options, asked) = passkeys().start_login(LATER).unwrap();
        let refused = finish(&asked, &authenticator.get(&options), &passkey, &handle).unwrap_err();
        assert!(matches!(refused, PasskeyError::Refused(WebauthnError::CredentialBackupEligibilityInconsistent)));
    }

    #[test]
    fn a_counter_goes_up_or_stays_at_zero() {
        let (mut authenticator, mut passkey, handle) = registered();
        for _ in 0..2 {
            let (options, asked) = passkeys().start_login(LATER).unwrap();
            let answer = authenticator.get(&options);
            let record = finish(&asked, &answer, &passkey, &handle).unwrap();
            assert_ne!(record, passkey.record);
            passkey.record = record;
            assert!(matches!(finish(&asked, &answer, &passkey, &handle), Err(PasskeyError::Cloned)));
        }

        let handle = new_user_handle();
        let (options, asked) = ask_to_register(&[], &handle);
        let mut synchronised = Authenticator::new(ISSUER);
        let new = passkeys().finish_registration(&asked, &synchronised.create(&options), NOW).unwrap();
        let passkey = kept(new);
        let (options, asked) = passkeys().start_login(LATER).unwrap();
        let record = finish(&asked, &synchronised.get(&options), &passkey, &handle).unwrap();
        assert_eq!(record, passkey.record);
    }

    #[test]
    fn after_a_password_the_answer_need_not_name_the_member_but_may_name_nobody_else() {
        let (mut authenticator, passkey, handle) = registered();
        let (options, asked) = passkeys().start_for_member(std::slice::from_ref(&passkey), LATER).unwrap();
        authenticator.user_handle = None;
        assert!(finish(&asked, &authenticator.get(&options), &passkey, &handle).is_ok());
        authenticator.user_handle = Some(new_user_handle());
        let other = finish(&asked, &authenticator.get(&options), &passkey, &handle);
        assert!(matches!(other, Err(PasskeyError::Unknown)));
    }

    #[test]
    fn there_are_no_passkeys_at_an_address_without_a_name() {
        for (issuer, has) in [
            ("http://127.0.0.1:8080/", false),
            ("https://[::1]/", false),
            ("http://localhost:8080/", true),
            ("https://id.example.jp/members/", true),
        ] {
            assert_eq!(Passkeys::new(&issuer.parse().unwrap()).is_some(), has, "{issuer}");
        }
    }
}
