//! `[mail]`: whom members see as the sender.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The addresses that members see as the sender; the help tells members to let them through their filters.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Address verification, one-time passwords, forgotten password, forgotten user ID, security notices.
    pub no_reply: String,
    /// Notices that a portal sends to a member.
    pub info: String,
    /// The notice of the first login.
    pub webmaster: String,
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            no_reply: "no-reply@localhost".into(),
            info: "info@localhost".into(),
            webmaster: "webmaster@localhost".into(),
        }
    }
}
