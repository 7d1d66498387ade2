//! Who is logged in, for the account's own pages, and whether that login is enough (`domain/member/permissions.rs`). A form
//! changes the account of the member whose page it stood on, whoever has logged in to the same browser meanwhile.

use axum::response::Response;

use crate::actions::member::admit::{self, NotDone};
use crate::crypto::opaque_token;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
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

/// To a member whose session is enough for this page.
pub async fn signed_in(browser: &mut BrowserRequest, page: AccountPage) -> Result<SignedIn, Stop> {
    let act = Act::opening(&page);
    let who = look(browser, act).await.map_err(|why| stop(browser, page, why))?;
    browser.belongs_to(&who.member.id);
    Ok(who)
}

/// The form of this page, of the member whose page it was. If this session is not enough, a login leads back to the page;
/// what was sent is dropped then, and the login page says so.
pub async fn sent_by(browser: &mut BrowserRequest, fields: &Params, page: AccountPage) -> Result<SignedIn, Stop> {
    let act = Act::behind(&page);
    sent_for(browser, fields, page, act).await
}

/// The same, where the form does something else than the page stands for.
pub async fn sent_for(
    browser: &mut BrowserRequest,
    fields: &Params,
    page: AccountPage,
    act: Act,
) -> Result<SignedIn, Stop> {
    let looked = look(browser, act).await;
    if let Ok(SignedIn { member, .. }) = &looked {
        browser.belongs_to(&member.id);
    } else if let Err(NotDone::ShowAgain(member)) = &looked {
        browser.belongs_to(&member.id);
    }
    if let Some(owner) = browser.owner()
        && !fields.get("owner").is_some_and(|sent| opaque_token::same(sent, owner))
    {
        return Err(Stop::page(ErrorKind::OtherMember));
    }
    looked.map_err(|why| stop(browser, page, why))
}

async fn look(browser: &BrowserRequest, act: Act) -> Result<SignedIn, NotDone> {
    if browser.session().await?.is_none() {
        return Err(NotDone::LoggedOut);
    }
    let app = &browser.web.app;
    let admit::Admitted { member, session, .. } =
        admit::look(app, &mut app.store.reader().await?, &browser.caller(), act).await?;
    Ok(SignedIn { member, session })
}

/// The way on for whom an act was refused: a login that asks for what is missing and leads back to the page.
pub fn stop(browser: &BrowserRequest, page: AccountPage, why: NotDone) -> Stop {
    let login = match why {
        NotDone::LoggedOut => password::to_account(browser, page, None),
        NotDone::ShowAgain(member) => password::to_account(browser, page, Some(&member.user_id)),
        NotDone::Inside(error) => return Stop::PageError(error.into()),
    };
    Stop::Login(if browser.is_post() { password::and_again(login) } else { login })
}
