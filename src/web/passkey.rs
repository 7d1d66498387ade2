//! What the pages with passkeys share: a question that a form carries to the browser's WebAuthn and back, and the form that
//! enrols a passkey, at a login and from the profile (product.md 1.7). The script is `templates/assets/passkey.js`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::ActionError;
use crate::actions::member::passkeys::{self as action, Answered, NewPasskey};
use crate::crypto::passkey::{Authenticating, Registering, User, new_user_handle};
use crate::domain::ids::MemberId;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::domain::unix_time::UnixTime;
use crate::store::member::passkeys;
use crate::web::login::one_time_password::{name_of, suggested_name};
use crate::web::request::browser::BrowserRequest;

/// What a form asks the browser.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// The options of WebAuthn, as JSON.
    pub options: String,
    /// What we remember of them, sealed: sent back as the hidden field `question`.
    pub sealed: String,
}

/// Why a page with a passkey is shown again. Its name is the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasskeyTrouble {
    /// The name that the manual gives to every refusal.
    SecurityKeyInvalid,
    PasskeyExpired,
    /// Nothing was answered: the browser runs no scripts.
    PasskeyUnanswered,
    TooManyPasskeys,
}

/// A question opens in the browser that was asked, for what and for whom it was asked.
fn place(browser: &BrowserRequest, purpose: &str, member: Option<&MemberId>) -> String {
    format!("passkey {purpose} of {} in {}", member.map_or("anybody", MemberId::as_str), browser.browser_digest())
}

const LOGIN: &str = "login";

/// `within` is the session or the login that the form belongs to: it is of use in no other.
fn enrolment_within(within: &str) -> String {
    format!("enrolment within {within}")
}

fn expires_at(browser: &BrowserRequest) -> UnixTime {
    let app = &browser.web.app;
    app.now() + app.settings.sessions.login_time_limit
}

fn question<S: Serialize>(
    browser: &BrowserRequest,
    purpose: &str,
    member: Option<&MemberId>,
    options: &Value,
    remembered: &S,
) -> Question {
    let json = serde_json::to_vec(remembered).unwrap_or_default();
    let sealed = browser.web.app.in_flow.seal(&json, &place(browser, purpose, member));
    Question { options: options.to_string(), sealed }
}

fn open<S: DeserializeOwned>(
    browser: &BrowserRequest,
    purpose: &str,
    member: Option<&MemberId>,
    fields: &Params,
) -> Option<S> {
    let json = browser.web.app.in_flow.open(fields.get("question")?, &place(browser, purpose, member)).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The question of the login page, where nobody is known yet. Nothing is written for it. `None` where there are no passkeys.
pub fn ask_anybody(browser: &BrowserRequest) -> Result<Option<Question>, ActionError> {
    let Some(passkeys) = &browser.web.app.passkeys else { return Ok(None) };
    let (options, asked) = passkeys.start_login(expires_at(browser))?;
    Ok(Some(question(browser, LOGIN, None, &options, &asked)))
}

/// The question after a password: one of this member's.
pub async fn ask_member(browser: &BrowserRequest, member: &Member) -> Result<Question, ActionError> {
    let app = &browser.web.app;
    let relying_party = app.passkeys.as_ref().ok_or(ActionError::NoPasskeys)?;
    let existing = passkeys::of_member(&mut app.store.reader().await?, &member.id).await?;
    let (options, asked) = relying_party.start_for_member(&existing, expires_at(browser))?;
    Ok(question(browser, LOGIN, Some(&member.id), &options, &asked))
}

/// What came back to one of these questions: what was asked, and the answer.
pub fn answered<'a>(
    browser: &BrowserRequest,
    member: Option<&MemberId>,
    fields: &'a Params,
) -> Result<(Authenticating, &'a str), PasskeyTrouble> {
    let answer = fields.get("answer").ok_or(PasskeyTrouble::PasskeyUnanswered)?;
    let asked = open::<Authenticating>(browser, LOGIN, member, fields).ok_or(PasskeyTrouble::PasskeyExpired)?;
    Ok((asked, answer))
}

