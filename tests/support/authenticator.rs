//! An authenticator in software, with a browser around it that can be made to lie: answers the options of WebAuthn Level 3
//! (5.8.3) as a browser would send them, signed by a P-256 key, attestation "none".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::ES256;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// One credential and all that may be said with it.
#[derive(Clone, Debug)]
pub struct Authenticator {
    key: Jwk,
    pub credential_id: Vec<u8>,
    /// As the options of the registration named it, in base64url.
    pub user_handle: Option<String>,
    /// Raised before each use; at zero it stays there, as with synchronised passkeys.
    pub counter: u32,
    pub verifies: bool,
    /// Whether it may be kept in copies, and whether it is.
    pub backup_eligible: bool,
    pub backed_up: bool,
    /// What the browser says of the page.
    pub origin: String,
    pub cross_origin: bool,
    /// In `credProps`.
    pub resident: bool,
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

impl Authenticator {
    /// One that has no credential yet, in a browser at `origin`.
    pub fn new(origin: &str) -> Authenticator {
        Authenticator {
            key: Jwk::generate_ec_key(EcCurve::P256).unwrap(),
            credential_id: random_id(),
            user_handle: None,
            counter: 0,
            verifies: true,
            backup_eligible: false,
            backed_up: false,
            origin: origin.trim_end_matches('/').to_owned(),
            cross_origin: false,
            resident: true,
        }
    }

    /// Makes the credential: a `RegistrationResponseJSON`.
    pub fn create(&mut self, options: &Value) -> String {
        self.user_handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let mut data = self.authenticator_data(options["rp"]["id"].as_str().unwrap(), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        // COSE_Key (RFC 9053, 7.1.1): EC2, ES256, P-256.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(self.coordinate("x"));
        data.extend([0x22, 0x58, 0x20]);
        data.extend(self.coordinate("y"));
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        attestation.extend(&data);
        let response = json!({
            "clientDataJSON": encoded(self.client_data("webauthn.create", options).as_bytes()),
            "attestationObject": encoded(&attestation),
            "transports": ["internal"],
        });
        self.answer(response, json!({ "credProps": { "rk": self.resident } }))
    }

    /// Proves to have the credential: an `AuthenticationResponseJSON`.
    pub fn get(&mut self, options: &Value) -> String {
        if self.counter > 0 {
            self.counter += 1;
        }
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), &Sha256::digest(client_data.as_bytes())].concat();
        let signature = ES256.signer_from_jwk(&self.key).map(|signer| josekit::jws::JwsSigner::sign(&signer, &signed));
        let response = json!({
            "clientDataJSON": encoded(client_data.as_bytes()),
            "authenticatorData": encoded(&data),
            "signature": encoded(&der(&signature.unwrap().unwrap())),
            "userHandle": self.user_handle,
        });
        self.answer(response, json!({}))
    }

    fn answer(&self, response: Value, extensions: Value) -> String {
        let id = encoded(&self.credential_id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response,
                "clientExtensionResults": extensions, "authenticatorAttachment": "platform" })
        .to_string()
    }

    fn authenticator_data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let said = [(self.verifies, VERIFIED), (self.backup_eligible, BACKUP_ELIGIBLE), (self.backed_up, BACKED_UP)];
        let said = said.iter().filter(|(holds, _)| *holds).fold(0, |all, (_, flag)| all | flag);
        let flags = PRESENT | flags | said;
        [Sha256::digest(rp_id.as_bytes()).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.cross_origin })
            .to_string()
    }

    fn coordinate(&self, name: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(self.key.parameter(name).unwrap().as_str().unwrap()).unwrap()
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn random_id() -> Vec<u8> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes.into()
}

/// An ECDSA signature as WebAuthn writes it (RFC 3279, 2.2.3), from the two halves that JOSE writes.
fn der(halves: &[u8]) -> Vec<u8> {
    let (r, s) = halves.split_at(32);
    let integer = |half: &[u8]| {
        let digits = half.iter().position(|b| *b != 0).map_or(&[0][..], |first| &half[first..]);
        let sign = if digits[0] & 0x80 == 0 { &[][..] } else { &[0][..] };
        [&[0x02, u8::try_from(sign.len() + digits.len()).unwrap()], sign, digits].concat()
    };
    let both = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(both.len()).unwrap()], both.as_slice()].concat()
}
