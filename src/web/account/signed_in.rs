//! Who is logged in, for the account's own pages: changes need a login that is fresh (product.md 1.9).

use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::profile::Member;
use crate::store::members;
use crate::web::login::password;
use crate::web::request::visit::Visit;
use crate::web::trouble::Trouble;

/// Whether a page of the account may be shown.
pub enum Entrance {
    Open(Box<Member>),
    /// The address of the login that leads back to the page.
    Login(String),
}

/// To a member who is logged in.
pub async fn signed_in(visit: &Visit, page: AccountPage) -> Result<Entrance, Trouble> {
    Ok(match of_session(visit).await? {
        Some((_, member)) => Entrance::Open(Box::new(member)),
        None => Entrance::Login(password::to_account(visit, page, None)),
    })
}

/// To a member who has shown who they are a short while ago; whoever is logged in for longer shows it again.
pub async fn freshly_signed_in(visit: &Visit, page: AccountPage) -> Result<Entrance, Trouble> {
    let app = &visit.site.app;
    Ok(match of_session(visit).await? {
        Some((session, member))
            if app.now().since(session.authenticated_at) < app.settings.authentication.fresh_for =>
        {
            Entrance::Open(Box::new(member))
        }
        Some((_, member)) => Entrance::Login(password::to_account(visit, page, Some(&member.user_id))),
        None => Entrance::Login(password::to_account(visit, page, None)),
    })
}

async fn of_session(visit: &Visit) -> Result<Option<(BrowserSession, Member)>, Trouble> {
    let Some(session) = visit.session().await? else { return Ok(None) };
    let member = members::by_id(&mut visit.site.app.store.reader().await?, &session.member).await?;
    Ok(member.filter(Member::may_act).map(|member| (session, member)))
}