/// What the page says of an answer that was judged.
pub fn judged<T>(answered: Answered<T>) -> Result<T, PasskeyTrouble> {
    match answered {
        Answered::Right(right) => Ok(right),
        Answered::Refused => Err(PasskeyTrouble::SecurityKeyInvalid),
        Answered::Expired => Err(PasskeyTrouble::PasskeyExpired),
    }
}

/// What the form that enrols a passkey shows.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyEnrolment {
    pub question: Question,
    /// What the passkey will be called, to be changed.
    pub name: String,
    pub error: Option<PasskeyTrouble>,
}

#[derive(Serialize, Deserialize)]
struct Pending {
    asked: Registering,
    handle: String,
}

/// A form with a new question.
pub async fn enrolment(
    browser: &BrowserRequest,
    member: &Member,
    within: &str,
    name: Option<&str>,
    error: Option<PasskeyTrouble>,
) -> Result<PasskeyEnrolment, ActionError> {
    let app = &browser.web.app;
    let mut reader = app.store.reader().await?;
    let existing = passkeys::of_member(&mut reader, &member.id).await?;
    let handle = passkeys::user_handle(&mut reader, &member.id).await?.unwrap_or_else(new_user_handle);
    drop(reader);
    // Told before the authenticator makes one that nobody can use.
    let full = existing.len() >= app.settings.authentication.passkeys.max_passkeys as usize;
    let error = if full { Some(PasskeyTrouble::TooManyPasskeys) } else { error };
    let user = User {
        handle: &handle,
        name: &member.user_id,
        display_name: member.name.as_deref().unwrap_or(&member.user_id),
    };
    let service = app.settings.society.service_name.get(browser.locale().tag());
    let relying_party = app.passkeys.as_ref().ok_or(ActionError::NoPasskeys)?;
    let (options, asked) = relying_party.start_registration(service, user, &existing, expires_at(browser))?;
    let question = question(browser, &enrolment_within(within), Some(&member.id), &options, &Pending { asked, handle });
    let name = name.map_or_else(|| suggested_name(browser), str::to_owned);
    Ok(PasskeyEnrolment { question, name, error })
}

/// What was sent with the form: a passkey to be added, or why not.
pub fn brought(
    browser: &BrowserRequest,
    member: &Member,
    within: &str,
    fields: &Params,
) -> Result<Result<NewPasskey, PasskeyTrouble>, ActionError> {
    // The authenticator has made it already: a missing name is no reason to lose it.
    let name = name_of(fields.get("device_name")).unwrap_or_else(|| suggested_name(browser));
    let pending = open::<Pending>(browser, &enrolment_within(within), Some(&member.id), fields);
    Ok(match (fields.get("answer"), pending) {
        (None, _) => Err(PasskeyTrouble::PasskeyUnanswered),
        (_, None) => Err(PasskeyTrouble::PasskeyExpired),
        (Some(answer), Some(Pending { asked, handle })) => {
            match action::verify(&browser.web.app, &member.id, (&asked, &handle), answer, name)? {
                Answered::Right(new) => Ok(new),
                Answered::Refused => Err(PasskeyTrouble::SecurityKeyInvalid),
                Answered::Expired => Err(PasskeyTrouble::PasskeyExpired),
            }
        }
    })
}

/// For the samples of pages.
pub fn sample_question() -> Question {
    Question { options: r#"{"challenge":"<\"1\">"}"#.into(), sealed: "sealed-1".into() }
}

/// For the samples of pages.
pub fn samples() -> Vec<(&'static str, PasskeyEnrolment)> {
    let with = |error| PasskeyEnrolment { question: sample_question(), name: "iPhone <1>".into(), error };
    vec![
        ("fresh", with(None)),
        ("refused", with(Some(PasskeyTrouble::SecurityKeyInvalid))),
        ("expired", with(Some(PasskeyTrouble::PasskeyExpired))),
        ("unanswered", with(Some(PasskeyTrouble::PasskeyUnanswered))),
        ("too_many", with(Some(PasskeyTrouble::TooManyPasskeys))),
    ]
}
