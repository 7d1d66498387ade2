//! Every page in every state, in both languages, in Chromium: axe-core (WCAG 2.2 AA and its best practices) finds
//! nothing, by day or by night; what there is to press is large enough and shows its focus; no letters are small; nothing
//! lies beside the screen, on a phone or where everything is enlarged; and the reader's own colours take nothing away.
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
use sekisho::actions::help;
use sekisho::config::Settings;
use sekisho::domain::unix_time::UnixTime;
use sekisho::i18n::Catalogue;
use sekisho::web::brand::Brand;
use sekisho::web::gallery;
use sekisho::web::help::HelpSnapshot;
use sekisho::web::page::{Chrome, Pages};
use sekisho::web::request::browser::CONTENT_SECURITY_POLICY_OF_PAGES;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::browser::{Browser, Options, Page};

/// What axe-core looks for.
pub const RULES: &str = r#"["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]"#;

/// Those that a page can break by its colours alone.
pub const RULES_OF_COLOUR: &str = r#"["color-contrast", "link-in-text-block"]"#;

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
        let content = help::build(&help::files::shipped(), &settings, &catalogue).unwrap();
        let help = Arc::new(HelpSnapshot::of(&settings, &catalogue, content, UnixTime(0)).unwrap());
        let (snapshot, texts) = (Arc::clone(&help), Arc::clone(&catalogue));
        let answers = Arc::new(move |locale: &_, id: &_| snapshot.answer_in_place(&texts, locale, id));
        let pages = Pages::load(catalogue, answers, Brand::default()).unwrap();

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
                    // A page that goes on by itself stays, to be looked at.
                    let page = sample.render(&pages, &around(chrome)).unwrap();
                    html.push(page.replace("http-equiv=\"refresh\"", "name=\"refresh\""));
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
}

async fn page(State(shown): State<Arc<Shown>>, Path(number): Path<usize>) -> Response {
    ([(CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_OF_PAGES)], Html(shown.html[number].clone())).into_response()
}

async fn asset(State(shown): State<Arc<Shown>>, Path((_, name)): Path<(String, String)>) -> Response {
    match shown.pages.asset(&name) {
        Some(asset) => ([(CONTENT_TYPE, asset.content_type)], asset.prepared.plain().clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_modules/axe-core/axe.min.js");
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}: run `make setup`"))
    })
}

/// Asks the page a script that answers with a list of what is wrong.
async fn ask(page: &Page, script: &str) -> Vec<String> {
    let found = page.evaluate(script).await;
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

pub async fn axe_run(page: &Page, rules: &str) -> Vec<String> {
    let run = format!(
        "axe.run(document, {{ resultTypes: ['violations'], runOnly: {rules} }}).then(({{ violations }}) =>
            violations.flatMap(({{ id, nodes }}) => nodes.map((node) =>
                `${{id}} at ${{node.target}}: ${{node.failureSummary.replace(/\\s+/g, ' ')}}`)))"
    );
    ask(page, &run).await
}

