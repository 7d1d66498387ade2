//! Rules of logging in: which passwords are taken, when a lock stands, which step comes next.

pub mod assurance;
pub mod browser_session;
pub mod device;
pub mod flow;
pub mod locks;
pub mod login_page;
pub mod lost_methods;
pub mod next_step;
pub mod one_time_password;
pub mod passkey;
pub mod password_policy;
pub mod recovery_code;
