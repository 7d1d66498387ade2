//! `/account/sessions`: where the member is logged in, and which devices are asked for no second factor; ending it there.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::end_own_sessions;
use crate::domain::ids::BrowserSessionId;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::Reads;
use crate::store::login::{browser_sessions, known_devices};
use crate::web::banner::Banner;
use crate::web::error_page::ErrorKind;
use crate::web::login::one_time_password::in_words;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::Sessions;

/// All sessions, this one first.
#[derive(Clone, Debug, Serialize)]
pub struct SessionsPage {
    pub sessions: Vec<SessionLine>,
    /// How many devices are asked for no second factor; `None` where there are none and can be none.
    pub trusted: Option<i64>,
}

/// A session in words. Times are as the reader's language writes them.
#[derive(Clone, Debug, Serialize)]
pub struct SessionLine {
    pub id: String,
    pub device: String,
    /// When the member logged in there last.
    pub since: String,
    pub last_used: String,
    /// The one that shows the page.
    pub current: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<SessionsPage>, Stop> {
    let SignedIn { member, session } = signed_in(browser, PAGE).await?;
    let app = &browser.web.app;
    let mut reader = app.store.reader().await?;
    let mut sessions: Vec<SessionLine> = alive(browser, &mut reader, &member)
        .await?
        .into_iter()
        .map(|one| SessionLine {
            device: in_words(browser, one.device),
            since: browser.date_time(one.authenticated_at),
            last_used: browser.date_time(one.last_used_at),
            current: one.id == session.id,
            id: one.id.to_string(),
        })
        .collect();
    sessions.sort_by_key(|line| !line.current);
    let trusted = known_devices::trusted(&mut reader, &member.id, app.now()).await?;
    let may_trust = app.settings.authentication.trust_device_for.is_some();
    Ok(Shown::Page(SessionsPage { sessions, trusted: (may_trust || trusted > 0).then_some(trusted) }))
}

async fn alive(browser: &BrowserRequest, db: &mut impl Reads, member: &Member) -> Result<Vec<BrowserSession>, Stop> {
    let app = &browser.web.app;
    let now = app.now();
    Ok(browser_sessions::of_member(db, &member.id, now - app.settings.sessions.idle, now).await?)
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = end(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn end(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<SessionsPage>, Stop> {
    sent_by(browser, fields, PAGE).await?;
    let (app, caller) = (browser.web.app.clone(), browser.caller());
    let (done, notice) = if let Some(id) = fields.get("end") {
        (end_own_sessions::one(&app, &caller, &BrowserSessionId(id.to_owned())).await, Banner::SessionEnded)
    } else if fields.get("end_others").is_some() {
        (end_own_sessions::all_others(&app, &caller).await.map(|()| true), Banner::OtherSessionsEnded)
    } else if fields.get("distrust").is_some() {
        (end_own_sessions::trust(&app, &caller).await.map(|()| true), Banner::TrustWithdrawn)
    } else {
        return Err(Stop::page(ErrorKind::RequestInvalid));
    };
    // Otherwise it is another member's, or the button was pressed twice.
    if done.map_err(|why| stop(browser, PAGE, why))? {
        browser.notify(notice);
    }
    Ok(Shown::GoTo(PAGE.path()))
}

impl PageTemplate for SessionsPage {
    const TEMPLATE: &'static str = "account/sessions.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let line = |id: &str, current| SessionLine {
            id: id.into(),
            device: "Safari, iPhone <1>".into(),
            since: "2026-11-20 09:00".into(),
            last_used: "2026-11-22 10:42".into(),
            current,
        };
        let page = |sessions, trusted| SessionsPage { sessions, trusted };
        vec![
            ("this_one", page(vec![line("s-1", true)], None)),
            ("several", page(vec![line("s-1", true), line("s-2", false), line("s-3", false)], Some(2))),
            ("nothing_trusted", page(vec![line("s-1", true)], Some(0))),
        ]
    }
}
