//! Live values: `{{ password.min_length }}` in a help file stands for what the settings say, so that help can't
//! contradict behaviour. A value is words, never markup: whatever a setting holds, it is shown as it is. Conditions
//! (`{{ if method.passkey }}`, see `fill.rs`) keep an answer from promising what the operator has turned off.

use url::Url;

use crate::domain::login::password_policy::SYMBOLS;
use crate::domain::member::authentication_method::Method;

/// What help texts may quote, in the words of one language. Lengths of time are in words: `30 days`.
#[derive(Clone, Debug)]
pub struct LiveValues {
    pub service_name: String,
    pub society_name: String,
    /// What the inquiry form is called.
    pub inquiry_form: String,
    /// Without it the form is named, but not linked.
    pub inquiry_url: Option<Url>,
    pub user_id_min_length: u32,
    pub user_id_max_length: u32,
    /// The symbols that may stand in a user ID.
    pub user_id_symbols: String,
    /// In characters.
    pub password_min_length: u32,
    /// In characters.
    pub password_max_length: u32,
    /// A sentence: which classes of characters a password must contain.
    pub password_required_classes: String,
    /// A sentence: what becomes of passwords that many people use.
    pub password_common: String,
    /// A sentence: which former passwords are refused.
    pub password_history: String,
    /// A sentence: how old a password may become.
    pub password_max_age: String,
    pub password_initial_lifetime: String,
    pub password_reset_link_lifetime: String,
    /// How many wrong passwords in a row lock.
    pub password_lock_threshold: u32,
    /// A sentence: what ends the password lock.
    pub password_lock_release: String,
    /// Sentences: what a member does who can show no second factor any more.
    pub lost_methods: String,
    /// How many wrong one-time passwords in a row lock.
    pub account_lock_threshold: u32,
    /// A sentence: what ends the account lock.
    pub account_lock_release: String,
    /// What members may choose beside the password, in the order in which it is offered.
    pub methods: Vec<Method>,
    /// The same in words, as a list.
    pub methods_in_words: String,
    /// Whether somebody is asked for more than the password.
    pub second_factor_on: bool,
    pub second_factor_required: bool,
    pub email_address_required: bool,
    pub recovery_codes: bool,
    /// `None`: members can't trust devices.
    pub trust_device_for: Option<String>,
    pub fresh_for: String,
    pub app_max_devices: u32,
    /// A sentence: what becomes of a code that the app shows no more.
    pub app_old_codes: String,
    pub passkey_max: u32,
    pub email_code_lifetime: String,
    pub email_code_tries: u32,
    pub email_code_resend_after: String,
    pub session_idle: String,
    pub session_absolute: String,
    pub login_time_limit: String,
    pub mail_no_reply: String,
    pub mail_info: String,
    pub mail_webmaster: String,
    /// From `systems.toml`, as Markdown tables and words.
    pub systems: super::systems::SystemsInWords,
}

/// How a value is shown.
pub(super) enum Shown {
    Words(String),
    Code(String),
    Link(String, Url),
    /// Markdown of our own making that takes lines of its own.
    Block(String),
}

type Find = fn(&LiveValues) -> Shown;
type Holds = fn(&LiveValues) -> bool;

/// Every name that a help file may use.
pub(super) const NAMES: [(&str, Find); 41] = [
    ("service.name", |v| words(&v.service_name)),
    ("society.name", |v| words(&v.society_name)),
    ("inquiry.link", |v| match &v.inquiry_url {
        Some(url) => Shown::Link(v.inquiry_form.clone(), url.clone()),
        None => words(&v.inquiry_form),
    }),
    ("user_id.min_length", |v| words(v.user_id_min_length)),
    ("user_id.max_length", |v| words(v.user_id_max_length)),
    ("user_id.symbols", |v| Shown::Code(v.user_id_symbols.clone())),
    ("password.min_length", |v| words(v.password_min_length)),
    ("password.max_length", |v| words(v.password_max_length)),
    ("password.allowed_symbols", |_| Shown::Code(SYMBOLS.to_owned())),
    ("password.required_classes", |v| words(&v.password_required_classes)),
    ("password.common", |v| words(&v.password_common)),
    ("password.history", |v| words(&v.password_history)),
    ("password.max_age", |v| words(&v.password_max_age)),
    ("password.initial_lifetime", |v| words(&v.password_initial_lifetime)),
    ("password.reset_link_lifetime", |v| words(&v.password_reset_link_lifetime)),
    ("lock.password.threshold", |v| words(v.password_lock_threshold)),
    ("lock.password.release", |v| words(&v.password_lock_release)),
    ("lock.account.threshold", |v| words(v.account_lock_threshold)),
    ("lock.account.release", |v| words(&v.account_lock_release)),
    ("methods", |v| words(&v.methods_in_words)),
    ("methods.lost", |v| words(&v.lost_methods)),
    ("trust_device.lifetime", |v| words(v.trust_device_for.as_deref().unwrap_or_default())),
    ("fresh.lifetime", |v| words(&v.fresh_for)),
    ("app.max_devices", |v| words(v.app_max_devices)),
    ("app.old_codes", |v| words(&v.app_old_codes)),
    ("passkey.max", |v| words(v.passkey_max)),
    ("email_code.lifetime", |v| words(&v.email_code_lifetime)),
    ("email_code.tries", |v| words(v.email_code_tries)),
    ("email_code.resend_after", |v| words(&v.email_code_resend_after)),
    ("session.idle", |v| words(&v.session_idle)),
    ("session.absolute", |v| words(&v.session_absolute)),
    ("login.time_limit", |v| words(&v.login_time_limit)),
    ("mail.no_reply", |v| words(&v.mail_no_reply)),
    ("mail.info", |v| words(&v.mail_info)),
    ("mail.webmaster", |v| words(&v.mail_webmaster)),
    ("systems.browsers", |v| Shown::Block(v.systems.browsers.clone())),
    ("systems.android", |v| Shown::Block(v.systems.android.clone())),
    ("systems.ios", |v| Shown::Block(v.systems.ios.clone())),
    ("systems.android_recommended", |v| words(&v.systems.android_recommended)),
    ("systems.ios_recommended", |v| words(&v.systems.ios_recommended)),
    ("systems.apps", |v| words(&v.systems.apps)),
];

