//! `/mail`: for trying Sekisho out, the mails that were written into the folder. It exists only where mail goes to a folder
//! and everything happens on this machine: the issuer is http, on loopback.

use axum::response::Response;
use serde::Serialize;

use crate::config::MailTransport;
use crate::mail::transport::latest_in_folder;
use crate::web::error_page::ErrorKind;
use crate::web::page::PageTemplate;
use crate::web::page_error::PageError;
use crate::web::request::browser::BrowserRequest;

/// How many mails are shown.
const MOST: usize = 30;

/// The latest mails.
#[derive(Clone, Debug, Serialize)]
pub struct MailFolderPage {
    pub mails: Vec<WrittenMail>,
}

#[derive(Clone, Debug, Serialize)]
pub struct WrittenMail {
    pub subject: String,
    pub text: String,
}

pub async fn get(browser: BrowserRequest) -> Response {
    let settings = &browser.web.app.settings;
    if settings.mail.transport != MailTransport::Folder || settings.is_https() {
        return browser.page_error(PageError::page(ErrorKind::NotFound));
    }
    let app = browser.web.app.clone();
    let texts = tokio::task::spawn_blocking(move || latest_in_folder(&app.mail, MOST)).await.unwrap_or_default();
    let mails = texts
        .iter()
        .map(|text| {
            let (subject, text) = text.split_once("\n\n").unwrap_or((text, ""));
            WrittenMail { subject: subject.to_owned(), text: text.to_owned() }
        })
        .collect();
    browser.page(&MailFolderPage { mails })
}

impl PageTemplate for MailFolderPage {
    const TEMPLATE: &'static str = "mail_folder.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let mail = WrittenMail { subject: "One <b>".into(), text: "    123456\n<script>".into() };
        vec![
            ("empty", MailFolderPage { mails: Vec::new() }),
            ("some", MailFolderPage { mails: vec![mail.clone(), mail] }),
        ]
    }
}
