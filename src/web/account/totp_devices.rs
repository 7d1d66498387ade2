//! `/account/totp-devices/{id}`: an authenticator app is renamed, or deleted on a page that asks first (product.md 1.5;
//! FAQ 11).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::remove_authenticator::{self, Removed};
use crate::actions::member::{authenticators as action, rename_authenticator};
use crate::domain::ids::Identifier;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::{Enrolled, Method};
use crate::domain::member::authenticator_removal::Removal;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::member::totp_devices::{self, TotpDevice};
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::name_of;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::request::named::Named;

/// An app in words. Times are as the reader's language writes them.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceLine {
    pub id: String,
    pub name: String,
    pub created: String,
    pub last_used: String,
}

/// One, to be renamed.
#[derive(Clone, Debug, Serialize)]
pub struct TotpDevicePage {
    pub device: DeviceLine,
    /// What was typed is too long or nothing.
    pub refused: bool,
}

/// One, about to be deleted.
#[derive(Clone, Debug, Serialize)]
pub struct TotpDeviceDeletionPage {
    pub device: DeviceLine,
    pub consequence: Consequence,
}

/// What it means to delete something. Its name is the end of a text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Consequence {
    /// The method stays what it is.
    Same,
    /// Another method is asked for from then on.
    OtherMethod { method: &'static str },
    /// Nothing is asked for beside the password.
    PasswordAlone,
    /// It can't be deleted.
    LastFactor,
}

impl Consequence {
    /// Of a removal that leaves these methods.
    pub async fn of(
        browser: &BrowserRequest,
        member: &Member,
        before: &Enrolled,
        left: &Enrolled,
    ) -> Result<Consequence, Stop> {
        let app = &browser.web.app;
        let mut reader = app.store.reader().await?;
        Ok(match action::after_removal(app, &mut reader, member, before, left).await? {
            Removal::LastFactor => Consequence::LastFactor,
            Removal::Allowed { method } if method == member.method => Consequence::Same,
            Removal::Allowed { method: Some(method) } => Consequence::OtherMethod { method: method.name() },
            Removal::Allowed { method: None } => Consequence::PasswordAlone,
        })
    }
}

pub fn line(browser: &BrowserRequest, device: &TotpDevice) -> DeviceLine {
    DeviceLine {
        id: device.id.clone(),
        name: device.name.clone(),
        created: browser.date_time(device.created_at),
        last_used: browser.date_time(device.last_used_at),
    }
}

/// The device and how many there are. Another member's is not there.
async fn one(browser: &BrowserRequest, member: &Member, id: &str) -> Result<(TotpDevice, usize), Stop> {
    let all = totp_devices::of_member(&mut browser.web.app.store.reader().await?, &member.id).await?;
    let there_are = all.len();
    let device = all.into_iter().find(|device| device.id == id).ok_or_else(|| Stop::page(ErrorKind::NotFound))?;
    Ok((device, there_are))
}

pub async fn get(mut browser: BrowserRequest, Named(id): Named) -> Response {
    let outcome = show(&mut browser, &id).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest, id: &Identifier) -> Result<Shown<TotpDevicePage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::TotpDevice(id.to_owned())).await?;
    let (device, _) = one(browser, &member, id).await?;
    Ok(Shown::Page(naming(browser, &device, browser.query.get("typed"), false)))
}

fn naming(browser: &BrowserRequest, device: &TotpDevice, typed: Option<&str>, refused: bool) -> TotpDevicePage {
    let line = line(browser, device);
    let name = typed.map_or(line.name, str::to_owned);
    TotpDevicePage { device: DeviceLine { name, ..line }, refused }
}

pub async fn post(Named(id): Named, OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = rename(&mut browser, &id, &fields).await;
    answer(browser, outcome)
}

async fn rename(browser: &mut BrowserRequest, id: &Identifier, fields: &Params) -> Result<Shown<TotpDevicePage>, Stop> {
    let here = || AccountPage::TotpDevice(id.to_owned()).typed(fields.get("device_name"));
    let SignedIn { member, .. } = sent_by(browser, fields, here()).await?;
    let Some(name) = name_of(fields.get("device_name")) else {
        let (device, _) = one(browser, &member, id).await?;
        return Ok(Shown::Again(naming(browser, &device, fields.get("device_name"), true)));
    };
    let done = rename_authenticator::app(&browser.web.app, &browser.caller(), id, &name).await;
    if !done.map_err(|why| stop(browser, here(), why))? {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    browser.notify(Banner::AuthenticatorRenamed);
    Ok(Shown::GoTo(AccountPage::AuthenticationMethod.path()))
}

pub async fn get_deletion(mut browser: BrowserRequest, Named(id): Named) -> Response {
    let outcome = show_deletion(&mut browser, &id).await;
    answer(browser, outcome)
}

async fn show_deletion(browser: &mut BrowserRequest, id: &Identifier) -> Result<Shown<TotpDeviceDeletionPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::TotpDeviceDeletion(id.to_owned())).await?;
    let (device, there_are) = one(browser, &member, id).await?;
    let before = action::enrolled(&mut browser.web.app.store.reader().await?, &member).await?;
    let mut left = before.clone();
    left.methods.retain(|method| *method != Method::Totp || there_are > 1);
    let consequence = Consequence::of(browser, &member, &before, &left).await?;
    Ok(Shown::Page(TotpDeviceDeletionPage { device: line(browser, &device), consequence }))
}

pub async fn post_deletion(Named(id): Named, OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = delete(&mut browser, &id, &fields).await;
    answer(browser, outcome)
}

async fn delete(
    browser: &mut BrowserRequest,
    id: &Identifier,
    fields: &Params,
) -> Result<Shown<TotpDeviceDeletionPage>, Stop> {
    let here = || AccountPage::TotpDeviceDeletion(id.to_owned());
    let SignedIn { member, .. } = sent_by(browser, fields, here()).await?;
    let removed = remove_authenticator::app(&browser.web.app, &browser.caller(), id).await;
    match removed.map_err(|why| stop(browser, here(), why))? {
        Removed::Done => browser.notify(Banner::AuthenticatorRemoved),
        // Another member's, or the button was pressed twice.
        Removed::Gone => {}
        Removed::LastFactor => {
            let (device, _) = one(browser, &member, id).await?;
            let consequence = Consequence::LastFactor;
            return Ok(Shown::Again(TotpDeviceDeletionPage { device: line(browser, &device), consequence }));
        }
    }
    Ok(Shown::GoTo(AccountPage::AuthenticationMethod.path()))
}

/// For the samples of pages.
pub fn sample(id: &str) -> DeviceLine {
    DeviceLine {
        id: id.into(),
        name: format!("<{id}>"),
        created: "2026-03-01 09:00".into(),
        last_used: "2026-11-22 10:42".into(),
    }
}

impl PageTemplate for TotpDevicePage {
    const TEMPLATE: &'static str = "account/totp_device.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |refused| TotpDevicePage { device: sample("phone"), refused };
        vec![("fresh", page(false)), ("refused", page(true))]
    }
}

impl PageTemplate for TotpDeviceDeletionPage {
    const TEMPLATE: &'static str = "account/totp_device_deletion.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |consequence| TotpDeviceDeletionPage { device: sample("phone"), consequence };
        vec![
            ("one_of_several", page(Consequence::Same)),
            ("other_method", page(Consequence::OtherMethod { method: "email" })),
            ("password_alone", page(Consequence::PasswordAlone)),
            ("last_factor", page(Consequence::LastFactor)),
        ]
    }
}
