//! A passkey as it is kept (WebAuthn Level 3, 4: credential record) with the name that its member gave it.

use crate::domain::ids::MemberId;
use crate::domain::login::device::Device;
use crate::domain::unix_time::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Names it in our pages' addresses and says nothing.
    pub id: String,
    pub member: MemberId,
    /// What it is called by the authenticator, in base64url.
    pub credential_id: String,
    /// The credential record as `crypto::passkey` reads and writes it.
    pub record: String,
    pub name: String,
    pub created_at: UnixTime,
    pub last_used: Option<(UnixTime, Device)>,
    /// Since its counter went backwards it logs nobody in.
    pub cloned_at: Option<UnixTime>,
}

impl Passkey {
    pub fn is_usable(&self) -> bool {
        self.cloned_at.is_none()
    }
}
