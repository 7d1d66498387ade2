//! A society's own logo and colours, on the real pages.

use serde_json::json;

use crate::support::browser::{Browser, Options};
use crate::support::{Engine, TestApp};

/// With a script that must never run.
const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100" viewBox="0 0 30 10">
<script>document.documentElement.setAttribute("data-ran", "yes")</script><rect width="30" height="10" fill="#063"/></svg>"##;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logo_and_colours_are_the_societys_by_day_and_by_night() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    std::fs::write(&logo, LOGO).unwrap();
    let app = TestApp::start_with(Engine::Sqlite, |settings| {
        settings.society.logo_file = Some(logo);
        settings.society.colours.accent = "#006633".parse().unwrap();
        settings.society.colours.accent_dark = "#99dd99".parse().unwrap();
    })
    .await;
    let browser = Browser::launch(Options::PHONE).await;
    let page = browser.page().await;
    for (scheme, button, header) in
        [("light", "rgb(0, 102, 51)", "rgb(0, 102, 51)"), ("dark", "rgb(153, 221, 153)", "rgb(22, 36, 58)")]
    {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        page.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        page.goto(&app.at("/account/profile")).await;
        let colour = |of: &str| format!("getComputedStyle(document.querySelector('{of}')).backgroundColor");
        assert_eq!(page.evaluate(&colour("#login")).await, button, "{scheme}");
        assert_eq!(page.evaluate(&colour(".site-header")).await, header, "{scheme}");
    }
    // The name stays beside it as text; the logo says nothing twice.
    assert_eq!(page.attribute("#logo", "alt").await.as_deref(), Some(""));
    assert!(page.text(".site-name").await.contains("健康保険組合"));
    assert_eq!(page.evaluate("document.getElementById('logo').naturalWidth").await, 300);
    let address = page.attribute("#logo", "src").await.unwrap();
    assert_eq!(page.attribute("link[rel=icon]", "href").await.as_ref(), Some(&address));

    // Opened by its address, it is a picture and nothing more.
    page.goto(&app.at(&address)).await;
    assert_eq!(page.evaluate("document.contentType").await, "image/svg+xml");
    assert_eq!(page.evaluate("document.documentElement.getAttribute('data-ran')").await, serde_json::Value::Null);
}
