//! Logging in, from the first factor to the session, and the end of sessions.

pub mod check_password;
pub mod email_codes;
pub mod end_sessions;
pub mod enrol_method;
pub mod finish_login;
pub mod log_in_with_passkey;
pub mod log_in_with_password;
pub mod lost_methods;
pub mod note_session_use;
pub mod one_time_passwords;
pub mod register_email_address;
pub mod replace_initial_password;
pub mod show_second_factor;
pub mod take_step;
pub mod tell_of_password_locks;

use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::actor::Actor;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::device::Device;
use crate::store::login::browser_sessions;
use crate::store::{Reads, StoreError};

/// A browser in which somebody logs in: what it brought along.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Of the cookie that stands for it.
    pub digest: String,
    pub session_token: Option<String>,
    pub device_token: Option<String>,
    /// What it says of itself.
    pub device: Device,
}

impl Browser {
    /// Whoever has shown who they are in it.
    pub fn member(&self) -> Actor {
        Actor::Member(self.device)
    }

    /// The session that it is in, if that is still good.
    pub async fn session(&self, app: &App, db: &mut impl Reads) -> Result<Option<BrowserSession>, StoreError> {
        let Some(token) = &self.session_token else { return Ok(None) };
        let found = browser_sessions::by_token(db, &opaque_token::digest(token)).await?;
        Ok(found.filter(|session| session.is_alive(app.settings.sessions.idle, app.now())))
    }
}
