//! What the pages for one-time passwords share.

use serde::Serialize;

use crate::actions::login::email_codes::Sent;
use crate::domain::login::device::Device;
use crate::web::request::browser::BrowserRequest;

/// Why a member sees the form for a code again. Its name is the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeError {
    /// Not six digits: nothing was tried.
    CodeMalformed,
    CodeWrong,
    /// One that was sent by e-mail.
    EmailCodeWrong,
    /// It has expired, was used or was tried too often: another one must be sent.
    CodeSpent,
    /// Codes are sent at intervals.
    CodeTooSoon,
    /// The member has been sent too many lately.
    CodeTooMany,
    RecoveryCodeMalformed,
    RecoveryCodeWrong,
}

impl CodeError {
    /// Why no code was sent.
    pub fn of(sent: Sent) -> Option<CodeError> {
        match sent {
            Sent::Sent => None,
            Sent::TooSoon => Some(CodeError::CodeTooSoon),
            Sent::TooMany => Some(CodeError::CodeTooMany),
        }
    }
}

/// How many days a device stays trusted, where members may trust devices.
pub fn trust_days(browser: &BrowserRequest) -> Option<u32> {
    browser.web.app.settings.authentication.trust_device_for.map(|span| span.as_seconds().div_ceil(86_400))
}

/// The name that a device gets if the member gives it none.
pub fn suggested_name(browser: &BrowserRequest) -> String {
    in_words(browser, browser.device())
}

/// A device as the reader's language calls it.
pub fn in_words(browser: &BrowserRequest, device: Device) -> String {
    let texts = &browser.web.catalogue;
    let system = texts.text(browser.locale(), &format!("system-{}", device.system.name()), &[]);
    let its_browser = texts.text(browser.locale(), &format!("browser-{}", device.browser.name()), &[]);
    texts.text(browser.locale(), "device-in-words", &[("system", system.into()), ("browser", its_browser.into())])
}

/// A name as a member typed it: spaces around it go, and what is too long or empty is refused.
pub fn name_of(typed: Option<&str>) -> Option<String> {
    let name: String = typed?.trim().chars().filter(|c| !c.is_control()).collect();
    (1..=40).contains(&name.chars().count()).then_some(name)
}
