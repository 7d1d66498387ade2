//! `/account/passkeys`: the member's passkeys, and for each a page to rename it and one to delete it.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::remove_authenticator::{self, Removed};
use crate::actions::member::rename_authenticator;
use crate::domain::ids::Identifier;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::member::passkeys;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::{in_words, name_of};
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;
use crate::web::request::named::Named;

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeysPage {
    pub passkeys: Vec<PasskeyLine>,
    /// Whether one more may be added.
    pub may_add: bool,
}

/// A passkey in words. Times are as the reader's language writes them.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyLine {
    pub id: String,
    pub name: String,
    pub created: String,
    /// When, and on which device.
    pub last_used: Option<(String, String)>,
    /// Its counter went backwards: it can't be used.
    pub cloned: bool,
}

/// One, to be renamed.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyNamePage {
    pub passkey: PasskeyLine,
    /// What was typed is too long or nothing.
    pub refused: bool,
}

/// One, about to be deleted.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyDeletionPage {
    pub passkey: PasskeyLine,
    /// The policy asks for a method, and this is the last.
    pub last_factor: bool,
}

fn line(browser: &BrowserRequest, passkey: &Passkey) -> PasskeyLine {
    PasskeyLine {
        id: passkey.id.clone(),
        name: passkey.name.clone(),
        created: browser.date_time(passkey.created_at),
        last_used: passkey.last_used.map(|(at, device)| (browser.date_time(at), in_words(browser, device))),
        cloned: !passkey.is_usable(),
    }
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = all(&mut browser).await;
    answer(browser, outcome)
}

async fn all(browser: &mut BrowserRequest) -> Result<Shown<PasskeysPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::Passkeys).await?;
    let app = &browser.web.app;
    let all = passkeys::of_member(&mut app.store.reader().await?, &member.id).await?;
    let may_add = app.passkeys.is_some() && all.len() < app.settings.authentication.passkeys.max_passkeys as usize;
    Ok(Shown::Page(PasskeysPage { passkeys: all.iter().map(|passkey| line(browser, passkey)).collect(), may_add }))
}

/// Another member's passkey is not there.
async fn one(browser: &BrowserRequest, member: &Member, id: &str) -> Result<Passkey, Stop> {
    let passkey = passkeys::by_id(&mut browser.web.app.store.reader().await?, &member.id, id).await?;
    passkey.ok_or_else(|| Stop::page(ErrorKind::NotFound))
}

pub async fn get_one(mut browser: BrowserRequest, Named(id): Named) -> Response {
    let outcome = show_one(&mut browser, &id).await;
    answer(browser, outcome)
}

async fn show_one(browser: &mut BrowserRequest, id: &Identifier) -> Result<Shown<PasskeyNamePage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::Passkey(id.to_owned())).await?;
    let passkey = one(browser, &member, id).await?;
    Ok(Shown::Page(naming(browser, &passkey, browser.query.get("typed"), false)))
}

fn naming(browser: &BrowserRequest, passkey: &Passkey, typed: Option<&str>, refused: bool) -> PasskeyNamePage {
    let line = line(browser, passkey);
    let name = typed.map_or(line.name, str::to_owned);
    PasskeyNamePage { passkey: PasskeyLine { name, ..line }, refused }
}

pub async fn post_one(Named(id): Named, OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = rename(&mut browser, &id, &fields).await;
    answer(browser, outcome)
}

async fn rename(
    browser: &mut BrowserRequest,
    id: &Identifier,
    fields: &Params,
) -> Result<Shown<PasskeyNamePage>, Stop> {
    let here = || AccountPage::Passkey(id.to_owned()).typed(fields.get("device_name"));
    let SignedIn { member, .. } = sent_by(browser, fields, here()).await?;
    let Some(name) = name_of(fields.get("device_name")) else {
        let passkey = one(browser, &member, id).await?;
        return Ok(Shown::Again(naming(browser, &passkey, fields.get("device_name"), true)));
    };
    let done = rename_authenticator::passkey(&browser.web.app, &browser.caller(), id, &name).await;
    if !done.map_err(|why| stop(browser, here(), why))? {
        return Err(Stop::page(ErrorKind::NotFound));
    }
    browser.notify(Banner::AuthenticatorRenamed);
    Ok(Shown::GoTo(AccountPage::Passkeys.path()))
}

pub async fn get_deletion(mut browser: BrowserRequest, Named(id): Named) -> Response {
    let outcome = show_deletion(&mut browser, &id).await;
    answer(browser, outcome)
}

async fn show_deletion(browser: &mut BrowserRequest, id: &Identifier) -> Result<Shown<PasskeyDeletionPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, AccountPage::PasskeyDeletion(id.to_owned())).await?;
    let passkey = one(browser, &member, id).await?;
    Ok(Shown::Page(PasskeyDeletionPage { passkey: line(browser, &passkey), last_factor: false }))
}

pub async fn post_deletion(Named(id): Named, OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = delete(&mut browser, &id, &fields).await;
    answer(browser, outcome)
}

async fn delete(
    browser: &mut BrowserRequest,
    id: &Identifier,
    fields: &Params,
) -> Result<Shown<PasskeyDeletionPage>, Stop> {
    let here = || AccountPage::PasskeyDeletion(id.to_owned());
    let SignedIn { member, .. } = sent_by(browser, fields, here()).await?;
    let removed = remove_authenticator::passkey(&browser.web.app, &browser.caller(), id).await;
    match removed.map_err(|why| stop(browser, here(), why))? {
        Removed::Done => browser.notify(Banner::AuthenticatorRemoved),
        // Another member's, or the button was pressed twice.
        Removed::Gone => {}
        Removed::LastFactor => {
            let passkey = one(browser, &member, id).await?;
            return Ok(Shown::Again(PasskeyDeletionPage { passkey: line(browser, &passkey), last_factor: true }));
        }
    }
    Ok(Shown::GoTo(AccountPage::Passkeys.path()))
}

fn sample(id: &str) -> PasskeyLine {
    PasskeyLine {
        id: id.into(),
        name: format!("<{id}>"),
        created: "2026-03-01 09:00".into(),
        last_used: Some(("2026-11-22 10:42".into(), "Safari, iPhone".into())),
        cloned: false,
    }
}

impl PageTemplate for PasskeysPage {
    const TEMPLATE: &'static str = "account/passkeys.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let unused = PasskeyLine { last_used: None, ..sample("tablet") };
        let cloned = PasskeyLine { cloned: true, ..sample("key") };
        vec![
            ("none", PasskeysPage { passkeys: Vec::new(), may_add: true }),
            ("several", PasskeysPage { passkeys: vec![sample("phone"), unused, cloned], may_add: true }),
            ("full", PasskeysPage { passkeys: vec![sample("phone")], may_add: false }),
        ]
    }
}

impl PageTemplate for PasskeyNamePage {
    const TEMPLATE: &'static str = "account/passkey.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |refused| PasskeyNamePage { passkey: sample("phone"), refused };
        vec![("fresh", page(false)), ("refused", page(true))]
    }
}

impl PageTemplate for PasskeyDeletionPage {
    const TEMPLATE: &'static str = "account/passkey_deletion.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |last_factor| PasskeyDeletionPage { passkey: sample("phone"), last_factor };
        vec![("fresh", page(false)), ("last_factor", page(true))]
    }
}
