//! One login in one browser, shared by all relying parties, and how long it lasts.

use super::assurance::Assurance;
use super::device::Device;
use crate::domain::ids::{BrowserSessionId, FlowId, MemberId};
use crate::domain::unix_time::{Span, UnixTime};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    pub id: BrowserSessionId,
    pub member: MemberId,
    /// The login that authenticated last: a request that demanded a login finds its own name here.
    pub flow: FlowId,
    pub authenticated_at: UnixTime,
    /// What that login has shown.
    pub assurance: Assurance,
    pub device: Device,
    pub last_used_at: UnixTime,
    /// Whatever happens.
    pub expires_at: UnixTime,
}

/// The use of a session is written down at most this often: a write for every page would cost more than it tells.
const NOTED_EVERY: Span = Span::minutes(1);

impl BrowserSession {
    pub fn is_alive(&self, idle: Span, now: UnixTime) -> bool {
        now < self.expires_at && now.since(self.last_used_at) < idle
    }

    pub fn use_is_worth_noting(&self, now: UnixTime) -> bool {
        now.since(self.last_used_at) >= NOTED_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_idle_and_at_its_absolute_end() {
        let session = BrowserSession {
            id: BrowserSessionId("s".into()),
            member: MemberId("m".into()),
            flow: FlowId("f".into()),
            authenticated_at: UnixTime(0),
            assurance: Assurance::Password,
            device: Device::default(),
            last_used_at: UnixTime(1_000),
            expires_at: UnixTime(2_000),
        };
        let idle = Span::seconds(600);
        assert!(session.is_alive(idle, UnixTime(1_599)));
        assert!(!session.is_alive(idle, UnixTime(1_600)));
        let used = BrowserSession { last_used_at: UnixTime(1_999), ..session };
        assert!(used.is_alive(idle, UnixTime(1_999)));
        assert!(!used.is_alive(idle, UnixTime(2_000)));
        assert!(used.use_is_worth_noting(UnixTime(2_059)));
        assert!(!used.use_is_worth_noting(UnixTime(2_058)));
    }
}
