//! Who did something to an account, a client or the help: every verb of `actions/` is told, and what it writes down says so.

use super::ids::ClientId;
use super::login::device::Device;

/// Who acts. Stored beside each event as [`Actor::stored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The member, in a browser of this kind.
    Member(Device),
    /// Somebody in a browser who has not shown who they are: a wrong password, a reset that was asked for.
    Stranger(Device),
    /// A relying party, by its own credentials.
    Client(ClientId),
    /// Whoever may use the command line; the name of the account on that machine, if there is one.
    CommandLine(Option<String>),
    /// Sekisho itself, beside the requests.
    Job,
}

impl Actor {
    /// Stable: in the database, and the beginning of an audit line. What stands behind the colon is a name, never a secret.
    pub fn stored(&self) -> String {
        match self {
            Actor::Member(_) => "member".to_owned(),
            Actor::Stranger(_) => "stranger".to_owned(),
            Actor::Client(id) => format!("client:{id}"),
            Actor::CommandLine(Some(name)) => format!("command_line:{name}"),
            Actor::CommandLine(None) => "command_line".to_owned(),
            Actor::Job => "job".to_owned(),
        }
    }

    /// Where the member did it; `None` if it was not the member.
    pub const fn device(&self) -> Option<Device> {
        match self {
            Actor::Member(device) => Some(*device),
            Actor::Stranger(_) | Actor::Client(_) | Actor::CommandLine(_) | Actor::Job => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_member_did_has_a_device() {
        let device = Device::of("Mozilla/5.0 (iPhone)");
        assert_eq!(Actor::Member(device).device(), Some(device));
        for other in
            [Actor::Stranger(device), Actor::Client(ClientId("a".into())), Actor::CommandLine(None), Actor::Job]
        {
            assert_eq!(other.device(), None, "{other:?}");
        }
        assert_eq!(Actor::CommandLine(Some("root".into())).stored(), "command_line:root");
    }
}
