//! A login under way: where it stands, and how it goes on after each step. The rule is `domain/login/next_step.rs`; here it is
//! asked inside the transaction that takes the step, with the member held, so that a lock, another password or a step in
//! another tab comes before and is seen, or comes after.

use super::Browser;
use super::finish_login::{LoggedIn, finish_login};
use super::lost_methods;
use super::one_time_passwords::lift_if_over;
use crate::actions::ActionError;
use crate::actions::member::authenticators::{demands_of, enrolled};
use crate::app::App;
use crate::crypto::opaque_token::{self, Kind};
use crate::domain::ids::MemberId;
use crate::domain::login::flow::Flow;
use crate::domain::login::login_page::LoginPage;
use crate::domain::login::next_step::{Closed, Demands, First, NextStep, Proved, next_step};
use crate::domain::member::authentication_method::Enrolled;
use crate::domain::member::profile::{Member, Password};
use crate::domain::protocol::client::Client;
use crate::domain::protocol::redirect_uri;
use crate::domain::secret::Secret;
use crate::store::login::known_devices;
use crate::store::login::logins::{self, Login};
use crate::store::member::{lost_methods as rights, members};
use crate::store::protocol::clients;
use crate::store::{Reads, WriteTx};

/// Which login a form belongs to.
#[derive(Clone, Debug)]
pub struct StepOf {
    /// The token in the addresses of its pages.
    pub token: String,
    pub browser: Browser,
}

/// A login under way, with all that its pages need.
pub struct Step {
    pub token: String,
    pub login: Login,
    pub member: Member,
    pub password: Option<Password>,
    pub client: Option<Client>,
    pub enrolled: Enrolled,
    pub demands: Demands,
    pub due: NextStep,
    /// What is enrolled goes when something new stands in its place.
    pub sets_up_again: bool,
}

/// Where a login stands after a step.
pub enum Went {
    On(LoginPage),
    In(Box<LoggedIn>),
}

/// How a login goes on after the first factor.
pub enum Begun {
    /// The login has this token.
    On(LoginPage, Secret<String>),
    In(Box<LoggedIn>),
    Refused(Closed),
    /// The application is not registered any more, or not with this redirect URI.
    ClientGone,
}

/// The client that a flow is for, if it is still registered with the same redirect URI; `Err` if it is not.
async fn client(db: &mut impl Reads, flow: &Flow) -> Result<Result<Option<Client>, ()>, ActionError> {
    let Some(request) = flow.request() else { return Ok(Ok(None)) };
    let found = clients::by_id(db, request.client.as_str()).await?.map(|stored| stored.client);
    let fits = |client: &Client| {
        redirect_uri::is_registered(&request.redirect_uri, &client.redirect_uris, client.application_type)
    };
    Ok(found.filter(fits).map(Some).ok_or(()))
}

/// The login that goes on in this browser, whatever its turn is. `None` if it has ended.
pub async fn step(app: &App, db: &mut impl Reads, of: &StepOf) -> Result<Option<Step>, ActionError> {
    let now = app.now();
    let digest = opaque_token::digest(&of.token);
    let Some(login) = logins::going_on(db, &digest, &of.browser.digest, now).await? else { return Ok(None) };
    let Some(member) = members::by_id(db, &login.member).await? else { return Ok(None) };
    let Ok(client) = client(db, &login.flow).await? else { return Ok(None) };
    let password = members::password(db, &member.id).await?;
    let enrolled = enrolled(db, &member).await?;
    let demands = demands_of(app, db, client.as_ref(), &login.flow).await?;
    let sets_up_again = sets_up_again(app, db, &member.id, &login.proved).await?;
    let counts = if sets_up_again { &Enrolled::default() } else { &enrolled };
    let due = next_step(&member, password.as_ref(), counts, &login.proved, &demands, now);
    let token = of.token.clone();
    Ok(Some(Step { token, login, member, password, client, enrolled, demands, due, sets_up_again }))
}

/// Whether this login uses the right to set the methods up again, and the right still stands.
async fn sets_up_again(
    app: &App,
    db: &mut impl Reads,
    member: &MemberId,
    proved: &Proved,
) -> Result<bool, ActionError> {
    Ok(proved.sets_up_again && lost_methods::may_set_up_again(app, db, member).await?)
}

