//! Rules of OAuth 2.0 and OpenID Connect, each under the section of the standard that it obeys.

pub mod access_token;
pub mod acr;
pub mod answer;
pub mod authorization_request;
pub mod claims;
pub mod client;
pub mod client_authentication;
pub mod grant;
pub mod logout;
pub mod oauth_error;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod refresh_rotation;
pub mod request_source;
pub mod resource_server;
pub mod scope;
pub mod signing_key;
pub mod subject;