/// Every condition that a help file may use.
pub(super) const CONDITIONS: [(&str, Holds); 14] = [
    ("method.email", |v| v.has(Method::Email)),
    ("method.totp", |v| v.has(Method::Totp)),
    ("method.passkey", |v| v.has(Method::Passkey)),
    // A passkey is a whole login: it is offered even where the password is enough.
    ("one_time_password", |v| v.has(Method::Email) || v.has(Method::Totp)),
    // What is registered on a device and can be lost with it.
    ("devices", |v| v.has(Method::Totp) || v.has(Method::Passkey)),
    ("methods.several", |v| v.methods.len() > 1),
    ("methods.any", |v| !v.methods.is_empty()),
    ("second_factor.on", |v| v.second_factor_on),
    ("second_factor.required", |v| v.second_factor_required),
    ("email_address.required", |v| v.email_address_required),
    ("recovery_codes", |v| v.recovery_codes),
    ("trust_device", |v| v.trust_device_for.is_some()),
    ("inquiry.url", |v| v.inquiry_url.is_some()),
    ("user_id.symbols", |v| !v.user_id_symbols.is_empty()),
];

fn words(words: impl ToString) -> Shown {
    Shown::Words(words.to_string())
}

impl LiveValues {
    fn has(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }

    /// Whether a condition holds, which `not` may turn round. `Err`: it is unknown.
    pub(super) fn holds(&self, condition: &str) -> Result<bool, String> {
        let (is_turned, name) = match condition.strip_prefix("not ") {
            Some(name) => (true, name.trim()),
            None => (false, condition.trim()),
        };
        match CONDITIONS.iter().find(|(known, _)| *known == name) {
            Some((_, holds)) => Ok(holds(self) != is_turned),
            None => Err(format!(
                "there is no condition \"{name}\"; there are {}",
                CONDITIONS.map(|(known, _)| known).join(", ")
            )),
        }
    }
}

impl Shown {
    pub fn markdown(&self) -> Option<String> {
        Some(match self {
            Shown::Words(words) => escaped(words),
            // Two backticks, for there is one among the symbols (CommonMark 0.31, 6.1).
            Shown::Code(code) => format!("`` {code} ``"),
            Shown::Link(words, url) => format!("[{}](<{}>)", escaped(words), escaped_target(url.as_str())),
            Shown::Block(_) => return None,
        })
    }

    pub fn plain(&self) -> Option<String> {
        match self {
            Shown::Words(words) | Shown::Code(words) | Shown::Link(words, _) => Some(parted(&on_one_line(words))),
            Shown::Block(_) => None,
        }
    }
}

/// Every ASCII punctuation mark may be escaped, and nothing else has a meaning within a line (CommonMark 0.31, 2.4).
pub fn escaped(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for letter in parted(&on_one_line(words)).chars() {
        if letter.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// Two braces begin an expression in the templates of many portals: a word joiner between them, which nobody sees, keeps
/// a value from being one.
fn parted(words: &str) -> String {
    words.replace("{{", "{\u{2060}{")
}

/// What has a meaning in a link's target between `<` and `>` (CommonMark 0.31, 6.3), and `|`, which ends a table's cell.
fn escaped_target(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for letter in url.chars() {
        if matches!(letter, '\\' | '<' | '>' | '&' | '|') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// A line's end or an indent could begin another block.
fn on_one_line(words: &str) -> String {
    words
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
