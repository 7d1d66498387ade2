//! `/account/password`: a new password. All other sessions and every refresh token end with the old one (product.md 1.3 and
//! 1.9). The old one is not asked for: the login is fresh.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::change_password::{Change, change_password};
use crate::domain::login::flow::AccountPage;
use crate::domain::protocol::params::Params;
use crate::domain::secret::Secret;
use crate::store::member::members;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::initial_password::{PolicyLine, broken, policy};
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::Password;

/// The page where a member chooses another password.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPasswordPage {
    /// Tells password managers whose password it is.
    pub user_id: String,
    /// The rules, shown before typing.
    pub policy: Vec<PolicyLine>,
    /// Every rule that the password just sent breaks.
    pub broken: Vec<PolicyLine>,
    /// The two fields differed.
    pub mismatch: bool,
}

fn page(browser: &BrowserRequest, user_id: &str, broken: Vec<PolicyLine>, mismatch: bool) -> AccountPasswordPage {
    AccountPasswordPage { user_id: user_id.to_owned(), policy: policy(browser), broken, mismatch }
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AccountPasswordPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, PAGE).await?;
    Ok(Shown::Page(page(browser, &member.user_id, Vec::new(), false)))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = change(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn change(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountPasswordPage>, Stop> {
    let SignedIn { member, .. } = sent_by(browser, fields, PAGE).await?;
    browser.limit_attempts()?;
    let typed = fields.get("new_password").unwrap_or_default();
    let again = |broken, mismatch| Ok(Shown::Again(page(browser, &member.user_id, broken, mismatch)));
    if fields.get("new_password_again").unwrap_or_default() != typed {
        let before = members::password(&mut browser.web.app.store.reader().await?, &member.id).await?;
        return again(broken(browser, &member, before.as_ref(), typed).await?, true);
    }
    let typed = Secret::new(typed.to_owned());
    let changed = change_password(&browser.web.app, &browser.caller(), &typed).await;
    match changed.map_err(|why| stop(browser, PAGE, why))? {
        Change::Done => browser.notify(Banner::PasswordChanged),
        Change::DoneBefore => {}
        Change::Refused(broken) => return again(broken.into_iter().map(PolicyLine::from).collect(), false),
        Change::Overtaken => return Err(Stop::page(ErrorKind::FormExpired)),
    }
    Ok(Shown::GoTo(AccountPage::Profile.path()))
}

impl PageTemplate for AccountPasswordPage {
    const TEMPLATE: &'static str = "account/password.html";

    fn samples() -> Vec<(&'static str, Self)> {
        use PolicyLine::*;
        let usual =
            [MinLength { n: 8 }, MaxLength { n: 64 }, AllowedCharacters, NotUserId, NotCommon, NotBefore { n: 5 }];
        let every = [usual.as_slice(), &[NeedsLower, NeedsUpper, NeedsDigit, NeedsSymbol]].concat();
        let page = |policy: &[PolicyLine], broken: &[PolicyLine], mismatch: bool| AccountPasswordPage {
            user_id: "hanako".into(),
            policy: policy.into(),
            broken: broken.into(),
            mismatch,
        };
        vec![
            ("fresh", page(&usual, &[], false)),
            ("mismatch", page(&usual, &[], true)),
            ("every_rule_broken", page(&every, &every, true)),
        ]
    }
}
