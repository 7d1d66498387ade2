//! Every URL.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

use super::error_page::ErrorKind;
use super::request::visit::Visit;
use super::site::Site;
use super::trouble::Trouble;
use super::{account, assets, health, help, login, mail_folder, member_notices, oidc, recovery, security_headers};

pub const AUTHORIZE: &str = "/authorize";
pub const TOKEN: &str = "/token";
pub const USERINFO: &str = "/userinfo";
pub const JWKS: &str = "/jwks";
pub const REVOKE: &str = "/revoke";
pub const INTROSPECT: &str = "/introspect";
pub const REGISTER: &str = "/register";
pub const LOGOUT: &str = "/logout";
pub const MEMBER_NOTICES: &str = "/api/v1/member-notices";

pub fn router(site: Site) -> Router {
    let http = &site.app.settings.http;
    let timeout = TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, http.request_timeout.as_duration());
    // What applications in browsers call by script. No cookie counts here, so any origin may.
    let for_scripts = Router::new()
        .route("/.well-known/openid-configuration", get(oidc::discovery::get))
        .route("/.well-known/oauth-authorization-server", get(oidc::discovery::get))
        .route(JWKS, get(oidc::jwks::get))
        .route(TOKEN, post(oidc::token::post))
        .route(USERINFO, get(oidc::userinfo::get).post(oidc::userinfo::post))
        .route(REVOKE, post(oidc::revoke::post))
        // Inside the layer: a preflight is a method that no route has.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::GET, Method::POST])
                .allow_headers([AUTHORIZATION, CONTENT_TYPE])
                .expose_headers([WWW_AUTHENTICATE]),
        );

    Router::new()
        .merge(for_scripts)
        .route(AUTHORIZE, get(oidc::authorize::get).post(oidc::authorize::post))
        .route(INTROSPECT, post(oidc::introspect::post))
        .route(REGISTER, post(oidc::register::post))
        .route(
            &format!("{REGISTER}/{{client_id}}"),
            get(oidc::register::get).put(oidc::register::put).delete(oidc::register::delete),
        )
        .route(LOGOUT, get(oidc::end_session::get).post(oidc::end_session::post))
        .route("/login/password", get(login::password::get).post(login::password::post))
        .route("/login/passkey", get(login::passkey::get).post(login::passkey::post))
        .route("/login/passkey-enrolment", get(login::passkey_enrolment::get).post(login::passkey_enrolment::post))
        .route("/login/initial-password", get(login::initial_password::get).post(login::initial_password::post))
        .route("/login/totp", get(login::totp::get).post(login::totp::post))
        .route("/login/email-code", get(login::email_code::get).post(login::email_code::post))
        .route("/login/email-address", get(login::email_address::get).post(login::email_address::post))
        .route("/login/email-address-code", get(login::email_address::get_code).post(login::email_address::post_code))
        .route("/login/recovery-code", get(login::recovery_code::get).post(login::recovery_code::post))
        .route("/login/lost-methods", get(login::lost_methods::get).post(login::lost_methods::post))
        .route("/login/method", get(login::method::get).post(login::method::post))
        .route("/login/totp-enrolment", get(login::totp_enrolment::get).post(login::totp_enrolment::post))
        .route("/login/consent", get(login::consent::get).post(login::consent::post))
        .route("/account/profile", get(account::profile::get))
        .route("/account/language", post(account::profile::post_language))
        .route("/account/member-notices", post(account::profile::post_notices))
        .route("/account/password", get(account::password::get).post(account::password::post))
        .route("/account/email-address", get(account::email_address::get).post(account::email_address::post))
        .route(
            "/account/email-address-code",
            get(account::email_address::get_code).post(account::email_address::post_code),
        )
        .route(
            "/account/authentication-method",
            get(account::authentication_method::get).post(account::authentication_method::post),
        )
        .route("/account/email-method", get(account::email_method::get).post(account::email_method::post))
        .route(
            "/account/email-method/delete",
            get(account::email_method::get_deletion).post(account::email_method::post_deletion),
        )
        .route("/account/totp-enrolment", get(account::totp_enrolment::get).post(account::totp_enrolment::post))
        .route("/account/totp-devices/{id}", get(account::totp_devices::get).post(account::totp_devices::post))
        .route(
            "/account/totp-devices/{id}/delete",
            get(account::totp_devices::get_deletion).post(account::totp_devices::post_deletion),
        )
        .route("/account/recovery-codes", get(account::recovery_codes::get).post(account::recovery_codes::post))
        .route("/account/sessions", get(account::sessions::get).post(account::sessions::post))
        .route("/account/applications", get(account::applications::get).post(account::applications::post))
        .route("/account/activity", get(account::activity::get))
        .route("/account/data", get(account::data::get).post(account::data::post))
        .route(
            "/account/passkey-enrolment",
            get(account::passkey_enrolment::get).post(account::passkey_enrolment::post),
        )
        .route("/account/passkeys", get(account::passkeys::get))
        .route("/account/passkeys/{id}", get(account::passkeys::get_one).post(account::passkeys::post_one))
        .route(
            "/account/passkeys/{id}/delete",
            get(account::passkeys::get_deletion).post(account::passkeys::post_deletion),
        )
        .route(
            "/recovery/forgotten-password",
            get(recovery::forgotten::get_password).post(recovery::forgotten::post_password),
        )
        .route(
            "/recovery/forgotten-user-id",
            get(recovery::forgotten::get_user_id).post(recovery::forgotten::post_user_id),
        )
        .route("/recovery/reset-password", get(recovery::reset_password::get).post(recovery::reset_password::post))
        .route(
            "/recovery/cancel-methods-reset",
            get(recovery::cancel_methods_reset::get).post(recovery::cancel_methods_reset::post),
        )
        .route(MEMBER_NOTICES, post(member_notices::api::post))
        .route("/member-notices/off", get(member_notices::off::get).post(member_notices::off::post))
        .route("/mail", get(mail_folder::get))
        .route("/help", get(help::pages::index))
        .route("/help/faq", get(help::pages::faq))
        .route("/help/faq/{id}", get(help::pages::question))
        .route("/help/faq/{id}/votes", post(help::pages::vote))
        .route("/help/guide", get(help::pages::guide))
        .route("/help/search", get(help::pages::search))
        .route("/help/component/{version}/sekisho-help.js", get(help::component::get))
        .route("/help/sitemap.xml", get(help::sitemap::get))
        .merge(help::api::router(&site.app.settings.help.allowed_origins))
        .route("/assets/{hash}/{name}", get(assets::asset))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(http.max_body_bytes))
        // Pages carry a CSRF value beside what the visitor sent: compressed, its length would tell about it (BREACH).
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::new("text/html"))))
        .layer(CatchPanicLayer::new())
        .layer(timeout)
        .layer(middleware::from_fn_with_state(site.clone(), security_headers::add))
        .with_state(site)
}

async fn not_found(visit: Visit) -> Response {
    visit.trouble(Trouble::page(ErrorKind::NotFound))
}

async fn method_not_allowed(visit: Visit) -> Response {
    visit.trouble(Trouble::page(ErrorKind::MethodNotAllowed))
}
