//! `/account/data`: everything that is held about the member, to take along. Secrets are not: who has the file must not be
//! able to log in with it.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::Value;

use super::signed_in::{Shown, Stop, answer, sent_by, signed_in, stop};
use crate::actions::member::download_data::download_data;
use crate::domain::login::flow::AccountPage;
use crate::domain::protocol::params::Params;
use crate::web::page::PageTemplate;
use crate::web::request::browser::BrowserRequest;
use crate::web::request::form::OwnForm;

const PAGE: AccountPage = AccountPage::Data;

/// Says what the file holds, and offers it.
#[derive(Clone, Debug, Serialize)]
pub struct DataPage {}

pub async fn get(mut browser: BrowserRequest) -> Response {
    let outcome = show(&mut browser).await;
    answer(browser, outcome)
}

async fn show(browser: &mut BrowserRequest) -> Result<Shown<DataPage>, Stop> {
    signed_in(browser, PAGE).await?;
    Ok(Shown::Page(DataPage {}))
}

pub async fn post(OwnForm { mut browser, fields }: OwnForm) -> Response {
    match download(&mut browser, &fields).await {
        Ok(data) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"account-data.json\"")),
            ];
            (headers, format!("{data:#}\n")).into_response()
        }
        Err(stop) => answer::<DataPage>(browser, Err(stop)),
    }
}

async fn download(browser: &mut BrowserRequest, fields: &Params) -> Result<Value, Stop> {
    sent_by(browser, fields, PAGE).await?;
    let language = browser.locale().tag();
    download_data(&browser.web.app, &browser.caller(), language).await.map_err(|why| stop(browser, PAGE, why))
}

impl PageTemplate for DataPage {
    const TEMPLATE: &'static str = "account/data.html";

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("only", DataPage {})]
    }
}
