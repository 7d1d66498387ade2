//! Who is logged in, for the account's own pages. Changes need a login that is fresh (product.md 1.9), and a form changes
//! the account of the member whose page it stood on, whoever has logged in to the same browser meanwhile.

use axum::response::Response;

use crate::crypto::opaque_token;
use crate::domain::login::assurance::Assurance;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::member::members;
use crate::web::error_page::ErrorKind;
use crate::web::login::password;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;

/// A member in their own browser.
pub struct SignedIn {
    pub member: Member,
    pub session: BrowserSession,
}

/// Why a handler of the account ends early.
pub enum Stop {
    /// The address of the login that leads back to the page.
    Login(String),
    PageError(PageError),
}

/// How a handler of the account ends.
pub enum Shown<P> {
    Page(P),
    /// The form again: nothing was done.
    Again(P),
    /// A page that answers a form, done.
    Done(P),
    GoTo(String),
}

impl<T: Into<PageError>> From<T> for Stop {
    fn from(error: T) -> Self {
        Stop::PageError(error.into())
    }
}

impl Stop {
    pub fn page(kind: ErrorKind) -> Stop {
        Stop::PageError(PageError::page(kind))
    }
}

/// The answer to the browser.
pub fn answer<P: PageTemplate>(browser: BrowserRequest, outcome: Result<Shown<P>, Stop>) -> Response {
    match outcome {
        Ok(Shown::Page(page)) => browser.page(&page),
        Ok(Shown::Again(page)) => browser.form_again(&page),
        Ok(Shown::Done(page)) => browser.done(&page),
        Ok(Shown::GoTo(to)) | Err(Stop::Login(to)) => browser.redirect(&to),
        Err(Stop::PageError(error)) => browser.page_error(error),
    }
}

/// To a member who is logged in.
pub async fn signed_in(browser: &mut BrowserRequest, page: AccountPage) -> Result<SignedIn, Stop> {
    match of_session(browser).await? {
        Some(signed_in) => Ok(signed_in),
        None => Err(Stop::Login(password::to_account(browser, page, None))),
    }
}

/// To a member who has shown who they are a short while ago; whoever is logged in for longer shows it again.
pub async fn freshly(browser: &mut BrowserRequest, page: AccountPage) -> Result<SignedIn, Stop> {
    let signed_in = signed_in(browser, page.clone()).await?;
    if is_fresh(browser, &signed_in.session) {
        Ok(signed_in)
    } else {
        Err(Stop::Login(password::to_account(browser, page, Some(&signed_in.member.user_id))))
    }
}

/// A form of the member who is logged in. `page` is where a login leads back to.
pub async fn sent_by(browser: &mut BrowserRequest, fields: &Params, page: AccountPage) -> Result<SignedIn, Stop> {
    let Some(signed_in) = of_session(browser).await? else {
        return Err(Stop::Login(password::and_again(password::to_account(browser, page, None))));
    };
    let owner = browser.owner().unwrap_or_default();
    if fields.get("owner").is_some_and(|sent| opaque_token::same(sent, owner)) {
        Ok(signed_in)
    } else {
        Err(Stop::page(ErrorKind::OtherMember))
    }
}

/// A form that changes the account. A login that is no longer fresh is shown again, and the form with it: what was sent is
/// dropped.
pub async fn freshly_sent_by(
    browser: &mut BrowserRequest,
    fields: &Params,
    page: AccountPage,
) -> Result<SignedIn, Stop> {
    let signed_in = sent_by(browser, fields, page.clone()).await?;
    if is_fresh(browser, &signed_in.session) {
        Ok(signed_in)
    } else {
        let confirm = password::to_account(browser, page, Some(&signed_in.member.user_id));
        Err(Stop::Login(password::and_again(confirm)))
    }
}

/// A device that is trusted has not shown the second factor: enough to come in, but not to change the account.
fn is_fresh(browser: &BrowserRequest, session: &BrowserSession) -> bool {
    let app = &browser.web.app;
    session.assurance != Assurance::TrustedDevice
        && app.now().since(session.authenticated_at) < app.settings.authentication.fresh_for
}

async fn of_session(browser: &mut BrowserRequest) -> Result<Option<SignedIn>, Stop> {
    let Some(session) = browser.session().await? else { return Ok(None) };
    let member = members::by_id(&mut browser.web.app.store.reader().await?, &session.member).await?;
    let Some(member) = member.filter(Member::may_act) else { return Ok(None) };
    browser.belongs_to(&member.id);
    Ok(Some(SignedIn { member, session }))
}
