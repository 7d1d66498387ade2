//! `/account/profile`: 「プロフィール変更」 (product.md 1.9), what the society holds about the member, and the ways to all that
//! they can change.

use axum::response::Response;
use serde::Serialize;

use super::authentication_method::{self, MethodChoice};
use super::signed_in::{Shown, SignedIn, Stop, answer, sent_for, signed_in, stop};
use crate::actions::member::set_preferences::{self, is_in};
use crate::domain::login::flow::AccountPage;
use crate::domain::member::authentication_method::Method;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Member;
use crate::domain::protocol::params::Params;
use crate::i18n::Locale;
use crate::store::member::members;
use crate::store::protocol::clients;
use crate::web::banner::Banner;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::Profile;

/// The overview.
#[derive(Clone, Debug, Serialize)]
pub struct ProfilePage {
    pub user_id: String,
    /// Corrected by staff alone.
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    /// When the password was set.
    pub password_set: Option<String>,
    pub language_choices: Vec<Language>,
    /// Whether portals' notices come by mail; `None` where no portal may send any.
    pub notices: Option<bool>,
    /// What may be asked for beside the password; empty where the operator offers nothing.
    pub methods: Vec<MethodChoice>,
}

/// A language of pages and mails.
#[derive(Clone, Debug, Serialize)]
pub struct Language {
    pub tag: &'static str,
    /// In the language itself.
    pub name: String,
    pub chosen: bool,
}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<ProfilePage>, Stop> {
    let SignedIn { member, .. } = signed_in(browser, PAGE).await?;
    let mut reader = browser.web.app.store.reader().await?;
    let password = members::password(&mut reader, &member.id).await?;
    let methods = authentication_method::choices(&browser.web.app, &mut reader, &member).await?;
    let notices = clients::any_may_notify(&mut reader).await?.then_some(member.notices_off_at.is_none());
    drop(reader);
    Ok(Shown::Page(ProfilePage {
        email_verified: member.verified_email().is_some(),
        password_set: password.map(|password| browser.date_time(password.set_at)),
        language_choices: languages(browser, &member),
        notices,
        methods,
        user_id: member.user_id,
        name: member.name,
        email: member.email,
    }))
}

fn languages(browser: &BrowserRequest, member: &Member) -> Vec<Language> {
    let texts = &browser.web.catalogue;
    let known = member.language().and_then(|tag| texts.locales().find(|locale| is_in(tag, *locale)));
    let chosen = known.unwrap_or(*browser.locale());
    let language = |locale: Locale| Language {
        tag: locale.tag(),
        name: texts.text(&locale, "language-name", &[]),
        chosen: locale == chosen,
    };
    texts.locales().map(language).collect()
}

/// `POST /account/language`: the language of pages and mails. It neither weakens the account nor tells anything: any login
/// will do.
pub async fn post_language(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = choose_language(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn choose_language(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<ProfilePage>, Stop> {
    sent_for(browser, fields, PAGE, Act::ChooseLanguage).await?;
    let to = PAGE.path();
    let chosen = browser.web.catalogue.locales().find(|locale| fields.get("language") == Some(locale.tag()));
    let Some(locale) = chosen else { return Ok(Shown::GoTo(to)) };
    let done = set_preferences::language(&browser.web.app, &browser.caller(), locale).await;
    done.map_err(|why| stop(browser, PAGE, why))?;
    browser.choose_language(locale);
    browser.notify(Banner::LanguageChanged);
    Ok(Shown::GoTo(to))
}

/// `POST /account/member-notices`: whether portals' notices come by mail. Any login will do, as for the language.
pub async fn post_notices(OwnForm { mut browser, fields }: OwnForm) -> Response {
    let outcome = choose_notices(&mut browser, &fields).await;
    answer(browser, outcome)
}

async fn choose_notices(browser: &mut BrowserRequest, fields: &Params) -> Result<Shown<ProfilePage>, Stop> {
    sent_for(browser, fields, PAGE, Act::ChooseNotices).await?;
    let on = match fields.get("notices") {
        Some("on") => true,
        Some("off") => false,
        _ => return Ok(Shown::GoTo(PAGE.path())),
    };
    let done = set_preferences::notices(&browser.web.app, &browser.caller(), on).await;
    done.map_err(|why| stop(browser, PAGE, why))?;
    browser.notify(if on { Banner::NoticesOn } else { Banner::NoticesOff });
    Ok(Shown::GoTo(PAGE.path()))
}

impl PageTemplate for ProfilePage {
    const TEMPLATE: &'static str = "account/profile.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let language = |tag: &'static str, chosen| Language { tag, name: tag.to_uppercase(), chosen };
        let page = |name: Option<&str>, email: Option<&str>, methods| ProfilePage {
            user_id: "hanako".into(),
            name: name.map(String::from),
            email: email.map(String::from),
            email_verified: name.is_some(),
            password_set: Some("2026-11-22 10:42".into()),
            language_choices: vec![language("ja", true), language("en", false)],
            notices: name.map(|_| true),
            methods,
        };
        let email = Some("hanako@example.jp");
        vec![
            ("full", page(Some("Yamada Hanako"), email, authentication_method::sample(Some(Method::Totp)))),
            ("no_method_yet", page(None, email, authentication_method::sample(None))),
            ("notices_off", ProfilePage { notices: Some(false), ..page(None, email, Vec::new()) }),
            ("sparse", ProfilePage { password_set: None, ..page(None, None, Vec::new()) }),
        ]
    }
}
