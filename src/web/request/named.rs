//! What an address names.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;

use super::browser::BrowserRequest;
use crate::domain::ids::Identifier;
use crate::web::error_page::ErrorKind;
use crate::web::page_error::PageError;
use crate::web::state::WebState;

/// The one identifier of the address. What can't be one names nothing here: the page for that. An endpoint whose answers are
/// no pages takes it as an `Option` and answers as for one that it does not know.
pub struct Named(pub Identifier);

/// The two of an address that holds a digest and a name.
pub struct BothNamed(pub Identifier, pub Identifier);

impl FromRequestParts<WebState> for Named {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &WebState) -> Result<Named, Response> {
        let path = <Path<Identifier> as FromRequestParts<WebState>>::from_request_parts(parts, web).await;
        match path {
            Ok(Path(identifier)) => Ok(Named(identifier)),
            Err(_) => {
                let browser = <BrowserRequest as FromRequestParts<WebState>>::from_request_parts(parts, web).await?;
                Err(browser.page_error(PageError::page(ErrorKind::NotFound)))
            }
        }
    }
}

impl OptionalFromRequestParts<WebState> for Named {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &WebState) -> Result<Option<Named>, Infallible> {
        let path = <Path<Identifier> as FromRequestParts<WebState>>::from_request_parts(parts, web).await;
        Ok(path.ok().map(|Path(identifier)| Named(identifier)))
    }
}

impl OptionalFromRequestParts<WebState> for BothNamed {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &WebState) -> Result<Option<BothNamed>, Infallible> {
        type Two = Path<(Identifier, Identifier)>;
        let path = <Two as FromRequestParts<WebState>>::from_request_parts(parts, web).await;
        Ok(path.ok().map(|Path((first, second))| BothNamed(first, second)))
    }
}

/// What an address without an identifier, or with what can't be one, names: nothing that exists.
pub fn or_nothing(named: Option<&Named>) -> &str {
    named.map_or("", |Named(identifier)| &**identifier)
}
