//! One request by a browser: who it is, in which language, from where; and the answers that pages give it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{
    ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER, SET_COOKIE, USER_AGENT,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::rate_limit::Exceeded;
use super::{address, headers};
use crate::actions::ActionError;
use crate::actions::login::Browser;
use crate::actions::login::finish_login::LoggedIn;
use crate::actions::login::note_session_use::note_session_use;
use crate::actions::member::admit::Caller;
use crate::crypto::opaque_token::{self, Kind};
use crate::crypto::password_hash::HashError;
use crate::domain::ids::MemberId;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::device::Device;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::params::Params;
use crate::domain::secret::Secret;
use crate::domain::unix_time::{Span, UnixTime};
use crate::i18n::Locale;
use crate::random;
use crate::store::{Reads, StoreError};
use crate::web::banner::Banner;
use crate::web::cookies::{self, Name};
use crate::web::error_page::{ErrorKind, ErrorPage, WayOn};
use crate::web::leave_page::LeavePage;
use crate::web::page::{ApplicationLine, Chrome, PageTemplate};
use crate::web::page_error::PageError;
use crate::web::paths;
use crate::web::state::WebState;

/// A browser's request.
pub struct BrowserRequest {
    pub web: WebState,
    pub address: IpAddr,
    /// The query, parsed.
    pub query: Params,
    /// Shown on error pages and in the log.
    reference: String,
    locale: Locale,
    accept_language: String,
    /// What the member chose here or before; without it the application may have a say.
    chosen_language: Option<String>,
    /// Path and query.
    here: String,
    /// Another site's form brings none of our cookies along: it must not replace them.
    is_post: bool,
    browser_token: BrowserToken,
    session_token: Option<String>,
    device_token: Option<String>,
    enrolment: Option<String>,
    help_votes: Option<String>,
    device: Device,
    application: Option<ApplicationLine>,
    /// Stands for the member whose account this page shows.
    owner: Option<String>,
    notice: Option<Banner>,
    /// `Set-Cookie` headers of the answer.
    set_cookies: Vec<String>,
}

/// The random value that stands for this browser.
struct BrowserToken {
    token: String,
    is_new: bool,
}

impl FromRequestParts<WebState> for BrowserRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &WebState) -> Result<BrowserRequest, Response> {
        let browser = BrowserRequest::read(parts, web.clone());
        match browser.web.limits.page(browser.address) {
            Ok(()) => Ok(browser),
            Err(exceeded) => Err(browser.page_error(exceeded.into())),
        }
    }
}

