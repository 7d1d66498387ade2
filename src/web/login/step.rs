//! What the pages of a login share, from the first factor to the end: whose turn it is, and where the browser goes on to.

use std::ops::Deref;

use crate::actions::login::finish_login::LoggedIn;
use crate::actions::login::take_step::{self, StepOf, Went};
use crate::crypto::opaque_token;
use crate::domain::login::flow::Continue;
pub use crate::domain::login::login_page::LoginPage;
use crate::domain::login::next_step::{Closed, NextStep};
use crate::store::Reads;
use crate::store::login::logins;
use crate::store::protocol::clients;
use crate::web::banner::Banner;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::login::{continue_login, purpose, sealed_flow};
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;

/// A login under way in this browser, for its pages.
pub struct Step(take_step::Step);

impl Deref for Step {
    type Target = take_step::Step;

    fn deref(&self) -> &take_step::Step {
        &self.0
    }
}

/// What to show for an address of a login.
pub enum Turn {
    Here(Box<Step>),
    /// It is another page's turn.
    Elsewhere(String),
}

/// Where a member stands in the first login, for 「step 2 of 3」.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    pub step: u32,
    pub of: u32,
}

/// The login that `token` stands for, at `page`, unless it has ended, belongs to another browser or its member may not
/// come in any more.
pub async fn turn(browser: &mut BrowserRequest, token: Option<&str>, page: LoginPage) -> Result<Turn, PageError> {
    let gone = || PageError::page(ErrorKind::FlowExpired);
    let token = token.ok_or_else(gone)?.to_owned();
    let app = browser.web.app.clone();
    let digest = opaque_token::digest(&token);
    let mut reader = app.store.reader().await?;
    let Some(login) = logins::going_on(&mut reader, &digest, &browser.browser_digest(), app.now()).await? else {
        return Err(ended(browser, &mut reader, &digest).await?);
    };
    drop(reader);
    let client = sealed_flow::client(browser, &login.flow).await?;
    purpose::on_behalf_of(browser, &login.flow, client.as_ref());
    let of = StepOf { token, browser: browser.for_login() };
    let step = take_step::step(&app, &mut app.store.reader().await?, &of).await?.ok_or_else(gone)?;
    if let NextStep::Refuse(closed) = step.due {
        return Err(refusal(closed));
    }
    if page.serves(&step.due) {
        return Ok(Turn::Here(Box::new(Step(step))));
    }
    if browser.is_post() {
        // Out of a page that the browser kept: what was typed there does not count, which must be said.
        browser.notify(Banner::StepDone);
    }
    Ok(Turn::Elsewhere(LoginPage::of(&step.due).ok_or_else(gone)?.address(&step.token)))
}

/// Why the login of this digest does not go on, and where its member does.
async fn ended(browser: &BrowserRequest, db: &mut impl Reads, digest: &str) -> Result<PageError, PageError> {
    let Some(login) = logins::remembered(db, digest).await? else { return Ok(PageError::page(ErrorKind::FlowExpired)) };
    if login.browser != browser.browser_digest() {
        return Ok(PageError::page(ErrorKind::FlowOtherBrowser));
    }
    let is_in = browser.session_in(db).await?.is_some_and(|session| session.member == login.member);
    if !is_in {
        return Ok(sealed_flow::expired(browser, login.flow));
    }
    let to = match &login.flow.then {
        Continue::Account(page) => Some(page.path()),
        Continue::Authorize(request) => {
            clients::by_id(db, request.client.as_str()).await?.and_then(|stored| stored.client.site())
        }
    };
    Ok(to.map_or_else(
        || PageError::page(ErrorKind::FlowDone),
        |href| PageError::leading_to(ErrorKind::FlowDone, WayOn::go_on(href)),
    ))
}

/// The page for somebody who may not come in.
fn refusal(closed: Closed) -> PageError {
    PageError::page(match closed {
        Closed::AccountLocked { .. } => ErrorKind::AccountLocked,
        Closed::Disabled => ErrorKind::AccountDisabled,
        Closed::InitialPasswordExpired => ErrorKind::FlowExpired,
    })
}

/// The address to which a browser goes on that is logged in, with the cookies for it.
pub fn logged_in(browser: &mut BrowserRequest, done: LoggedIn) -> String {
    browser.log_in(&done);
    match &done.flow.then {
        Continue::Account(page) => page.path(),
        Continue::Authorize(_) => continue_login::address(browser, done.flow),
    }
}

impl Step {
    /// What a verb is told: which login, in which browser.
    pub fn of(&self, browser: &BrowserRequest) -> StepOf {
        StepOf { token: self.token.clone(), browser: browser.for_login() }
    }

    /// The address to which the browser goes on after a step.
    pub fn on(&self, browser: &mut BrowserRequest, went: Went) -> String {
        match went {
            Went::On(page) => page.address(&self.token),
            Went::In(done) => logged_in(browser, *done),
        }
    }

    /// The address to which the browser goes on where a step could not be taken, since it was not the turn of `page` any
    /// more.
    pub async fn anew(&self, browser: &mut BrowserRequest, page: LoginPage) -> Result<String, PageError> {
        match turn(browser, Some(&self.token), page).await? {
            Turn::Elsewhere(to) => Ok(to),
            Turn::Here(_) => Ok(page.address(&self.token)),
        }
    }

    /// Back to where the login came from.
    pub fn cancel(&self, browser: &BrowserRequest) -> String {
        purpose::cancel(browser, &self.login.flow)
    }

    /// The methods that would do as well as the one of this page.
    pub fn alternatives(&self, to: LoginPage) -> Vec<Alternative> {
        let (methods, recovery_code) = match &self.due {
            NextStep::SecondFactor { usual, others, recovery_code } => {
                ([&[*usual], others.as_slice()].concat(), recovery_code)
            }
            NextStep::LostMethods { recovery_code } => (Vec::new(), recovery_code),
            _ => return Vec::new(),
        };
        let pages = methods.into_iter().map(|method| (method.name(), LoginPage::Factor(method)));
        let codes = recovery_code.then_some(("recovery-code", LoginPage::RecoveryCode));
        pages
            .chain(codes)
            .filter(|(_, page)| *page != to)
            .map(|(name, page)| Alternative { name, href: page.address(&self.token) })
            .collect()
    }

    /// In the first login there are three steps: password, address, method.
    pub fn progress(&self) -> Option<Progress> {
        let step = match self.due {
            NextStep::ChangeInitialPassword => 1,
            NextStep::RegisterEmailAddress => 2,
            NextStep::ChooseMethod { .. } => 3,
            _ => return None,
        };
        let all = self.demands.email_address
            && self.demands.second_factor == crate::config::SecondFactor::Required
            && self.member.first_login_at.is_none();
        all.then_some(Progress { step, of: 3 })
    }
}

/// Another way to show the second factor.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Alternative {
    /// The end of its text's key.
    pub name: &'static str,
    pub href: String,
}
