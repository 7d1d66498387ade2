//! Every URL.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use super::error_page::ErrorKind;
use super::page_error::PageError;
use super::request::browser::BrowserRequest;
use super::state::WebState;
use super::{
    account, assets, health, help, login, mail_folder, member_notices, oidc, paths, recovery, root, security_headers,
};

pub fn router(web: WebState) -> Router {
    let http = &web.app.settings.http;
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, http.request_timeout.as_duration());
    // What applications in browsers call by script. No cookie counts here, so any origin may.
    let for_scripts = Router::new()
        .route(paths::OPENID_CONFIGURATION, get(oidc::discovery::get))
        .route(paths::AUTHORIZATION_SERVER_METADATA, get(oidc::discovery::get))
        .route(paths::JWKS, get(oidc::jwks::get))
        .route(paths::TOKEN, post(oidc::token::post))
        .route(paths::USERINFO, get(oidc::userinfo::get).post(oidc::userinfo::post))
        .route(paths::REVOKE, post(oidc::revoke::post))
        .route(paths::REGISTER, post(oidc::register::post))
        .route(
            paths::REGISTERED_CLIENT,
            get(oidc::register::get).put(oidc::register::put).delete(oidc::register::delete),
        )
        // Inside the layer: a preflight is a method that no route has.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
                // Libraries add headers of their own (DPoP, traceparent, X-Requested-With): none of them is trusted here.
                .allow_headers(AllowHeaders::mirror_request())
                .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER, ETAG])
                .max_age(Duration::from_secs(7_200)),
        );

    Router::new()
        .merge(for_scripts)
        .route(paths::ROOT, get(root::get))
        .route(paths::AUTHORIZE, get(oidc::authorize::get).post(oidc::authorize::post))
        .route(paths::AUTHORIZE_REFUSED, get(oidc::refused::get))
        .route(paths::INTROSPECT, post(oidc::introspect::post))
        .route(paths::LOGOUT, get(oidc::end_session::get).post(oidc::end_session::post))
        .route(paths::LOGIN_PASSWORD, get(login::password::get).post(login::password::post))
        .route(paths::LOGIN_PASSKEY, get(login::passkey::get).post(login::passkey::post))
        .route(paths::LOGIN_PASSKEY_ENROLMENT, get(login::passkey_enrolment::get).post(login::passkey_enrolment::post))
        .route(paths::LOGIN_INITIAL_PASSWORD, get(login::initial_password::get).post(login::initial_password::post))
        .route(paths::LOGIN_TOTP, get(login::totp::get).post(login::totp::post))
        .route(paths::LOGIN_EMAIL_CODE, get(login::email_code::get).post(login::email_code::post))
        .route(paths::LOGIN_EMAIL_ADDRESS, get(login::email_address::get).post(login::email_address::post))
        .route(
            paths::LOGIN_EMAIL_ADDRESS_CODE,
            get(login::email_address::get_code).post(login::email_address::post_code),
        )
        .route(paths::LOGIN_RECOVERY_CODE, get(login::recovery_code::get).post(login::recovery_code::post))
        .route(paths::LOGIN_LOST_METHODS, get(login::lost_methods::get).post(login::lost_methods::post))
        .route(paths::LOGIN_METHOD, get(login::method::get).post(login::method::post))
        .route(paths::LOGIN_TOTP_ENROLMENT, get(login::totp_enrolment::get).post(login::totp_enrolment::post))
        .route(paths::LOGIN_CONSENT, get(login::consent::get).post(login::consent::post))
        .route(paths::LOGIN_CONTINUE, get(login::continue_login::get))
        .route(paths::ACCOUNT_PROFILE, get(account::profile::get))
        .route(paths::ACCOUNT_LANGUAGE, post(account::profile::post_language))
        .route(paths::ACCOUNT_MEMBER_NOTICES, post(account::profile::post_notices))
        .route(paths::ACCOUNT_PASSWORD, get(account::password::get).post(account::password::post))
        .route(paths::ACCOUNT_EMAIL_ADDRESS, get(account::email_address::get).post(account::email_address::post))
        .route(
            paths::ACCOUNT_EMAIL_ADDRESS_CODE,
            get(account::email_address::get_code).post(account::email_address::post_code),
        )
        .route(
            paths::ACCOUNT_AUTHENTICATION_METHOD,
            get(account::authentication_method::get).post(account::authentication_method::post),
        )
        .route(paths::ACCOUNT_EMAIL_METHOD, get(account::email_method::get).post(account::email_method::post))
        .route(
            paths::ACCOUNT_EMAIL_METHOD_DELETE,
            get(account::email_method::get_deletion).post(account::email_method::post_deletion),
        )
        .route(paths::ACCOUNT_TOTP_ENROLMENT, get(account::totp_enrolment::get).post(account::totp_enrolment::post))
        .route(paths::ACCOUNT_TOTP_DEVICES_ONE, get(account::totp_devices::get).post(account::totp_devices::post))
        .route(
            paths::ACCOUNT_TOTP_DEVICES_DELETE,
            get(account::totp_devices::get_deletion).post(account::totp_devices::post_deletion),
        )
        .route(paths::ACCOUNT_RECOVERY_CODES, get(account::recovery_codes::get).post(account::recovery_codes::post))
        .route(paths::ACCOUNT_SESSIONS, get(account::sessions::get).post(account::sessions::post))
        .route(paths::ACCOUNT_APPLICATIONS, get(account::applications::get).post(account::applications::post))
        .route(paths::ACCOUNT_ACTIVITY, get(account::activity::get))
        .route(paths::ACCOUNT_DATA, get(account::data::get).post(account::data::post))
        .route(
            paths::ACCOUNT_PASSKEY_ENROLMENT,
            get(account::passkey_enrolment::get).post(account::passkey_enrolment::post),
        )
        .route(paths::ACCOUNT_PASSKEYS, get(account::passkeys::get))
        .route(paths::ACCOUNT_PASSKEYS_ONE, get(account::passkeys::get_one).post(account::passkeys::post_one))
        .route(
            paths::ACCOUNT_PASSKEYS_DELETE,
            get(account::passkeys::get_deletion).post(account::passkeys::post_deletion),
        )
        .route(
            paths::RECOVERY_FORGOTTEN_PASSWORD,
            get(recovery::forgotten::get_password).post(recovery::forgotten::post_password),
        )
        .route(
            paths::RECOVERY_FORGOTTEN_USER_ID,
            get(recovery::forgotten::get_user_id).post(recovery::forgotten::post_user_id),
        )
        .route(paths::RECOVERY_RESET_PASSWORD, get(recovery::reset_password::get).post(recovery::reset_password::post))
        .route(
            paths::RECOVERY_CANCEL_METHODS_RESET,
            get(recovery::cancel_methods_reset::get).post(recovery::cancel_methods_reset::post),
        )
        .route(paths::MEMBER_NOTICES, post(member_notices::api::post))
        .route(paths::MEMBER_NOTICES_OFF, get(member_notices::off::get).post(member_notices::off::post))
        .route(paths::MAIL, get(mail_folder::get))
        .route(paths::HELP, get(help::pages::index))
        .route(paths::HELP_FAQ, get(help::pages::faq))
        .route(paths::HELP_FAQ_ONE, get(help::pages::question))
        .route(paths::HELP_FAQ_VOTES, post(help::pages::vote))
        .route(paths::HELP_GUIDE, get(help::pages::guide))
        .route(paths::HELP_SEARCH, get(help::pages::search))
        .route(paths::HELP_COMPONENT, get(help::script::get))
        .route(paths::HELP_SITEMAP_XML, get(help::sitemap::get))
        .merge(help::api::router(&web.app.settings.help.allowed_origins))
        .route(paths::ASSETS, get(assets::asset))
        .route(paths::HEALTH_LIVE, get(health::live))
        .route(paths::HEALTH_READY, get(health::ready))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(http.max_body_bytes))
        .layer(CatchPanicLayer::new())
        .layer(timeout)
        .layer(middleware::from_fn_with_state(web.clone(), security_headers::add))
        .with_state(web)
}

async fn not_found(browser: BrowserRequest) -> Response {
    browser.page_error(PageError::page(ErrorKind::NotFound))
}

async fn method_not_allowed(browser: BrowserRequest) -> Response {
    browser.page_error(PageError::page(ErrorKind::MethodNotAllowed))
}
