//! A portal's notice in the member's mail, and stopping such mails (product.md 1.10), on a phone without scripts.

use std::collections::BTreeMap;

use sekisho::actions::mail::member_notices::ask;
use sekisho::actions::member::members;
use sekisho::domain::member::member_notice::{MemberNotice, Words};
use sekisho::store::protocol::clients;

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options};
use crate::support::{Engine, TestApp, on_both_engines};

const HERE: &str = "hanako@example.jp";

/// A portal tells Hanako something.
async fn notice(app: &TestApp, portal: &str, key: &str) {
    let mut tx = app.app.store.write().await.unwrap();
    let client = clients::by_id(&mut tx, portal).await.unwrap().unwrap().client;
    clients::set_member_notices(&mut tx, &client.id, Some(app.now())).await.unwrap();
    tx.commit().await.unwrap();
    let sub = members::find(&app.app, HANAKO.0).await.unwrap().unwrap().id.to_string();
    let words = Words { subject: "医療費のお知らせ".into(), text: "10月分を掲載しました。".into() };
    ask(&app.app, &client.id, key, &MemberNotice { sub, texts: BTreeMap::from([("ja".into(), words)]) }).await.unwrap();
}

on_both_engines! {
    async fn notices_are_stopped_from_the_mail_and_wanted_again_in_the_profile(engine: Engine) {
        let app = TestApp::start(engine).await;
        let portal = app.relying_party().await.id;
        notice(&app, &portal, "1").await;
        let link = app.link_mailed_to(HERE).await;
        let browser = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
        let page = browser.page().await;
        page.goto(&link).await;
        assert_eq!(page.text("#off").await, "お知らせメールを止める");
        page.click("#off").await;
        page.wait_for("#done").await;
        notice(&app, &portal, "2").await;
        assert_eq!(app.mails_to(HERE).await.len(), 1);

        page.goto(&app.at("/account/profile")).await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#password", HANAKO.1).await;
        page.click("#login").await;
        page.wait_for("#notices").await;
        assert_eq!(page.value("#notices").await, "off");
        page.select("#notices", "on").await;
        page.click("#change-notices").await;
        page.wait_for("#notice").await;
        assert_eq!(page.value("#notices").await, "on");
        let before = app.mails_to(HERE).await.len();
        notice(&app, &portal, "3").await;
        assert_eq!(app.mails_to(HERE).await.len(), before + 1);
    }
}
