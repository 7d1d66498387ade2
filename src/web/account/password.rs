//! `/account/password`: a new password. All other sessions and every refresh token end with the old one (product.md 1.3 and
//! 1.9). The old one is not asked for: the login is fresh.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in};
use crate::actions::login::check_password::{hash_new_password, is_password};
use crate::actions::member::account_events::record;
use crate::actions::member::members::replace_password;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::Password;
use crate::domain::protocol::params::Params;
use crate::domain::unix_time::Span;
use crate::store::login::browser_sessions;
use crate::store::member::members;
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::initial_password::{PolicyLine, broken, policy};
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

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
    let SignedIn { member, .. } = signed_in(browser, AccountPage::Password).await?;
    Ok(Shown::Page(page(browser, &member.user_id, Vec::new(), false)))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = change(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn change(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AccountPasswordPage>, Stop> {
    let SignedIn { member, session } = sent_by(browser, fields, AccountPage::Password).await?;
    browser.web.limits.login(browser.address)?;
    let app = browser.web.app.clone();
    let typed = fields.get("new_password").unwrap_or_default();
    let mismatch = fields.get("new_password_again").unwrap_or_default() != typed;
    let before = members::password(&mut app.store.reader().await?, &member.id).await?;
    let done = Ok(Shown::GoTo(AccountPage::Profile.path()));
    if !mismatch && is_done(&app, before.as_ref(), typed).await? {
        return done;
    }
    let broken = broken(browser, &member, before.as_ref(), typed).await?;
    if !broken.is_empty() || mismatch {
        return Ok(Shown::Again(page(browser, &member.user_id, broken, mismatch)));
    }
    let hash = hash_new_password(&app, typed).await?;
    let mut tx = app.store.write().await?;
    // Hashing takes a while: staff, or the same form sent twice, may have set another one meanwhile.
    if let Some(before) = &before
        && !members::still_has_password(&mut tx, &member.id, before).await?
    {
        let now = members::password(&mut tx, &member.id).await?;
        drop(tx);
        return if is_done(&app, now.as_ref(), typed).await? { done } else { Err(Stop::page(ErrorKind::FormExpired)) };
    }
    replace_password(&app, &mut tx, &member, &hash, None, None).await?;
    browser_sessions::end_others(&mut tx, &member.id, &session.id, app.now()).await?;
    record(&app, &mut tx, &member, AccountEvent::PasswordChanged, &Actor::Member(browser.device())).await?;
    tx.commit().await?;
    browser.notify(Banner::PasswordChanged);
    done
}

/// Whether this very password was set a moment ago: the button was pressed twice.
async fn is_done(app: &App, stored: Option<&Password>, typed: &str) -> Result<bool, Stop> {
    match stored {
        Some(stored) if app.now().since(stored.set_at) < Span::minutes(1) => {
            Ok(is_password(app, typed, &stored.hash).await?)
        }
        _ => Ok(false),
    }
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
