//! Every address of ours. `routes.rs` alone says who answers it.

pub const ROOT: &str = "/";

// The protocol
pub const AUTHORIZE: &str = "/authorize";
pub const AUTHORIZE_REFUSED: &str = "/authorize/refused";
pub const TOKEN: &str = "/token";
pub const USERINFO: &str = "/userinfo";
pub const JWKS: &str = "/jwks";
pub const REVOKE: &str = "/revoke";
pub const INTROSPECT: &str = "/introspect";
pub const REGISTER: &str = "/register";
pub const LOGOUT: &str = "/logout";
pub const MEMBER_NOTICES: &str = "/api/v1/member-notices";
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub const AUTHORIZATION_SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
pub const REGISTERED_CLIENT: &str = "/register/{client_id}";

// Logging in
pub const LOGIN_PASSWORD: &str = "/login/password";
pub const LOGIN_PASSKEY: &str = "/login/passkey";
pub const LOGIN_PASSKEY_ENROLMENT: &str = "/login/passkey-enrolment";
pub const LOGIN_INITIAL_PASSWORD: &str = "/login/initial-password";
pub const LOGIN_TOTP: &str = "/login/totp";
pub const LOGIN_EMAIL_CODE: &str = "/login/email-code";
pub const LOGIN_EMAIL_ADDRESS: &str = "/login/email-address";
pub const LOGIN_EMAIL_ADDRESS_CODE: &str = "/login/email-address-code";
pub const LOGIN_RECOVERY_CODE: &str = "/login/recovery-code";
pub const LOGIN_LOST_METHODS: &str = "/login/lost-methods";
pub const LOGIN_METHOD: &str = "/login/method";
pub const LOGIN_TOTP_ENROLMENT: &str = "/login/totp-enrolment";
pub const LOGIN_CONSENT: &str = "/login/consent";
pub const LOGIN_CONTINUE: &str = "/login/continue";

// The account
pub const ACCOUNT_PROFILE: &str = "/account/profile";
pub const ACCOUNT_LANGUAGE: &str = "/account/language";
pub const ACCOUNT_MEMBER_NOTICES: &str = "/account/member-notices";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_EMAIL_ADDRESS: &str = "/account/email-address";
pub const ACCOUNT_EMAIL_ADDRESS_CODE: &str = "/account/email-address-code";
pub const ACCOUNT_AUTHENTICATION_METHOD: &str = "/account/authentication-method";
pub const ACCOUNT_EMAIL_METHOD: &str = "/account/email-method";
pub const ACCOUNT_EMAIL_METHOD_DELETE: &str = "/account/email-method/delete";
pub const ACCOUNT_TOTP_ENROLMENT: &str = "/account/totp-enrolment";
pub const ACCOUNT_TOTP_DEVICES_ONE: &str = "/account/totp-devices/{id}";
pub const ACCOUNT_TOTP_DEVICES_DELETE: &str = "/account/totp-devices/{id}/delete";
pub const ACCOUNT_RECOVERY_CODES: &str = "/account/recovery-codes";
pub const ACCOUNT_SESSIONS: &str = "/account/sessions";
pub const ACCOUNT_APPLICATIONS: &str = "/account/applications";
pub const ACCOUNT_ACTIVITY: &str = "/account/activity";
pub const ACCOUNT_DATA: &str = "/account/data";
pub const ACCOUNT_PASSKEY_ENROLMENT: &str = "/account/passkey-enrolment";
pub const ACCOUNT_PASSKEYS: &str = "/account/passkeys";
pub const ACCOUNT_PASSKEYS_ONE: &str = "/account/passkeys/{id}";
pub const ACCOUNT_PASSKEYS_DELETE: &str = "/account/passkeys/{id}/delete";

// Getting back in
pub const RECOVERY_FORGOTTEN_PASSWORD: &str = "/recovery/forgotten-password";
pub const RECOVERY_FORGOTTEN_USER_ID: &str = "/recovery/forgotten-user-id";
pub const RECOVERY_RESET_PASSWORD: &str = "/recovery/reset-password";
pub const RECOVERY_CANCEL_METHODS_RESET: &str = "/recovery/cancel-methods-reset";

// Help
pub const HELP: &str = "/help";
pub const HELP_FAQ: &str = "/help/faq";
pub const HELP_FAQ_ONE: &str = "/help/faq/{id}";
pub const HELP_FAQ_VOTES: &str = "/help/faq/{id}/votes";
pub const HELP_GUIDE: &str = "/help/guide";
pub const HELP_SEARCH: &str = "/help/search";
pub const HELP_COMPONENT: &str = "/help/component/{version}/sekisho-help.js";
pub const HELP_SITEMAP_XML: &str = "/help/sitemap.xml";

// The help, for portals
pub const HELP_V1_CATEGORIES: &str = "/help/v1/categories";
pub const HELP_V1_CATEGORIES_ONE: &str = "/help/v1/categories/{id}";
pub const HELP_V1_QUESTIONS: &str = "/help/v1/questions";
pub const HELP_V1_QUESTIONS_ONE: &str = "/help/v1/questions/{id}";
pub const HELP_V1_VOTES: &str = "/help/v1/questions/{id}/votes";
pub const HELP_V1_FAQ_JSONLD: &str = "/help/v1/faq.jsonld";
pub const HELP_V1_GUIDE: &str = "/help/v1/guide";
pub const HELP_V1_GUIDE_ONE: &str = "/help/v1/guide/{id}";
pub const HELP_V1_SEARCH: &str = "/help/v1/search";
pub const HELP_V1_COMPONENT: &str = "/help/v1/component";
pub const HELP_V1_OPENAPI: &str = "/help/v1/openapi.json";
pub const HELP_V1_IMAGES: &str = "/help/v1/images/{hash}/{name}";
pub const HELP_V1: &str = "/help/v1";
pub const HELP_V1_REST: &str = "/help/v1/{*rest}";

// Beside
pub const MEMBER_NOTICES_OFF: &str = "/member-notices/off";
pub const MAIL: &str = "/mail";
pub const ASSETS: &str = "/assets/{hash}/{name}";
pub const HEALTH_LIVE: &str = "/health/live";
pub const HEALTH_READY: &str = "/health/ready";