/// What the reader's system asks of pages.
pub async fn prefers(page: &Page, scheme: &str, forced_colors: &str) {
    let features = json!([
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "forced-colors", "value": forced_colors },
        // Colours that are still changing are neither the old nor the new.
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    page.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
}

async fn is_as_wide_as(page: &Page, width: u32, mobile: bool) {
    let size = json!({ "width": width, "height": 740, "deviceScaleFactor": 1, "mobile": mobile });
    page.command("Emulation.setDeviceMetricsOverride", size).await;
}

/// The size that the reader has set in the browser, in pixels.
async fn has_letters_of(page: &Page, size: u32) {
    page.command("Page.setFontSizes", json!({ "fontSizes": { "standard": size } })).await;
    assert_eq!(page.evaluate("getComputedStyle(document.documentElement).fontSize").await, format!("{size}px"));
}

/// Shows the pages that are `wanted` in one language, and collects what is wrong with them.
async fn look_at(locale: &'static str, wanted: impl Fn(&str) -> bool) {
    let gallery = Gallery::open(locale).await;
    let browser = Browser::launch(Options { locale, ..Options::PHONE }).await;
    let page = browser.page().await;
    page.before_each_page(&format!("{}\n{}", axe(), include_str!("look.js"))).await;
    prefers(&page, "light", "none").await;
    let phone = Options::PHONE.width;
    let mut mistakes = Vec::new();
    for (number, name) in gallery.names.iter().enumerate().filter(|(_, name)| wanted(name)) {
        page.goto(&format!("{}{number}", gallery.url)).await;
        page.evaluate("looking.unfold()").await;
        let mut found = axe_run(&page, RULES).await;
        for what in ["targets()", "letters()", "focus()", &format!("sideways({phone})")] {
            found.extend(ask(&page, &format!("looking.{what}")).await);
        }
        has_letters_of(&page, 32).await;
        let enlarged = ask(&page, &format!("looking.sideways({phone})")).await;
        found.extend(enlarged.into_iter().map(|mistake| format!("with letters twice as large: {mistake}")));
        has_letters_of(&page, 16).await;
        // A computer's window, and what is left of it at 200 % and 400 % (WCAG 2.2, 1.4.4 and 1.4.10).
        for width in [1280, 640, 320] {
            is_as_wide_as(&page, width, false).await;
            found.extend(ask(&page, &format!("looking.sideways({width})")).await);
            if width == 1280 && name.ends_with("bare") {
                found.extend(axe_run(&page, RULES).await);
            }
        }
        is_as_wide_as(&page, phone, true).await;
        // By night the same pages have other colours, and nothing else.
        prefers(&page, "dark", "none").await;
        found.extend(axe_run(&page, RULES_OF_COLOUR).await.into_iter().map(|mistake| format!("by night: {mistake}")));
        prefers(&page, "light", "active").await;
        for what in ["edges()", "focus()"] {
            found.extend(ask(&page, &format!("looking.{what}")).await);
        }
        prefers(&page, "light", "none").await;
        mistakes.extend(found.into_iter().map(|mistake| format!("{name}: {mistake}")));
    }
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// A page that is wrong in every way that is looked for.
const WRONG: &str = r##"data:text/html,<!DOCTYPE html><html lang=en><title>t</title><meta name=viewport
    content="width=device-width"><style>a,p{color:%23ccc;background:white}a:focus{outline:none}div{width:900px}</style>
    <main><h1>h</h1><p style="font-size:12px">small</p><a href="%23">x</a><div>wide</div><p class=note>n</p></main>"##;

#[tokio::test]
async fn what_is_wrong_with_a_page_is_noticed() {
    let browser = Browser::launch(Options::PHONE).await;
    let page = browser.page().await;
    page.before_each_page(&format!("{}\n{}", axe(), include_str!("look.js"))).await;
    prefers(&page, "light", "none").await;
    page.goto(WRONG).await;
    let found = axe_run(&page, RULES).await;
    assert!(found.iter().any(|mistake| mistake.starts_with("color-contrast at p")), "{found:?}");
    for (what, of) in [
        ("targets()", "a \"x\""),
        ("letters()", "p \"small\""),
        ("focus()", "a \"x\""),
        ("edges()", "p.note"),
        ("sideways(360)", "div"),
    ] {
        let found = ask(&page, &format!("looking.{what}")).await;
        assert!(found.iter().any(|mistake| mistake.contains(of)), "{what}: {found:?}");
    }
}

fn logs_in(name: &str) -> bool {
    name.starts_with("login/") || name.starts_with("recovery/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_login_are_for_everyone_in_japanese() {
    look_at("ja", logs_in).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_login_are_for_everyone_in_english() {
    look_at("en", logs_in).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_other_pages_are_for_everyone_in_japanese() {
    look_at("ja", |name| !logs_in(name)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_other_pages_are_for_everyone_in_english() {
    look_at("en", |name| !logs_in(name)).await;
}
