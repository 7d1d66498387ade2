//! The client's side of HTTP: one keep-alive connection, and a browser's cookies where there are any.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, redirect};

use crate::Result;

/// Asks one thing after the other, so that one connection is enough.
pub fn connection() -> Result<Client> {
    Ok(Client::builder().no_proxy().redirect(redirect::Policy::none()).build()?)
}

/// A browser, as far as a server can tell.
#[derive(Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub async fn send(&mut self, request: RequestBuilder) -> Result<Response> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let response = request.send().await?;
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str()?.split_once('=').ok_or("a cookie without a name")?;
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(response)
    }

    /// Sends what must be answered by a redirect, and says where it leads.
    pub async fn redirected(&mut self, request: RequestBuilder) -> Result<String> {
        let response = self.send(request).await?;
        let to = response.headers().get(LOCATION).map(|to| to.to_str().map(str::to_owned)).transpose()?;
        let status = response.status();
        let body = response.text().await?;
        to.ok_or_else(|| format!("a redirect expected, not {status}: {body}").into())
    }
}

/// The body of an answer that must be 200.
pub async fn ok(response: Response) -> Result<String> {
    let (address, status) = (response.url().to_string(), response.status());
    let body = response.text().await?;
    if status == StatusCode::OK { Ok(body) } else { Err(format!("{address}: {status}: {body}").into()) }
}

/// The value of a hidden field, as the pages write it.
pub fn hidden(page: &str, name: &str) -> Result<String> {
    let marker = format!(r#"name="{name}" value=""#);
    let (_, value) = page.split_once(&marker).ok_or_else(|| format!("no field {name} in {page}"))?;
    Ok(value.split('"').next().unwrap_or_default().to_owned())
}

/// Where a page goes on to by itself.
pub fn leaves_for(page: &str) -> Result<String> {
    let (_, url) = page.split_once(r#"content="0; url="#).ok_or_else(|| format!("a page that leaves, not {page}"))?;
    Ok(url.split('"').next().unwrap_or_default().replace("&amp;", "&"))
}