/// For a verb, first of all: the same with the member held. `None` if it is not the turn of `page` (any more).
pub async fn hold(app: &App, tx: &mut WriteTx, of: &StepOf, page: LoginPage) -> Result<Option<Step>, ActionError> {
    let digest = opaque_token::digest(&of.token);
    let Some(login) = logins::going_on(tx, &digest, &of.browser.digest, app.now()).await? else { return Ok(None) };
    members::held(tx, &login.member).await?;
    Ok(step(app, tx, of).await?.filter(|step| page.serves(&step.due)))
}

/// After the first factor of a member who is held: the end, or the first of further steps.
pub async fn begin(
    app: &App,
    tx: &mut WriteTx,
    browser: &Browser,
    flow: Flow,
    mut member: Member,
    mut proved: Proved,
) -> Result<Begun, ActionError> {
    let now = app.now();
    let Ok(client) = client(tx, &flow).await? else { return Ok(Begun::ClientGone) };
    lift_if_over(app, tx, &mut member).await?;
    if proved.first == First::Passkey {
        rights::end(tx, &member.id).await?;
    }
    // Where a change to the account waits, the second factor is shown even on a device that is trusted.
    if let (Some(device), None) = (&browser.device_token, &flow.confirms) {
        let digest = opaque_token::digest(device);
        proved.trusted_device = app.settings.authentication.trust_device_for.is_some()
            && known_devices::is_trusted(tx, &digest, &member.id, now).await?;
    }
    let password = members::password(tx, &member.id).await?;
    let enrolled = enrolled(tx, &member).await?;
    let demands = demands_of(app, tx, client.as_ref(), &flow).await?;
    let due = next_step(&member, password.as_ref(), &enrolled, &proved, &demands, now);
    match (LoginPage::of(&due), due) {
        (Some(page), _) => {
            let token = opaque_token::new(Kind::Step);
            let login = Login {
                digest: opaque_token::digest(token.expose()),
                browser: browser.digest.clone(),
                member: member.id,
                proved,
                flow,
                expires_at: now + app.settings.sessions.login_time_limit,
            };
            logins::insert(tx, &login, now).await?;
            Ok(Begun::On(page, token))
        }
        (None, NextStep::Refuse(closed)) => Ok(Begun::Refused(closed)),
        (None, _) => Ok(Begun::In(Box::new(finish_login(app, tx, &member, flow, &proved, browser).await?))),
    }
}

impl Step {
    /// After a step of this login, in the transaction that wrote it down: the next page, or the end. `proved` is all that
    /// the login has shown by now. `None` if the login has ended: then nothing of the step may stand.
    pub async fn go_on(
        mut self,
        app: &App,
        tx: &mut WriteTx,
        browser: &Browser,
        proved: Proved,
    ) -> Result<Option<Went>, ActionError> {
        let now = app.now();
        // Whoever shows a second factor has not lost it.
        if proved.second.is_some() {
            rights::end(tx, &self.login.member).await?;
        }
        if !logins::prove(tx, &self.login, &proved, now).await? {
            return Ok(None);
        }
        self.login.proved = proved;
        let Some(member) = members::by_id(tx, &self.login.member).await? else { return Ok(None) };
        let password = members::password(tx, &member.id).await?;
        let enrolled = enrolled(tx, &member).await?;
        let sets_up_again = sets_up_again(app, tx, &member.id, &proved).await?;
        let counts = if sets_up_again { &Enrolled::default() } else { &enrolled };
        let due = next_step(&member, password.as_ref(), counts, &proved, &self.demands, now);
        match (LoginPage::of(&due), due) {
            (Some(page), _) => Ok(Some(Went::On(page))),
            (None, NextStep::Refuse(_)) => Ok(None),
            (None, _) => {
                // The password alone is enough: nothing else comes in its place.
                if sets_up_again && !lost_methods::take_everything_away(app, tx, &self, browser).await? {
                    return Ok(None);
                }
                if !logins::take(tx, &self.login, now).await? {
                    return Ok(None);
                }
                let done = finish_login(app, tx, &member, self.login.flow, &proved, browser).await?;
                Ok(Some(Went::In(Box::new(done))))
            }
        }
    }
}
