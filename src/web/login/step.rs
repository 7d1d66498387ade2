//! What the pages of a login share, from the first factor to the end: each asks [`next_step`] whether it is its turn.

use crate::actions::login::complete_login::complete_login;
use crate::actions::login::one_time_passwords::lift_if_over;
use crate::actions::member::authenticators::{self, demands_of};
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::login::flow::{Continue, Flow};
use crate::domain::login::next_step::{Closed, Demands, First, NextStep, Proved, next_step};
use crate::domain::member::authentication_method::{Enrolled, Method};
use crate::domain::member::profile::{Member, Password};
use crate::domain::protocol::client::Client;
use crate::store::login::known_devices;
use crate::store::login::logins::{self, Login};
use crate::store::member::{lost_methods, members};
use crate::store::protocol::clients;
use crate::store::{Reads, WriteTx};
use crate::web::banner::Banner;
use crate::web::error_page::{ErrorKind, WayOn};
use crate::web::login::{continue_login, purpose, sealed_flow};
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::request::browser::BrowserRequest;

/// A page between the first factor and the end of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginPage {
    /// The second factor, by this method.
    Factor(Method),
    RecoveryCode,
    /// What a member may do who can show no second factor any more.
    LostMethods,
    InitialPassword,
    EmailAddress,
    EmailAddressCode,
    Method,
    TotpEnrolment,
    PasskeyEnrolment,
}

impl LoginPage {
    const fn path(self) -> &'static str {
        match self {
            LoginPage::Factor(Method::Email) => paths::LOGIN_EMAIL_CODE,
            LoginPage::Factor(Method::Totp) => paths::LOGIN_TOTP,
            LoginPage::Factor(Method::Passkey) => paths::LOGIN_PASSKEY,
            LoginPage::RecoveryCode => paths::LOGIN_RECOVERY_CODE,
            LoginPage::LostMethods => paths::LOGIN_LOST_METHODS,
            LoginPage::InitialPassword => paths::LOGIN_INITIAL_PASSWORD,
            LoginPage::EmailAddress => paths::LOGIN_EMAIL_ADDRESS,
            LoginPage::EmailAddressCode => paths::LOGIN_EMAIL_ADDRESS_CODE,
            LoginPage::Method => paths::LOGIN_METHOD,
            LoginPage::TotpEnrolment => paths::LOGIN_TOTP_ENROLMENT,
            LoginPage::PasskeyEnrolment => paths::LOGIN_PASSKEY_ENROLMENT,
        }
    }

    /// Its address in the login that `token` stands for.
    pub fn address(self, token: &str) -> String {
        format!("{}?step={token}", self.path())
    }

    /// Whether it is this page's turn.
    fn serves(self, due: &NextStep) -> bool {
        match due {
            NextStep::SecondFactor { usual, others, recovery_code } => match self {
                LoginPage::Factor(method) => method == *usual || others.contains(&method),
                LoginPage::RecoveryCode => *recovery_code,
                LoginPage::LostMethods => true,
                _ => false,
            },
            NextStep::ChangeInitialPassword | NextStep::ChangeOldPassword => self == LoginPage::InitialPassword,
            NextStep::RegisterEmailAddress => matches!(self, LoginPage::EmailAddress | LoginPage::EmailAddressCode),
            NextStep::ChooseMethod { offered } => match self {
                LoginPage::Method => true,
                LoginPage::TotpEnrolment => offered.contains(&Method::Totp),
                LoginPage::PasskeyEnrolment => offered.contains(&Method::Passkey),
                _ => false,
            },
            NextStep::Complete | NextStep::Refuse(_) => false,
        }
    }

    /// The page that a member comes to first. `None` where there is nothing to show.
    fn of(due: &NextStep) -> Option<LoginPage> {
        match due {
            NextStep::SecondFactor { usual, .. } => Some(LoginPage::Factor(*usual)),
            NextStep::ChangeInitialPassword | NextStep::ChangeOldPassword => Some(LoginPage::InitialPassword),
            NextStep::RegisterEmailAddress => Some(LoginPage::EmailAddress),
            NextStep::ChooseMethod { .. } => Some(LoginPage::Method),
            NextStep::Complete | NextStep::Refuse(_) => None,
        }
    }
}

