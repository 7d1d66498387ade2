//! Enrolling an authenticator app, at the first login and from the profile: a key as a QR code and as text, confirmed by a
//! code (RFC 6238; product.md 1.5). Until then the key lies sealed in the form and nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::{Color, EcLevel, QrCode};
use serde::{Deserialize, Serialize};

use crate::actions::member::account_events::record;
use crate::domain::actor::Actor;
use crate::domain::login::one_time_password::{Code, KEY_BYTES, TotpKey};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::domain::unix_time::{Span, UnixTime};
use crate::random;
use crate::store::WriteTx;
use crate::store::member::members;
use crate::store::member::totp_devices::{self, TotpDevice};
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::{name_of, suggested_name};
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;

/// How long a page with a key may stay open.
const LASTS: Span = Span::minutes(30);

/// What the form shows.
#[derive(Clone, Debug, Serialize)]
pub struct TotpEnrolment {
    /// The key, sealed to this browser and member: sent back as the hidden field `enrolment`.
    pub sealed: String,
    pub qr: QrPicture,
    /// The key in groups of four letters.
    pub key: String,
    /// What apps call the entry.
    pub issuer: String,
    pub account: String,
    pub name: String,
    pub error: Option<EnrolmentError>,
}

/// A QR code as the path of an SVG, one unit a module.
#[derive(Clone, Debug, Serialize)]
pub struct QrPicture {
    /// Modules along a side, without the quiet zone.
    pub size: usize,
    pub path: String,
}

/// Why the form is shown again. Its name is the key of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnrolmentError {
    CodeMalformed,
    EnrolmentCodeWrong,
    DeviceNameMissing,
    TooManyDevices,
}

#[derive(Serialize, Deserialize)]
struct Pending {
    key: String,
    made_at: UnixTime,
}

/// A device whose code was right.
pub struct Confirmed {
    device: TotpDevice,
    step: i64,
}

/// `within` is the session or the login that the form belongs to: it is of use in no other.
fn place(browser: &BrowserRequest, member: &Member, within: &str) -> String {
    format!("totp enrolment of {} in {} within {within}", member.id, browser.browser_digest())
}

/// A form with a new key.
pub fn fresh(browser: &BrowserRequest, member: &Member, within: &str) -> TotpEnrolment {
    let key = TotpKey::new(random::bytes::<KEY_BYTES>().into());
    let pending = Pending { key: URL_SAFE_NO_PAD.encode(key.expose()), made_at: browser.web.app.now() };
    let json = serde_json::to_vec(&pending).unwrap_or_default();
    let sealed = browser.web.app.in_flow.seal(&json, &place(browser, member, within));
    form(browser, member, &key, sealed, suggested_name(browser), None)
}

fn form(
    browser: &BrowserRequest,
    member: &Member,
    key: &TotpKey,
    sealed: String,
    name: String,
    error: Option<EnrolmentError>,
) -> TotpEnrolment {
    let issuer = browser.web.app.settings.society.service_name.get(browser.locale().tag()).to_owned();
    let account = member.user_id.clone();
    let qr = picture(&key.uri(&issuer, &account));
    TotpEnrolment { sealed, qr, key: key.for_typing(), issuer, account, name, error }
}

fn picture(text: &str) -> QrPicture {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return QrPicture { size: 0, path: String::new() };
    };
    let size = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", at % size, at / size));
        }
    }
    QrPicture { size, path }
}

/// What was sent with the form: a device to add, or the form again.
pub fn check(
    browser: &BrowserRequest,
    member: &Member,
    within: &str,
    fields: &Params,
) -> Result<Result<Confirmed, TotpEnrolment>, PageError> {
    let app = &browser.web.app;
    let now = app.now();
    let expired = || PageError::page(ErrorKind::FormExpired);
    let sealed = fields.get("enrolment").ok_or_else(expired)?;
    let json = app.in_flow.open(sealed, &place(browser, member, within)).map_err(|_| expired())?;
    let pending: Pending = serde_json::from_slice(&json).map_err(|_| expired())?;
    if now >= pending.made_at + LASTS {
        return Err(expired());
    }
    let key = TotpKey::new(URL_SAFE_NO_PAD.decode(&pending.key).map_err(|_| expired())?);
    let typed_name = fields.get("device_name").unwrap_or_default();
    let again = |error| Ok(Err(form(browser, member, &key, sealed.to_owned(), typed_name.to_owned(), Some(error))));
    let Some(name) = name_of(Some(typed_name)) else { return again(EnrolmentError::DeviceNameMissing) };
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(EnrolmentError::CodeMalformed);
    };
    let tolerance = app.settings.authentication.app.tolerance;
    let Some(step) = key.step_of(&code, tolerance, now) else { return again(EnrolmentError::EnrolmentCodeWrong) };
    // The same form sent twice adds one device: the ID comes from the key.
    let id = crate::crypto::opaque_token::digest(&format!("totp device {}", pending.key))
        .chars()
        .take(22)
        .collect::<String>();
    let sealed_key = app.at_rest.seal(key.expose(), &totp_devices::place(&id));
    Ok(Ok(Confirmed { device: TotpDevice { id, name, sealed_key, created_at: now, last_used_at: now }, step }))
}

/// Adds the device, and chooses it as the method where the member has none; `false` if there are as many as there may be.
/// The same form sent twice adds it once.
pub async fn add(
    browser: &BrowserRequest,
    tx: &mut WriteTx,
    member: &Member,
    confirmed: Confirmed,
) -> Result<bool, PageError> {
    let app = &browser.web.app;
    let max = app.settings.authentication.app.max_devices;
    if !totp_devices::insert(tx, &member.id, &confirmed.device, confirmed.step, max).await? {
        let devices = totp_devices::of_member(tx, &member.id).await?;
        return Ok(devices.iter().any(|device| device.id == confirmed.device.id));
    }
    let name = confirmed.device.name;
    record(app, tx, member, AccountEvent::TotpAdded { name }, &Actor::Member(browser.device())).await?;
    if member.method.is_none() {
        members::set_method(tx, &member.id, Some(Method::Totp)).await?;
    }
    Ok(true)
}

/// The form again, with a new key, because the device could not be added.
pub fn too_many(browser: &BrowserRequest, member: &Member, within: &str) -> TotpEnrolment {
    TotpEnrolment { error: Some(EnrolmentError::TooManyDevices), ..fresh(browser, member, within) }
}

/// For the samples of pages.
pub fn samples() -> Vec<(&'static str, TotpEnrolment)> {
    let key = TotpKey::new(vec![7; KEY_BYTES]);
    let with = |error| TotpEnrolment {
        sealed: "sealed-1".into(),
        qr: picture(&key.uri("Portal", "hanako")),
        key: key.for_typing(),
        issuer: "Portal & more".into(),
        account: "hanako".into(),
        name: "iPhone <1>".into(),
        error,
    };
    vec![
        ("fresh", with(None)),
        ("wrong", with(Some(EnrolmentError::EnrolmentCodeWrong))),
        ("malformed", with(Some(EnrolmentError::CodeMalformed))),
        ("nameless", with(Some(EnrolmentError::DeviceNameMissing))),
        ("too_many", with(Some(EnrolmentError::TooManyDevices))),
    ]
}