impl BrowserRequest {
    fn read(parts: &Parts, web: WebState) -> BrowserRequest {
        let settings = &web.app.settings;
        let cookie = |name| cookies::get(&parts.headers, name, settings);
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let connection = connection.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(socket)| socket.ip());
        let query = Params::parse(parts.uri.query().unwrap_or_default());
        let accept_language = headers::list(&parts.headers, ACCEPT_LANGUAGE);
        let mut set_cookies = Vec::new();
        let asked = query.get("ui_locales").filter(|_| !is_protocol(parts.uri.path())).map(str::to_owned);
        let chosen_language = asked.clone().or_else(|| cookie(Name::Language));
        let locale = web.catalogue.negotiate(chosen_language.as_deref(), None, Some(&accept_language));
        if asked.is_some() {
            set_cookies.push(cookies::set(Name::Language, locale.tag(), None, settings));
        }
        BrowserRequest {
            address: address::of_request(connection, &parts.headers, &settings.http.trusted_proxies),
            reference: random::identifier().chars().filter(char::is_ascii_alphanumeric).take(10).collect(),
            locale,
            accept_language,
            chosen_language,
            here: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            is_post: parts.method == Method::POST,
            browser_token: match cookie(Name::Browser) {
                Some(token) => BrowserToken { token, is_new: false },
                None => BrowserToken { token: opaque_token::new(Kind::Browser).expose().clone(), is_new: true },
            },
            session_token: cookie(Name::Session),
            device_token: cookie(Name::Device),
            enrolment: cookie(Name::Enrolment),
            help_votes: cookie(Name::HelpVotes),
            device: Device::of(&headers::text(&parts.headers, USER_AGENT).unwrap_or_default()),
            application: None,
            owner: None,
            notice: cookie(Name::Notice).as_deref().and_then(Banner::named),
            set_cookies,
            query,
            web,
        }
    }

    pub fn locale(&self) -> &Locale {
        &self.locale
    }

    /// Speaks the language that an application wishes for, unless the member chose another.
    pub fn prefer_language(&mut self, ui_locales: Option<&str>) {
        if self.chosen_language.is_none() {
            self.locale = self.web.catalogue.negotiate(ui_locales, None, Some(&self.accept_language));
        }
    }

    /// Shows which application the login is for, and speaks its language unless the member chose another.
    pub fn on_behalf_of(&mut self, client: &Client, ui_locales: Option<&str>) {
        self.prefer_language(ui_locales);
        self.application = Some(ApplicationLine {
            name: client.name(self.locale.tag()).to_owned(),
            logo_uri: client.logo_uri.clone(),
            policy_uri: client.policy_uri.clone(),
            tos_uri: client.tos_uri.clone(),
        });
    }

    /// The page shows this member's account: its forms change no other.
    pub fn belongs_to(&mut self, member: &MemberId) {
        self.owner = Some(self.web.app.form_owner(&self.browser_token.token, member));
    }

    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Has the member's next page say what was done.
    pub fn notify(&mut self, notice: Banner) {
        let lasts = Some(Span::minutes(1));
        self.set_cookies.push(cookies::set(Name::Notice, notice.name(), lasts, &self.web.app.settings));
    }

    /// Speaks this language from now on.
    pub fn choose_language(&mut self, locale: Locale) {
        self.locale = locale;
        self.set_cookies.push(cookies::set(Name::Language, locale.tag(), None, &self.web.app.settings));
    }

    /// The key that is being enrolled here, sealed.
    pub fn enrolment(&self) -> Option<&str> {
        self.enrolment.as_deref()
    }

    pub fn remember_enrolment(&mut self, sealed: &str) {
        self.set_cookies.push(cookies::set(Name::Enrolment, sealed, None, &self.web.app.settings));
    }

    pub fn forget_enrolment(&mut self) {
        self.set_cookies.push(cookies::removal(Name::Enrolment, &self.web.app.settings));
    }

    /// Marks of the answers that were voted on here.
    pub fn help_votes(&self) -> &str {
        self.help_votes.as_deref().unwrap_or_default()
    }

    pub fn remember_help_votes(&mut self, marks: &str) {
        let lasts = Some(Span::days(90));
        self.set_cookies.push(cookies::set(Name::HelpVotes, marks, lasts, &self.web.app.settings));
    }

    /// Stands for this browser in sealed state and in the database.
    pub fn browser_digest(&self) -> String {
        opaque_token::digest(&self.browser_token.token)
    }

    /// Whether the browser came without our cookie: it is new, another one, or refuses cookies.
    pub fn browser_is_new(&self) -> bool {
        self.browser_token.is_new
    }

    pub fn csrf(&self) -> String {
        self.web.app.csrf(&self.browser_token.token)
    }

    /// The session of this browser, if there is one that is still good.
    pub async fn session(&self) -> Result<Option<BrowserSession>, ActionError> {
        let app = &self.web.app;
        let found = self.session_in(&mut app.store.reader().await?).await?;
        if let Some(session) = found.as_ref().filter(|session| session.use_is_worth_noting(app.now())) {
            note_session_use(app, &session.id).await?;
        }
        Ok(found)
    }

    /// The same, looked up with a connection that is there; the use is not noted.
    pub async fn session_in(&self, db: &mut impl Reads) -> Result<Option<BrowserSession>, StoreError> {
        self.for_login().session(&self.web.app, db).await
    }

    /// One attempt with a secret: of a device that has logged in before, or of this browser.
    pub fn limit_attempts(&self) -> Result<(), Exceeded> {
        let who = self.device_token.as_ref().unwrap_or(&self.browser_token.token);
        self.web.limits.attempt_in_browser(self.address, opaque_token::digest(who))
    }

    /// This browser, for an act of whoever is logged in here.
    pub fn caller(&self) -> Caller {
        Caller::new(self.session_token.as_deref(), self.device)
    }

    /// This browser, for a login.
    pub fn for_login(&self) -> Browser {
        Browser {
            digest: self.browser_digest(),
            session_token: self.session_token.clone(),
            device_token: self.device_token.clone(),
            device: self.device,
        }
    }

    /// Whether a form was sent.
    pub fn is_post(&self) -> bool {
        self.is_post
    }

    /// What the browser says of itself.
    pub fn device(&self) -> Device {
        self.device
    }

    /// A moment as the reader's language writes it.
    pub fn date_time(&self, at: UnixTime) -> String {
        self.web.catalogue.date_time(&self.locale, at)
    }

    /// Gives the browser the cookies of a login.
    pub fn log_in(&mut self, done: &LoggedIn) {
        let settings = &self.web.app.settings;
        self.set_cookies.push(cookies::set(Name::Session, done.session_token.expose(), None, settings));
        if let Some(token) = &done.device_token {
            let lasts = settings.locks.password.known_device_lifetime;
            self.set_cookies.push(cookies::set(Name::Device, token.expose(), Some(lasts), settings));
        } else if let Some(token) = &self.device_token {
            let lasts = settings.locks.password.known_device_lifetime;
            self.set_cookies.push(cookies::set(Name::Device, token, Some(lasts), settings));
        }
    }

    /// The session goes on under this cookie.
    pub fn renew_session(&mut self, token: &Secret<String>) {
        self.set_cookies.push(cookies::set(Name::Session, token.expose(), None, &self.web.app.settings));
        self.session_token = Some(token.expose().clone());
    }

    /// Takes the session's cookie away.
    pub fn log_out(&mut self) {
        self.set_cookies.push(cookies::removal(Name::Session, &self.web.app.settings));
    }

    /// A page that was asked for by its address.
    pub fn page<P: PageTemplate>(mut self, page: &P) -> Response {
        let here = self.here.clone();
        self.notice = self.notice.filter(|notice| self.owner.is_some() || *notice == Banner::StepDone);
        if self.notice.is_some() {
            self.set_cookies.push(cookies::removal(Name::Notice, &self.web.app.settings));
        }
        self.show(StatusCode::OK, page, here)
    }

    /// A form shown again because of what was sent: nothing was done.
    pub fn form_again<P: PageTemplate>(self, page: &P) -> Response {
        self.show(StatusCode::UNPROCESSABLE_ENTITY, page, String::new())
    }

    /// A page that answers a form, done.
    pub fn done<P: PageTemplate>(self, page: &P) -> Response {
        self.show(StatusCode::OK, page, String::new())
    }

    fn show<P: PageTemplate>(self, status: StatusCode, page: &P, here: String) -> Response {
        let settings = &self.web.app.settings;
        let language = self.locale.tag();
        let chrome = Chrome {
            locale: self.locale,
            csrf: self.csrf(),
            service_name: settings.society.service_name.get(language).to_owned(),
            society_name: settings.society.name.get(language).to_owned(),
            inquiry_url: settings.society.inquiry_url.as_ref().map(ToString::to_string),
            application: self.application.clone(),
            owner: self.owner.clone().unwrap_or_default(),
            notice: self.notice.filter(|_| !here.is_empty()).map(Banner::name),
            here,
        };
        match self.web.pages.render(&chrome, page) {
            Ok(html) => {
                let mut response = (status, Html(html)).into_response();
                let headers = response.headers_mut();
                insert(headers, CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_OF_PAGES);
                insert(headers, CONTENT_LANGUAGE, language);
                self.with_cookies(response)
            }
            Err(error) => {
                tracing::error!(reference = self.reference, "a page can't be shown: {error}");
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error\n").into_response()
            }
        }
    }

    /// On to another address: one of our own paths, or a URI that was checked against a client's registration. After a
    /// form, that URI is left for by a page of ours.
    pub fn redirect(self, to: &str) -> Response {
        if self.is_post && !to.starts_with('/') {
            return self.leave_to(to);
        }
        let mut response = StatusCode::SEE_OTHER.into_response();
        insert(response.headers_mut(), LOCATION, to);
        self.with_cookies(response)
    }

    /// Away from here, to a URI that was checked against a client's registration, by a page that goes on by itself: browsers
    /// hold all redirects that follow a form, here and at whatever they lead to, against `form-action`, and stay where they are
    /// without a word (docs/decisions/form-action.md).
    pub fn leave_to(mut self, uri: &str) -> Response {
        let application = self.application.take().map(|application| application.name);
        self.show(StatusCode::OK, &LeavePage::new(uri, application), String::new())
    }

    fn with_cookies(self, mut response: Response) -> Response {
        let settings = &self.web.app.settings;
        let mut cookies = self.set_cookies;
        if self.browser_token.is_new && !self.is_post {
            cookies.push(cookies::set(Name::Browser, &self.browser_token.token, None, settings));
        }
        for cookie in cookies {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(SET_COOKIE, value);
            }
        }
        response
    }

    /// The page for what went wrong; the operator finds the rest in the log under the same reference.
    pub fn page_error(self, error: PageError) -> Response {
        let reference = self.reference.clone();
        let (status, kind, detail, way_on) = match error {
            PageError::Page { kind, detail, way_on } => {
                tracing::info!(reference, kind = kind.code(), detail, "refused");
                let way_on = way_on.or_else(|| self.usual_way_on(kind));
                (status_of(kind), kind, detail, way_on)
            }
            PageError::TooOften(exceeded) => {
                tracing::info!(reference, "too many requests");
                let kind = ErrorKind::TooManyRequests { retry_seconds: exceeded.retry_seconds };
                (status_of(kind), kind, None, None)
            }
            PageError::Inside(
                error @ (ActionError::Hash(HashError::Busy { .. }) | ActionError::Store(StoreError::Busy(_))),
            ) => {
                let retry_after = match &error {
                    ActionError::Hash(HashError::Busy { retry_after }) => {
                        tracing::warn!(reference, "{error}");
                        *retry_after
                    }
                    ActionError::Store(StoreError::Busy(cause)) => {
                        tracing::debug!(reference, "{error}");
                        cause.retry_after()
                    }
                    _ => Span::seconds(1),
                };
                let mut response = self.show(
                    StatusCode::SERVICE_UNAVAILABLE,
                    &ErrorPage::new(ErrorKind::Busy, reference),
                    String::new(),
                );
                insert(response.headers_mut(), RETRY_AFTER, &retry_after.as_seconds().max(1).to_string());
                return response;
            }
            PageError::Inside(error) => {
                tracing::error!(reference, "{error}");
                (StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::ServerError, None, None)
            }
        };
        let page = ErrorPage { detail, way_on, ..ErrorPage::new(kind, reference) };
        let mut response = self.show(status, &page, String::new());
        if let ErrorKind::TooManyRequests { retry_seconds } = kind {
            insert(response.headers_mut(), RETRY_AFTER, &retry_seconds.to_string());
        }
        response
    }

    /// Where a member goes on after trouble of this kind, for all that the request tells.
    fn usual_way_on(&self, kind: ErrorKind) -> Option<WayOn> {
        let path = self.here.split('?').next().unwrap_or_default();
        let of_account = path.starts_with("/account/");
        match kind {
            // The one form without a page of its own.
            ErrorKind::FormExpired if path == paths::ACCOUNT_LANGUAGE => Some(WayOn::to_profile()),
            ErrorKind::FormExpired if of_account => Some(WayOn::reopen(path.to_owned())),
            // With the link that was mailed, where there is one: it is all that these pages go by.
            ErrorKind::FormExpired | ErrorKind::FlowOtherBrowser if path.starts_with("/recovery/") => {
                Some(WayOn::reopen(self.here.clone()))
            }
            ErrorKind::FlowExpired | ErrorKind::FlowOtherBrowser | ErrorKind::FlowDone | ErrorKind::FormExpired => {
                let portal = self.web.app.settings.society.portal_url.as_ref();
                Some(portal.map_or_else(WayOn::to_login, |portal| WayOn::to_portal(portal.to_string())))
            }
            ErrorKind::LogoutHintInvalid | ErrorKind::PostLogoutRedirectUriMismatch => Some(WayOn::log_out()),
            ErrorKind::OtherMember => Some(WayOn::to_profile()),
            ErrorKind::NotFound | ErrorKind::MethodNotAllowed if of_account => Some(WayOn::to_profile()),
            _ => None,
        }
    }
}

/// At the protocol's own endpoints `ui_locales` is the application's wish, elsewhere the member's choice.
fn is_protocol(path: &str) -> bool {
    matches!(path, paths::AUTHORIZE | paths::LOGOUT)
}

fn insert(headers: &mut HeaderMap, name: axum::http::HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => tracing::error!(header = %name, "a header value holds characters that it can't have"),
    }
}

/// No script but our own files, nothing from elsewhere but an application's logo, and no form that leads away.
pub const CONTENT_SECURITY_POLICY_OF_PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' https: data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::RedirectUriMissing
        | ErrorKind::RedirectUriMismatch
        | ErrorKind::ClientUnknown
        | ErrorKind::RequestInvalid
        | ErrorKind::FlowExpired
        | ErrorKind::FlowOtherBrowser
        | ErrorKind::FlowDone
        | ErrorKind::FormExpired
        | ErrorKind::LogoutHintInvalid
        | ErrorKind::PostLogoutRedirectUriMismatch => StatusCode::BAD_REQUEST,
        ErrorKind::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::AccountDisabled | ErrorKind::AccountLocked | ErrorKind::OtherMember => StatusCode::FORBIDDEN,
    }
}
