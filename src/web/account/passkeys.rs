//! `/account/passkeys`: the member's passkeys, and for each a page to rename it and one to delete it.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Entrance, freshly_signed_in, signed_in};
use crate::actions::passkeys::{self as action, Deleted};
use crate::domain::login::flow::AccountPage;
use crate::domain::login::passkey::Passkey;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::passkeys;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::{in_words, name_of};
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

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

enum Outcome<P> {
    GoTo(String),
    Page(P),
}

fn shown<P: PageTemplate>(visit: Visit, outcome: Result<Outcome<P>, Trouble>) -> Response {
    match outcome {
        Ok(Outcome::Page(page)) => visit.page(&page),
        Ok(Outcome::GoTo(to)) => visit.redirect(&to),
        Err(trouble) => visit.trouble(trouble),
    }
}

fn sent<P: PageTemplate>(visit: Visit, outcome: Result<Outcome<P>, Trouble>) -> Response {
    match outcome {
        Ok(Outcome::Page(page)) => visit.form_again(&page),
        other => shown(visit, other),
    }
}

pub async fn get(visit: Visit) -> Response {
    let outcome = all(&visit).await;
    shown(visit, outcome)
}

async fn all(visit: &Visit) -> Result<Outcome<PasskeysPage>, Trouble> {
    let member = match signed_in(visit, AccountPage::Passkeys).await? {
        Entrance::Open(member) => member,
        Entrance::Login(to) => return Ok(Outcome::GoTo(to)),
    };
    let app = &visit.site.app;
    let all = passkeys::of_member(&mut app.store.reader().await?, &member.id).await?;
    let may_add = app.passkeys.is_some() && all.len() < app.settings.authentication.passkeys.max_passkeys as usize;
    Ok(Outcome::Page(PasskeysPage { passkeys: all.iter().map(|passkey| line(visit, passkey)).collect(), may_add }))
}

/// The member, freshly logged in, and their passkey; or where to go first. Another member's passkey is not there.
async fn one(visit: &Visit, id: &str) -> Result<Result<(Member, Passkey), String>, Trouble> {
    let member = match freshly_signed_in(visit, AccountPage::Passkey(id.to_owned())).await? {
        Entrance::Open(member) => *member,
        Entrance::Login(to) => return Ok(Err(to)),
    };
    let passkey = passkeys::by_id(&mut visit.site.app.store.reader().await?, &member.id, id).await?;
    Ok(Ok((member, passkey.ok_or_else(|| Trouble::page(ErrorKind::NotFound))?)))
}

pub async fn get_one(visit: Visit, Path(id): Path<String>) -> Response {
    let outcome = one(&visit, &id).await.map(|found| match found {
        Ok((_, passkey)) => Outcome::Page(PasskeyNamePage { passkey: line(&visit, &passkey), refused: false }),
        Err(to) => Outcome::GoTo(to),
    });
    shown(visit, outcome)
}

pub async fn post_one(Path(id): Path<String>, OwnForm { visit, fields }: OwnForm) -> Response {
    let outcome = rename(&visit, &id, &fields).await;
    sent(visit, outcome)
}

async fn rename(visit: &Visit, id: &str, fields: &Params) -> Result<Outcome<PasskeyNamePage>, Trouble> {
    let (member, passkey) = match one(visit, id).await? {
        Ok(found) => found,
        Err(to) => return Ok(Outcome::GoTo(to)),
    };
    let Some(name) = name_of(fields.get("device_name")) else {
        return Ok(Outcome::Page(PasskeyNamePage { passkey: line(visit, &passkey), refused: true }));
    };
    let mut tx = visit.site.app.store.write().await?;
    passkeys::rename(&mut tx, &member.id, id, &name).await?;
    tx.commit().await?;
    Ok(Outcome::GoTo(AccountPage::Passkeys.path()))
}

pub async fn get_deletion(visit: Visit, Path(id): Path<String>) -> Response {
    let outcome = one(&visit, &id).await.map(|found| match found {
        Ok((_, passkey)) => Outcome::Page(PasskeyDeletionPage { passkey: line(&visit, &passkey), last_factor: false }),
        Err(to) => Outcome::GoTo(to),
    });
    shown(visit, outcome)
}

pub async fn post_deletion(Path(id): Path<String>, OwnForm { visit, .. }: OwnForm) -> Response {
    let outcome = delete(&visit, &id).await;
    sent(visit, outcome)
}

async fn delete(visit: &Visit, id: &str) -> Result<Outcome<PasskeyDeletionPage>, Trouble> {
    let (member, passkey) = match one(visit, id).await? {
        Ok(found) => found,
        Err(to) => return Ok(Outcome::GoTo(to)),
    };
    match action::delete(&visit.site.app, &member.id, id, visit.device()).await? {
        Deleted::Done | Deleted::Gone => Ok(Outcome::GoTo(AccountPage::Passkeys.path())),
        Deleted::LastFactor => {
            Ok(Outcome::Page(PasskeyDeletionPage { passkey: line(visit, &passkey), last_factor: true }))
        }
    }
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
