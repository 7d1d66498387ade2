//! `/account/recovery-codes`: how many are left, and new ones to print, shown once (product.md 1.5).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, freshly, freshly_sent_by};
use crate::actions::authenticators::make_recovery_codes;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::recovery_code::{AT_A_TIME, for_reading};
use crate::domain::protocol::params::Params;
use crate::store::recovery_codes;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::form::OwnForm;
use crate::web::request::visit::Visit;

/// How many are left, or the ones just made.
#[derive(Clone, Debug, Serialize)]
pub struct RecoveryCodesPage {
    pub left: u32,
    /// How many there are of new ones.
    pub at_a_time: usize,
    /// Just made, as they are read and printed. Empty on the page that asks.
    pub codes: Vec<String>,
    pub made: String,
    pub user_id: String,
}

/// Where the operator has none, there is no such page.
fn offered(visit: &Visit) -> Result<(), Stop> {
    match visit.site.app.settings.authentication.recovery_codes {
        true => Ok(()),
        false => Err(Stop::page(ErrorKind::NotFound)),
    }
}

pub async fn get(mut visit: Visit) -> Response {
    let outcome = show(&mut visit).await;
    answer(visit, outcome)
}

async fn show(visit: &mut Visit) -> Result<Shown<RecoveryCodesPage>, Stop> {
    offered(visit)?;
    let SignedIn { member, .. } = freshly(visit, AccountPage::RecoveryCodes).await?;
    let left = recovery_codes::left(&mut visit.site.app.store.reader().await?, &member.id).await?;
    Ok(Shown::Page(page(visit, member.user_id, left, &[])))
}

fn page(visit: &Visit, user_id: String, left: u32, codes: &[String]) -> RecoveryCodesPage {
    RecoveryCodesPage {
        left,
        at_a_time: AT_A_TIME,
        codes: codes.iter().map(|code| for_reading(code)).collect(),
        made: visit.date_time(visit.site.app.now()),
        user_id,
    }
}

pub async fn post(OwnForm { mut visit, fields }: OwnForm) -> Response {
    let outcome = make(&mut visit, &fields).await;
    answer(visit, outcome)
}

async fn make(visit: &mut Visit, fields: &Params) -> Result<Shown<RecoveryCodesPage>, Stop> {
    offered(visit)?;
    let SignedIn { member, .. } = freshly_sent_by(visit, fields, AccountPage::RecoveryCodes).await?;
    let codes = make_recovery_codes(&visit.site.app, &member, visit.device()).await?;
    Ok(Shown::Done(page(visit, member.user_id, 0, &codes)))
}

impl PageTemplate for RecoveryCodesPage {
    const TEMPLATE: &'static str = "account/recovery_codes.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |left: u32, codes: &[&str]| RecoveryCodesPage {
            left,
            at_a_time: AT_A_TIME,
            codes: codes.iter().copied().map(String::from).collect(),
            made: "2026-11-22 10:42".into(),
            user_id: "hanako".into(),
        };
        vec![("none", page(0, &[])), ("some", page(7, &[])), ("made", page(0, &["abcd-efgh-jk78", "mnpq-rstu-vw23"]))]
    }
}
