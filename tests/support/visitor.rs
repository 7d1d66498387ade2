//! A member's browser without a screen: cookies, forms and redirects, but no script, as the pages promise.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use scraper::{ElementRef, Html, Node, Selector};

pub struct Visitor {
    pub http: Client,
    issuer: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub url: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    leaves_for: Option<String>,
}

impl Visitor {
    pub fn new(issuer: &str) -> Visitor {
        let http = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).build().unwrap();
        Visitor { http, issuer: issuer.to_owned() }
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.send(self.http.get(self.absolute(url))).await
    }

    /// Sends a form. Where that ends a login, the visitor goes on to the page that leaves, as every browser does; the cookies
    /// that the login gave are told with it.
    pub async fn post(&self, url: &str, fields: &BTreeMap<String, String>) -> Answer {
        let answer = self.send(self.http.post(self.absolute(url)).form(fields)).await;
        match answer.location().filter(|to| to.starts_with("/login/continue?")) {
            Some(to) => {
                let mut left = self.get(to).await;
                left.headers.extend(answer.headers.get_all(SET_COOKIE).iter().map(|v| (SET_COOKIE, v.clone())));
                left
            }
            None => answer,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// Goes on from redirect to redirect for as long as they stay with the provider.
    pub async fn follow(&self, url: &str) -> Answer {
        let mut answer = self.get(url).await;
        for _ in 0..10 {
            match answer.location().map(|to| self.absolute(to)) {
                Some(to) if to.starts_with(&self.issuer) => answer = self.get(&to).await,
                _ => return answer,
            }
        }
        panic!("redirects without end from {url}");
    }

    /// Fills in the login page and sends it.
    pub async fn log_in(&self, page: &Answer, user_id: &str, password: &str) -> Answer {
        let mut form = page.form();
        form.insert("user_id".into(), user_id.into());
        form.insert("password".into(), password.into());
        self.post("/login/password", &form).await
    }

    /// Logs in and goes on to the relying party or to the next page here.
    pub async fn log_in_and_follow(&self, page: &Answer, user_id: &str, password: &str) -> Answer {
        let answer = self.log_in(page, user_id, password).await;
        self.onward(answer).await
    }

    /// Follows a redirect that stays with the provider.
    pub async fn onward(&self, answer: Answer) -> Answer {
        match answer.location().map(|to| self.absolute(to)) {
            Some(to) if to.starts_with(&self.issuer) => self.follow(&to).await,
            _ => answer,
        }
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.issuer) } else { url.to_owned() }
    }
}

/// The text of an element but for what its closed `details` hide.
fn unfolded(element: ElementRef<'_>) -> String {
    let closed = element.value().name() == "details" && element.attr("open").is_none();
    let mut text = String::new();
    for child in element.children() {
        match (ElementRef::wrap(child), child.value()) {
            (Some(inner), _) if !closed || inner.value().name() == "summary" => text.push_str(&unfolded(inner)),
            (None, Node::Text(words)) if !closed => text.push_str(words),
            _ => {}
        }
    }
    text
}

/// Where a page goes on to by itself at once.
fn leaves_for(body: &str) -> Option<String> {
    body.contains("http-equiv=\"refresh\"").then(|| {
        let html = Html::parse_document(body);
        let refresh = Selector::parse("head > meta[http-equiv=refresh]").unwrap();
        let content = html.select(&refresh).next().unwrap().attr("content").unwrap();
        content.strip_prefix("0; url=").unwrap().to_owned()
    })
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Answer {
        let (url, status, headers) = (response.url().to_string(), response.status(), response.headers().clone());
        let body = response.text().await.unwrap();
        let leaves_for = leaves_for(&body);
        Answer { url, status, headers, body, leaves_for }
    }

    /// Where the browser goes on to by itself: a redirect, or the page that leaves.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION).map(|v| v.to_str().unwrap()).or(self.leaves_for.as_deref())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.body))
    }

    /// The hidden fields of the page's (first) form.
    pub fn form(&self) -> BTreeMap<String, String> {
        let html = Html::parse_document(&self.body);
        let inputs = Selector::parse("main form input[type=hidden]").unwrap();
        let fields: BTreeMap<String, String> = html
            .select(&inputs)
            .map(|i| (i.attr("name").unwrap().to_owned(), i.attr("value").unwrap_or_default().to_owned()))
            .collect();
        assert!(!fields.is_empty(), "a form expected at {} ({}): {}", self.url, self.status, self.body);
        fields
    }

    /// The text of the first element that the selector finds, without what is folded up in it.
    pub fn text(&self, selector: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).next().map(|e| unfolded(e).split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).next().and_then(|e| e.attr(name).map(str::to_owned))
    }

    /// The code on an error page.
    pub fn error_code(&self) -> Option<String> {
        self.text("#error-code")
    }

    /// The parameters of the redirect to the relying party.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        let to = self.location().unwrap_or_else(|| panic!("a redirect expected ({}): {}", self.status, self.body));
        url::Url::parse(to)
            .unwrap_or_else(|_| panic!("away from the provider, not to {to}"))
            .query_pairs()
            .into_owned()
            .collect()
    }

    pub fn code(&self) -> String {
        let parameters = self.parameters();
        parameters.get("code").unwrap_or_else(|| panic!("a code expected: {parameters:?}")).clone()
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.url, self.body);
        self
    }

    /// An error page with this code, and no redirect anywhere.
    #[track_caller]
    pub fn expect_error_page(self, code: &str) -> Answer {
        assert_eq!(self.location(), None);
        assert_eq!(self.error_code().as_deref(), Some(code), "{}: {}", self.status, self.body);
        assert!(self.status.is_client_error(), "{}", self.status);
        self
    }

    /// A redirect to the relying party with this error.
    #[track_caller]
    pub fn expect_redirected_error(self, code: &str) -> Answer {
        assert_eq!(self.parameters().get("error").map(String::as_str), Some(code), "{:?}", self.parameters());
        assert!(!self.parameters().contains_key("code"));
        self
    }

    /// A JSON error of OAuth (RFC 6749, 5.2).
    #[track_caller]
    pub fn expect_oauth_error(self, status: u16, code: &str) -> Answer {
        assert_eq!(self.json()["error"], code, "{}", self.body);
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.header("cache-control"), Some("no-store"));
        self
    }
}
