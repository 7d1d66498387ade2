//! `/account/passkeys`: the member's passkeys, and for each a page to rename it and one to delete it.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, freshly, freshly_sent_by, signed_in};
use crate::actions::authenticators::Removed;
use crate::actions::passkeys as action;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::passkeys;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::{in_words, name_of};
use crate::web::notice::Notice;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;

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

fn line(visit: &Visit, passkey: &Passkey) -> PasskeyLine {
    PasskeyLine {
        id: passkey.id.clone(),
        name: passkey.name.clone(),
        created: visit.date_time(passkey.created_at),
        last_used: passkey.last_used.map(|(at, device)| (visit.date_time(at), in_words(visit, device))),
        cloned: !passkey.is_usable(),
    }
}

pub async fn get(mut visit: Visit) -> Response {
    let outcome = all(&mut visit).await;
    answer(visit, outcome)
}

async fn all(visit: &mut Visit) -> Result<Shown<PasskeysPage>, Stop> {
    let SignedIn { member, .. } = signed_in(visit, AccountPage::Passkeys).await?;
    let app = &visit.site.app;
    let all = passkeys::of_member(&mut app.store.reader().await?, &member.id).await?;
    let may_add = app.passkeys.is_some() && all.len() < app.settings.authentication.passkeys.max_passkeys as usize;
    Ok(Shown::Page(PasskeysPage { passkeys: all.iter().map(|passkey| line(visit, passkey)).collect(), may_add }))
}

/// Another member's passkey is not there.
async fn one(visit: &Visit, member: &Member, id: &str) -> Result<Passkey, Stop> {
    let passkey = passkeys::by_id(&mut visit.site.app.store.reader().await?, &member.id, id).await?;
    passkey.ok_or_else(|| Stop::page(ErrorKind::NotFound))
}

pub async fn get_one(mut visit: Visit, Path(id): Path<String>) -> Response {
    let outcome = show_one(&mut visit, &id).await;
    answer(visit, outcome)
}

async fn show_one(visit: &mut Visit, id: &str) -> Result<Shown<PasskeyNamePage>, Stop> {
    let SignedIn { member, .. } = freshly(visit, AccountPage::Passkey(id.to_owned())).await?;
    let passkey = one(visit, &member, id).await?;
    Ok(Shown::Page(PasskeyNamePage { passkey: line(visit, &passkey), refused: false }))
}

pub async fn post_one(Path(id): Path<String>, OwnForm { mut visit, fields }: OwnForm) -> Response {
    let outcome = rename(&mut visit, &id, &fields).await;
    answer(visit, outcome)
}

async fn rename(visit: &mut Visit, id: &str, fields: &Params) -> Result<Shown<PasskeyNamePage>, Stop> {
    let SignedIn { member, .. } = freshly_sent_by(visit, fields, AccountPage::Passkey(id.to_owned())).await?;
    let passkey = one(visit, &member, id).await?;
    let Some(name) = name_of(fields.get("device_name")) else {
        return Ok(Shown::Again(PasskeyNamePage { passkey: line(visit, &passkey), refused: true }));
    };
    let mut tx = visit.site.app.store.write().await?;
    passkeys::rename(&mut tx, &member.id, id, &name).await?;
    tx.commit().await?;
    visit.notify(Notice::AuthenticatorRenamed);
    Ok(Shown::GoTo(AccountPage::Passkeys.path()))
}

pub async fn get_deletion(mut visit: Visit, Path(id): Path<String>) -> Response {
    let outcome = show_deletion(&mut visit, &id).await;
    answer(visit, outcome)
}

async fn show_deletion(visit: &mut Visit, id: &str) -> Result<Shown<PasskeyDeletionPage>, Stop> {
    let SignedIn { member, .. } = freshly(visit, AccountPage::PasskeyDeletion(id.to_owned())).await?;
    let passkey = one(visit, &member, id).await?;
    Ok(Shown::Page(PasskeyDeletionPage { passkey: line(visit, &passkey), last_factor: false }))
}

pub async fn post_deletion(Path(id): Path<String>, OwnForm { mut visit, fields }: OwnForm) -> Response {
    let outcome = delete(&mut visit, &id, &fields).await;
    answer(visit, outcome)
}

async fn delete(visit: &mut Visit, id: &str, fields: &Params) -> Result<Shown<PasskeyDeletionPage>, Stop> {
    let SignedIn { member, .. } = freshly_sent_by(visit, fields, AccountPage::PasskeyDeletion(id.to_owned())).await?;
    match action::delete(&visit.site.app, &member.id, id, visit.device()).await? {
        Removed::Done => visit.notify(Notice::AuthenticatorRemoved),
        // Another member's, or the button was pressed twice.
        Removed::Gone => {}
        Removed::LastFactor => {
            let passkey = one(visit, &member, id).await?;
            return Ok(Shown::Again(PasskeyDeletionPage { passkey: line(visit, &passkey), last_factor: true }));
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
