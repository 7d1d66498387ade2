//! The first login: the initial password is changed, in time, once, in the same browser.

use sekisho::domain::unix_time::Span;

use crate::support::app::TARO;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

async fn begin(app: &TestApp, visitor: &Visitor) -> Answer {
    let page = visitor.follow(&app.at("/account/profile")).await;
    let page = visitor.log_in_and_follow(&page, TARO.0, TARO.1).await;
    assert!(page.url.contains("/login/initial-password?step="), "{}", page.url);
    page
}

async fn choose(visitor: &Visitor, page: &Answer, password: &str, again: &str) -> Answer {
    let mut form = page.form();
    form.insert("new_password".into(), password.into());
    form.insert("new_password_again".into(), again.into());
    visitor.post("/login/initial-password", &form).await
}

on_both_engines! {
    async fn the_member_chooses_a_password_and_is_logged_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        let done = choose(&visitor, &page, "My-own-words-7", "My-own-words-7").await;
        assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
        visitor.get("/account/profile").await.expect_status(200);
        app.visitor_logged_in((TARO.0, "My-own-words-7")).await;
        let stale = app.visitor();
        let login = stale.follow(&app.at("/account/profile")).await;
        stale.log_in(&login, TARO.0, TARO.1).await.expect_status(422);
        // The step is taken: its page leads nowhere any more.
        choose(&visitor, &page, "Another-one-99", "Another-one-99").await.expect_error_page("flow_done");
        visitor.get(&page.url).await.expect_error_page("flow_done");
    }

    async fn every_broken_rule_is_named_at_once_and_nothing_is_lost(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        let broken = choose(&visitor, &page, "ｔaro", "taro").await.expect_status(422);
        let summary = broken.text("#error").unwrap();
        assert!(summary.contains('8') && broken.body.contains("new_password"), "{summary}");
        for bad in [TARO.1, "password1", "short-1", "with space 1", "taro", "TARO"] {
            choose(&visitor, &page, bad, bad).await.expect_status(422);
        }
        choose(&visitor, &page, "My-own-words-7", "My-own-words-8").await.expect_status(422);
        choose(&visitor, &page, "My-own-words-7", "My-own-words-7").await.expect_status(303);
    }

    async fn the_step_belongs_to_the_browser_that_gave_the_password(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        let other = app.visitor();
        other.follow(&app.at("/account/profile")).await;
        other.get(&page.url).await.expect_error_page("flow_other_browser");
        let mut form = other.follow(&app.at("/account/profile")).await.form();
        form.insert("step".into(), page.form()["step"].clone());
        form.insert("new_password".into(), "My-own-words-7".into());
        form.insert("new_password_again".into(), "My-own-words-7".into());
        other.post("/login/initial-password", &form).await.expect_error_page("flow_other_browser");
        visitor.get("/account/profile").await.expect_status(303);
    }

    async fn of_many_who_take_the_step_at_once_one_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        let passwords: Vec<String> = (0..8).map(|i| format!("My-own-words-{i}")).collect();
        let answers = futures::future::join_all(passwords.iter().map(|p| choose(&visitor, &page, p, p))).await;
        assert_eq!(answers.iter().filter(|a| a.status == 303).count(), 1);
    }

    async fn a_step_ends_with_the_password_that_it_stands_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        let member = sekisho::actions::member::members::find(&app.app, "taro").await.unwrap().unwrap();
        sekisho::actions::member::issue_password::issue_password(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id, "New-from-staff-1", true).await.unwrap();
        choose(&visitor, &page, "My-own-words-7", "My-own-words-7").await.expect_error_page("flow_expired");
        // Even a step that was missed then is worth nothing once the password is the member's own.
        app.execute("UPDATE logins SET taken_at = NULL").await;
        sekisho::actions::member::issue_password::issue_password(&app.app, &sekisho::domain::actor::Actor::CommandLine(None), &member.id, "Own-already-1", false).await.unwrap();
        app.execute("UPDATE logins SET taken_at = NULL").await;
        choose(&visitor, &page, "My-own-words-7", "My-own-words-7").await.expect_error_page("flow_expired");
    }

    async fn the_member_may_go_back_instead(engine: Engine) {
        let app = TestApp::start(engine).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let login = visitor.follow(&rp.authorize_url(&[])).await;
        let mut form = visitor.log_in_and_follow(&login, TARO.0, TARO.1).await.form();
        form.insert("cancel".into(), "1".into());
        visitor.post("/login/initial-password", &form).await.expect_redirected_error("access_denied");
    }

    async fn it_can_be_left_and_taken_up_again_and_expires(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor();
        let page = begin(&app, &visitor).await;
        app.advance(Span::minutes(30));
        visitor.get(&page.url).await.expect_error_page("flow_expired");
        begin(&app, &visitor).await;
        app.advance(Span::days(30));
        let login = visitor.follow(&app.at("/account/profile")).await;
        let expired = visitor.log_in(&login, TARO.0, TARO.1).await.expect_status(422);
        assert!(expired.attribute("#inquiry", "href").is_some(), "{}", expired.body);
        let answer = expired.attribute("#error-help .own-page a", "href");
        assert_eq!(answer.as_deref(), Some("/help/faq/initial-password-expired"));
    }
}
