//! Enrolling an authenticator app, at the first login and from the profile: a key as a QR code and as text, confirmed by a
//! code (RFC 6238; product.md 1.5). Until then the key lies sealed in the browser and nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use crate::actions::member::enrol_authenticator::ConfirmedApp;
use crate::crypto::opaque_token;
use crate::domain::login::one_time_password::{Code, KEY_BYTES, TotpKey};
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::domain::unix_time::{Span, UnixTime};
use crate::random;
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

/// A key that is not enrolled yet, and when it was made: sealed in the form, and in a cookie for the form's next reload.
struct Pending {
    key: [u8; KEY_BYTES],
    made_at: UnixTime,
}

impl Pending {
    fn new(now: UnixTime) -> Pending {
        Pending { key: random::bytes::<KEY_BYTES>(), made_at: now }
    }

    fn seal(&self, browser: &BrowserRequest, place: &str) -> String {
        let bytes = [self.key.as_slice(), &self.made_at.0.to_be_bytes()].concat();
        browser.web.app.in_flow.seal(&bytes, place)
    }

    /// `None` if it is not for this place, or too old.
    fn open(browser: &BrowserRequest, sealed: &str, place: &str) -> Option<Pending> {
        let bytes = browser.web.app.in_flow.open(sealed, place).ok()?;
        let (key, made_at) = bytes.split_at_checked(KEY_BYTES)?;
        let made_at = UnixTime(i64::from_be_bytes(made_at.try_into().ok()?));
        let pending = Pending { key: key.try_into().ok()?, made_at };
        (browser.web.app.now() < made_at + LASTS).then_some(pending)
    }

    fn key(&self) -> TotpKey {
        TotpKey::new(self.key.into())
    }

    /// Comes from the key: the same form sent twice adds one device.
    fn device_id(&self) -> String {
        let key = URL_SAFE_NO_PAD.encode(self.key);
        opaque_token::digest(&format!("totp device {key}")).chars().take(22).collect()
    }
}

/// `within` is the session or the login that the form belongs to: it is of use in no other.
fn place(browser: &BrowserRequest, member: &Member, within: &str) -> String {
    format!("totp enrolment of {} in {} within {within}", member.id, browser.browser_digest())
}

/// The form with the key. A phone may reload the tab while its owner is in the app: the key that was scanned is still there
/// then. `enrolled` are the devices that the member has: what became one of them is not shown again.
pub fn fresh(browser: &mut BrowserRequest, member: &Member, within: &str, enrolled: &[TotpDevice]) -> TotpEnrolment {
    let place = place(browser, member, within);
    let remembered = browser.enrolment().and_then(|sealed| Pending::open(browser, sealed, &place));
    let remembered = remembered.filter(|pending| enrolled.iter().all(|device| device.id != pending.device_id()));
    let pending = remembered.unwrap_or_else(|| Pending::new(browser.web.app.now()));
    let sealed = pending.seal(browser, &place);
    browser.remember_enrolment(&sealed);
    form(browser, member, &pending.key(), sealed, suggested_name(browser), None)
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
) -> Result<Result<ConfirmedApp, TotpEnrolment>, PageError> {
    let app = &browser.web.app;
    let now = app.now();
    let expired = || PageError::page(ErrorKind::FormExpired);
    let sealed = fields.get("enrolment").ok_or_else(expired)?;
    let pending = Pending::open(browser, sealed, &place(browser, member, within)).ok_or_else(expired)?;
    let key = pending.key();
    let typed_name = fields.get("device_name").unwrap_or_default();
    let again = |error| Ok(Err(form(browser, member, &key, sealed.to_owned(), typed_name.to_owned(), Some(error))));
    let Some(name) = name_of(Some(typed_name)) else { return again(EnrolmentError::DeviceNameMissing) };
    let Some(code) = Code::understand(fields.get("code").unwrap_or_default()) else {
        return again(EnrolmentError::CodeMalformed);
    };
    let tolerance = app.settings.authentication.app.tolerance;
    let Some(step) = key.step_of(&code, tolerance, now) else { return again(EnrolmentError::EnrolmentCodeWrong) };
    let id = pending.device_id();
    let sealed_key = app.at_rest.seal(key.expose(), &totp_devices::place(&id));
    Ok(Ok(ConfirmedApp { device: TotpDevice { id, name, sealed_key, created_at: now, last_used_at: now }, step }))
}

/// The form again, because the device can't be added.
pub fn too_many(browser: &mut BrowserRequest, member: &Member, within: &str) -> TotpEnrolment {
    TotpEnrolment { error: Some(EnrolmentError::TooManyDevices), ..fresh(browser, member, within, &[]) }
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
