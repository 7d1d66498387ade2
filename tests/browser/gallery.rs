//! Every page in every state, in Chromium: axe-core (WCAG 2.2 AA and its best practices) finds nothing in either
//! language, light or dark, and members find what they press.
//!
//! axe-core is put beside the pages' own scripts by the browser, not by the pages, so that it works under their real
//! Content-Security-Policy.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use sekisho::config::Settings;
use sekisho::domain::unix_time::UnixTime;
use sekisho::i18n::Catalogue;
use sekisho::web::gallery;
use sekisho::web::help::HelpSite;
use sekisho::web::page::{Chrome, Pages};
use sekisho::web::request::visit::content_security_policy;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::browser::{Browser, Options, Page};

/// What axe-core looks for.
const RULES: &str = r#"["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]"#;

/// The gallery in one language, served.
struct Gallery {
    url: String,
    /// The pages' names, in the order of their addresses.
    names: Vec<String>,
}

struct Shown {
    pages: Pages,
    html: Vec<String>,
}

impl Gallery {
    async fn open(locale: &str) -> Gallery {
        let catalogue = Arc::new(Catalogue::load().unwrap());
        let locale = catalogue.locales().find(|one| one.tag() == locale).unwrap();
        let settings = Settings::default();
        let help = Arc::new(HelpSite::load(&settings, Arc::clone(&catalogue), UnixTime(0)).unwrap());
        let answers = Arc::clone(&help);
        let pages = Pages::load(catalogue, Arc::new(move |locale, id| answers.answer_in_place(locale, id))).unwrap();

        let [mut full, bare] = gallery::chromes(locale);
        if let Some(application) = &mut full.application {
            // From here: the tests ask nobody else.
            application.logo_uri = Some(format!("/assets/{}/mark.svg", pages.asset("mark.svg").unwrap().hash));
        }
        let around = |chrome: &Chrome| Chrome {
            society_name: settings.society.name.get(locale.tag()).to_owned(),
            service_name: settings.society.service_name.get(locale.tag()).to_owned(),
            ..chrome.clone()
        };
        let mut names = Vec::new();
        let mut html = Vec::new();
        let mut before = "";
        for sample in gallery::samples() {
            // With nothing around it, one state of each page is enough.
            for (chrome, name) in [(&full, "full"), (&bare, "bare")] {
                if name == "full" || sample.template != before {
                    names.push(format!("{} {} {name}", sample.template, sample.state));
                    html.push(sample.render(&pages, &around(chrome)).unwrap());
                }
            }
            before = sample.template;
        }
        let full = around(&full);
        names.extend(["/help", "/help/faq", "/help/guide"].map(str::to_owned));
        html.push(pages.render(&full, &help.help_page(&locale)).unwrap());
        html.push(pages.render(&full, &help.faq_page(&locale)).unwrap());
        html.push(pages.render(&full, &help.guide_page(&locale)).unwrap());

        let router = Router::new()
            .route("/assets/{hash}/{name}", get(asset))
            .route("/page/{number}", get(page))
            .with_state(Arc::new(Shown { pages, html }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/page/", listener.local_addr().unwrap().port());
        tokio::spawn(async { axum::serve(listener, router).await });
        Gallery { url, names }
    }

    /// Shows one page after the other and collects what `check` has against them.
    async fn visit(&self, page: &Page, check: impl AsyncFn(&str) -> Vec<String>) {
        let mut mistakes = Vec::new();
        for (number, name) in self.names.iter().enumerate() {
            page.goto(&format!("{}{number}", self.url)).await;
            mistakes.extend(check(name).await.into_iter().map(|mistake| format!("{name}: {mistake}")));
        }
        assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
    }
}

async fn page(State(shown): State<Arc<Shown>>, Path(number): Path<usize>) -> Response {
    ([(CONTENT_SECURITY_POLICY, content_security_policy(None))], Html(shown.html[number].clone())).into_response()
}

async fn asset(State(shown): State<Arc<Shown>>, Path((_, name)): Path<(String, String)>) -> Response {
    match shown.pages.asset(&name) {
        Some(asset) => ([(CONTENT_TYPE, asset.content_type)], asset.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_modules/axe-core/axe.min.js");
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}: run `make setup`"))
    })
}

/// Everything that a page may show, at once: what is folded up, and what its script would tell.
const UNFOLDED: &str = "for (const part of document.querySelectorAll('details')) part.open = true;
    for (const part of document.querySelectorAll('[data-passkey-error]')) part.hidden = false;";

/// A page with axe-core beside it.
async fn watched(browser: &Browser, scheme: &str) -> Page {
    let page = browser.page().await;
    let dark_or_light = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    page.command("Emulation.setEmulatedMedia", json!({ "features": dark_or_light })).await;
    page.before_each_page(axe()).await;
    page
}

async fn list(page: &Page, script: &str) -> Vec<String> {
    let found = page.evaluate(script).await;
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

async fn violations(page: &Page, options: &str) -> Vec<String> {
    let run = format!(
        "(async () => {{
            {UNFOLDED}
            const found = await axe.run(document, {{ resultTypes: ['violations'], {options} }});
            return found.violations.flatMap(({{ id, nodes }}) => nodes.map((node) =>
                `${{id}} at ${{node.target}}: ${{node.failureSummary.replace(/\\s+/g, ' ')}}`));
        }})()"
    );
    list(page, &run).await
}

/// Every rule, on a phone by day.
async fn passes_every_rule(locale: &'static str) {
    let gallery = Gallery::open(locale).await;
    let browser = Browser::launch(Options { locale, ..Options::PHONE }).await;
    let page = watched(&browser, "light").await;
    gallery.visit(&page, async |_| violations(&page, &format!("runOnly: {RULES}")).await).await;
}

/// By night the same pages have other colours, and nothing else.
async fn passes_every_rule_of_colour(locale: &'static str) {
    let gallery = Gallery::open(locale).await;
    let browser = Browser::launch(Options { locale, ..Options::PHONE }).await;
    let page = watched(&browser, "dark").await;
    gallery.visit(&page, async |_| violations(&page, "runOnly: ['color-contrast', 'link-in-text-block']").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_in_japanese_by_day() {
    passes_every_rule("ja").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_in_japanese_by_night() {
    passes_every_rule_of_colour("ja").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_in_english_by_day() {
    passes_every_rule("en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_in_english_by_night() {
    passes_every_rule_of_colour("en").await;
}
