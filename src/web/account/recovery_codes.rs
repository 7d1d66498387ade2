//! `/account/recovery-codes`: how many are left, and new ones to print, shown once (product.md 1.5).

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::make_recovery_codes::make_recovery_codes;
use crate::domain::login::flow::AccountPage;
use crate::domain::login::recovery_code::{AT_A_TIME, for_reading};
use crate::domain::protocol::params::Params;
use crate::store::member::recovery_codes;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

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
fn offered(browser: &BrowserRequest) -> Result<(), Stop> {
    match browser.web.app.settings.authentication.recovery_codes {
        true => Ok(()),
        false => Err(Stop::page(ErrorKind::NotFound)),
    }
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<RecoveryCodesPage>, Stop> {
    offered(browser)?;
    let SignedIn { member, .. } = signed_in(browser, AccountPage::RecoveryCodes).await?;
    let left = recovery_codes::left(&mut browser.web.app.store.reader().await?, &member.id).await?;
    Ok(Shown::Page(page(browser, member.user_id, left, &[])))
}

fn page(browser: &BrowserRequest, user_id: String, left: u32, codes: &[String]) -> RecoveryCodesPage {
    RecoveryCodesPage {
        left,
        at_a_time: AT_A_TIME,
        codes: codes.iter().map(|code| for_reading(code)).collect(),
        made: browser.date_time(browser.web.app.now()),
        user_id,
    }
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = make(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn make(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<RecoveryCodesPage>, Stop> {
    offered(browser)?;
    let SignedIn { member, .. } = sent_by(browser, fields, AccountPage::RecoveryCodes).await?;
    let made = make_recovery_codes(&browser.web.app, &browser.caller()).await;
    let codes = made.map_err(|why| stop(browser, AccountPage::RecoveryCodes, why))?;
    Ok(Shown::Done(page(browser, member.user_id, 0, &codes)))
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