/// A login under way in this browser, with all that its pages need.
pub struct Step {
    /// The token in the addresses of its pages.
    pub token: String,
    pub login: Login,
    pub member: Member,
    pub password: Option<Password>,
    pub client: Option<Client>,
    pub enrolled: Enrolled,
    pub demands: Demands,
    pub due: NextStep,
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
    let mut reader = app.store.reader().await?;
    let digest = opaque_token::digest(&token);
    let Some(login) = logins::going_on(&mut reader, &digest, &browser.browser_digest(), app.now()).await? else {
        return Err(ended(browser, &mut reader, &digest).await?);
    };
    let member = members::by_id(&mut reader, &login.member).await?.ok_or_else(gone)?;
    let password = members::password(&mut reader, &login.member).await?;
    let enrolled = authenticators::enrolled(&mut reader, &member).await?;
    drop(reader);
    let client = sealed_flow::client(browser, &login.flow).await?;
    purpose::on_behalf_of(browser, &login.flow, client.as_ref());
    let demands = demands_of(&app, &mut app.store.reader().await?, client.as_ref(), &login.flow).await?;
    let due = next_step(&member, password.as_ref(), &enrolled, &login.proved, &demands, app.now());
    if let NextStep::Refuse(closed) = due {
        return Err(refusal(closed));
    }
    if page.serves(&due) {
        return Ok(Turn::Here(Box::new(Step { token, login, member, password, client, enrolled, demands, due })));
    }
    if browser.is_post() {
        // Out of a page that the browser kept: what was typed there does not count, which must be said.
        browser.notify(Banner::StepDone);
    }
    Ok(Turn::Elsewhere(LoginPage::of(&due).ok_or_else(gone)?.address(&token)))
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

/// How a login goes on after the first factor.
pub enum Begun {
    GoTo(String),
    Refused(Closed),
}

/// After the first factor: the end, or the first of further steps.
pub async fn begin(
    browser: &mut BrowserRequest,
    tx: &mut WriteTx,
    flow: Flow,
    client: Option<Client>,
    mut member: Member,
    mut proved: Proved,
) -> Result<Begun, PageError> {
    let app = browser.web.app.clone();
    let now = app.now();
    lift_if_over(&app, tx, &mut member).await?;
    if proved.first == First::Passkey {
        lost_methods::end(tx, &member.id).await?;
    }
    // Where a change to the account waits, the second factor is shown even on a device that is trusted.
    if let (Some(device), None) = (browser.device_token(), &flow.confirms) {
        let digest = opaque_token::digest(device);
        proved.trusted_device = app.settings.authentication.trust_device_for.is_some()
            && known_devices::is_trusted(tx, &digest, &member.id, now).await?;
    }
    let password = members::password(tx, &member.id).await?;
    let enrolled = authenticators::enrolled(tx, &member).await?;
    let demands = demands_of(&app, tx, client.as_ref(), &flow).await?;
    let due = next_step(&member, password.as_ref(), &enrolled, &proved, &demands, now);
    match LoginPage::of(&due) {
        Some(page) => {
            let token = opaque_token::new(Kind::Step);
            let login = Login {
                digest: opaque_token::digest(token.expose()),
                browser: browser.browser_digest(),
                member: member.id,
                proved,
                flow,
                expires_at: now + app.settings.sessions.login_time_limit,
            };
            logins::insert(tx, &login, now).await?;
            Ok(Begun::GoTo(page.address(token.expose())))
        }
        None => match due {
            NextStep::Refuse(closed) => Ok(Begun::Refused(closed)),
            _ => Ok(Begun::GoTo(finish(browser, tx, flow, &member, &proved).await?)),
        },
    }
}

impl Step {
    /// After a step of this login, in the transaction that wrote it down: the next page, or the end. `proved` is all that
    /// the login has shown by now.
    pub async fn go_on(
        mut self,
        browser: &mut BrowserRequest,
        tx: &mut WriteTx,
        proved: Proved,
    ) -> Result<String, PageError> {
        let gone = || PageError::page(ErrorKind::FlowExpired);
        let app = browser.web.app.clone();
        let now = app.now();
        // Whoever shows a second factor has not lost it.
        if proved.second.is_some() {
            lost_methods::end(tx, &self.login.member).await?;
        }
        if !logins::prove(tx, &self.login, &proved, now).await? {
            return Err(ended(browser, tx, &self.login.digest).await?);
        }
        self.login.proved = proved;
        let member = members::by_id(tx, &self.login.member).await?.ok_or_else(gone)?;
        let password = members::password(tx, &member.id).await?;
        let enrolled = authenticators::enrolled(tx, &member).await?;
        let due = next_step(&member, password.as_ref(), &enrolled, &proved, &self.demands, now);
        match (LoginPage::of(&due), due) {
            (Some(page), _) => Ok(page.address(&self.token)),
            (None, NextStep::Refuse(closed)) => Err(refusal(closed)),
            (None, _) => {
                if !logins::take(tx, &self.login, now).await? {
                    return Err(ended(browser, tx, &self.login.digest).await?);
                }
                finish(browser, tx, self.login.flow, &member, &proved).await
            }
        }
    }

    /// Back to where the login came from.
    pub fn cancel(&self, browser: &BrowserRequest) -> String {
        purpose::cancel(browser, &self.login.flow)
    }

    /// The methods that would do as well as the one of this page.
    pub fn alternatives(&self, to: LoginPage) -> Vec<Alternative> {
        let NextStep::SecondFactor { usual, others, recovery_code } = &self.due else { return Vec::new() };
        let methods = std::iter::once(*usual).chain(others.iter().copied());
        let pages = methods.map(|method| (method.name(), LoginPage::Factor(method)));
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

/// Every step is done: the session begins, and the browser goes on to what the login was for.
async fn finish(
    browser: &mut BrowserRequest,
    tx: &mut WriteTx,
    flow: Flow,
    member: &Member,
    proved: &Proved,
) -> Result<String, PageError> {
    let app = browser.web.app.clone();
    let before = browser.session_in(tx).await?;
    let done = complete_login(&app, tx, member, &flow.id, proved, browser.from_browser(before.as_ref())).await?;
    browser.log_in(&done);
    Ok(match &flow.then {
        Continue::Account(page) => page.path(),
        Continue::Authorize(_) => continue_login::address(browser, flow),
    })
}
