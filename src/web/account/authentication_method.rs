//! `/account/authentication-method`: what is asked for beside the password (FAQ 17), and all that the member has enrolled.
//! Choosing a method that is not enrolled leads into its enrolment, after which it is the method.

use axum::response::Response;
use serde::Serialize;

use super::signed_in::{Shown, SignedIn, Stop, answer, sent_by, signed_in, stop};
use super::totp_devices::{self, DeviceLine};
use crate::actions::member::authenticators::{enrolled, offered_methods};
use crate::actions::member::choose_method::{Chosen, choose_method};
use crate::app::App;
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::email_address::masked;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::store::Reads;
use crate::store::member::{passkeys, recovery_codes, totp_devices as devices};
use crate::web::banner::Banner;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::AuthenticationMethod;

/// The choice, and what is enrolled.
#[derive(Clone, Debug, Serialize)]
pub struct AuthenticationMethodPage {
    pub methods: Vec<MethodChoice>,
    /// Nothing was chosen.
    pub missing: bool,
    pub apps: Vec<DeviceLine>,
    /// Whether one more may be added.
    pub may_add_app: bool,
    /// How many; `None` where there are none and can be none.
    pub passkeys: Option<usize>,
    /// The masked address that codes are sent to, where that is enrolled.
    pub email: Option<String>,
    /// How many are left; `None` where the operator has none.
    pub recovery_codes: Option<u32>,
}

/// An entry of the pull-down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MethodChoice {
    pub name: &'static str,
    pub enrolled: bool,
    pub chosen: bool,
}

/// What the member may choose from: what the operator offers.
pub async fn choices(app: &App, db: &mut impl Reads, member: &Member) -> Result<Vec<MethodChoice>, Stop> {
    let enrolled = enrolled(db, member).await?;
    let choice = |method: Method| MethodChoice {
        name: method.name(),
        enrolled: enrolled.has(method),
        chosen: member.method == Some(method) && enrolled.has(method),
    };
    Ok(offered_methods(app).into_iter().map(choice).collect())
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<AuthenticationMethodPage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, PAGE).await?;
    Ok(Shown::Page(page(browser, &member, false).await?))
}

async fn page(browser: &BrowserRequest, member: &Member, missing: bool) -> Result<AuthenticationMethodPage, Stop> {
    let app = &browser.web.app;
    let settings = &app.settings.authentication;
    let mut reader = app.store.reader().await?;
    let methods = choices(app, &mut reader, member).await?;
    let offers = |method: Method| methods.iter().any(|choice| choice.name == method.name());
    let apps = devices::of_member(&mut reader, &member.id).await?;
    let passkeys = passkeys::of_member(&mut reader, &member.id).await?.len();
    Ok(AuthenticationMethodPage {
        missing,
        may_add_app: offers(Method::Totp) && apps.len() < settings.app.max_devices as usize,
        apps: apps.iter().map(|device| totp_devices::line(browser, device)).collect(),
        passkeys: (offers(Method::Passkey) || passkeys > 0).then_some(passkeys),
        email: member.verified_email().filter(|_| member.email_method_at.is_some()).map(masked),
        recovery_codes: match settings.recovery_codes {
            true => Some(recovery_codes::left(&mut reader, &member.id).await?),
            false => None,
        },
        methods,
    })
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = decide(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn decide(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<AuthenticationMethodPage>, Stop> {
    let SignedIn { member, .. } = sent_by(browser, fields, PAGE).await?;
    let app = browser.web.app.clone();
    let offered = offered_methods(&app);
    let chosen = fields.get("method").and_then(Method::named).filter(|method| offered.contains(method));
    let Some(method) = chosen else { return Ok(Shown::Again(page(browser, &member, true).await?)) };
    match choose_method(&app, &browser.caller(), method).await.map_err(|why| stop(browser, PAGE, why))? {
        Chosen::Done => {
            browser.notify(Banner::MethodChanged);
            Ok(Shown::GoTo(AccountPage::Profile.path()))
        }
        Chosen::NotEnrolled => {
            let enrolment = match method {
                Method::Email if member.verified_email().is_none() => AccountPage::EmailAddress,
                Method::Email => AccountPage::EmailMethod,
                Method::Totp => AccountPage::TotpEnrolment,
                Method::Passkey => AccountPage::PasskeyEnrolment,
            };
            Ok(Shown::GoTo(format!("{}?choose=1", enrolment.path())))
        }
    }
}

/// For the samples of pages.
pub fn sample(chosen: Option<Method>) -> Vec<MethodChoice> {
    let choice = |method: Method| MethodChoice {
        name: method.name(),
        enrolled: Some(method) == chosen,
        chosen: Some(method) == chosen,
    };
    Method::ALL.map(choice).into()
}

impl PageTemplate for AuthenticationMethodPage {
    const TEMPLATE: &'static str = "account/authentication_method.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let none = AuthenticationMethodPage {
            methods: sample(None),
            missing: false,
            apps: Vec::new(),
            may_add_app: true,
            passkeys: Some(0),
            email: None,
            recovery_codes: None,
        };
        let full = AuthenticationMethodPage {
            methods: sample(Some(Method::Totp)),
            apps: vec![totp_devices::sample("phone"), totp_devices::sample("tablet")],
            may_add_app: false,
            passkeys: Some(2),
            email: Some("h•••••@example.jp".into()),
            recovery_codes: Some(7),
            ..none.clone()
        };
        let off = AuthenticationMethodPage { methods: Vec::new(), may_add_app: false, passkeys: None, ..none.clone() };
        vec![
            ("nothing_enrolled", none.clone()),
            ("missing", AuthenticationMethodPage { missing: true, recovery_codes: Some(0), ..none }),
            ("full", full),
            ("nothing_offered", off),
        ]
    }
}
