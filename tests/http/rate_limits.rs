//! How often one caller may ask: 429 with `Retry-After`, by address and by account; a forwarded address counts only from a
//! trusted proxy.

use sekisho::config::{Quota, RateLimits};
use sekisho::domain::unix_time::Span;

use crate::support::app::HANAKO;
use crate::support::relying_party::answer;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const FEW: Quota = Quota { per_minute: 1, burst: 3 };
const PASSWORD: &str = "Test-office-1";

/// One office behind one address, with the limits that come by default.
async fn office(engine: Engine) -> TestApp {
    let app = TestApp::start_with(engine, |s| s.rate_limits = RateLimits::default()).await;
    for desk in 0..10 {
        app.add(&format!("desk-{desk}"), PASSWORD).await;
    }
    app
}

async fn log_in(app: &TestApp, user_id: &str, password: &str) -> (Visitor, Answer) {
    let visitor = app.visitor();
    let page = visitor.follow(&app.at("/account/profile")).await;
    let answer = visitor.log_in(&page, user_id, password).await;
    (visitor, answer)
}

/// A login page that was opened before, so that what is counted is attempts.
async fn guess(visitor: &Visitor, page: &Answer, user_id: &str) -> u16 {
    visitor.log_in(page, user_id, "wrong").await.status.as_u16()
}

on_both_engines! {
    async fn one_address_may_try_so_many_passwords(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.rate_limits.login_by_address = FEW).await;
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        for i in 0..3 {
            visitor.log_in(&page, &format!("nobody-{i}"), "x").await.expect_status(422);
        }
        let form = page.form();
        for forged in ["198.51.100.7", "198.51.100.8"] {
            // A header that anybody can write opens no new budget.
            let mut fields = form.clone();
            fields.insert("user_id".into(), "nobody-9".into());
            fields.insert("password".into(), "x".into());
            let request = visitor.http.post(app.at("/login/password")).header("x-forwarded-for", forged).form(&fields);
            let refused = visitor.send(request).await.expect_status(429);
            assert!((1..=60).contains(&refused.header("retry-after").unwrap().parse::<u32>().unwrap()));
            assert_eq!(refused.error_code().as_deref(), Some("too_many_requests"));
        }
    }

    async fn an_office_behind_one_address_logs_in_and_guesses_from_it_are_limited(engine: Engine) {
        let app = office(engine).await;
        for login in 0..300 {
            let (_, answer) = log_in(&app, &format!("desk-{}", login % 10), PASSWORD).await;
            assert_eq!(answer.status, 303, "login {login}: {}", answer.body);
        }
        let mut known = Vec::new();
        for desk in 0..3 {
            let (visitor, _) = log_in(&app, &format!("desk-{desk}"), PASSWORD).await;
            let page = visitor.get("/account/profile").await;
            visitor.post("/logout", &page.form()).await;
            known.push(visitor);
        }
        // 300 guesses a minute, by browsers that come anew, of which every fifth is let through at most.
        let mut judged = 0;
        for minute in 0..2 {
            for at in 0..150 {
                let visitor = app.visitor();
                let page = visitor.follow(&app.at("/account/profile")).await;
                judged += usize::from(guess(&visitor, &page, &format!("nobody-{minute}-{at}")).await == 422);
            }
            // An own account, used between guesses, opens no further one.
            log_in(&app, "desk-9", PASSWORD).await;
            app.advance(Span::seconds(30));
        }
        assert!((60..=90).contains(&judged), "{judged}");
        let visitor = app.visitor();
        let page = visitor.follow(&app.at("/account/profile")).await;
        let mut others = 0;
        while guess(&visitor, &page, &format!("other-{others}")).await != 429 {
            others += 1;
        }
        // The devices that are known are not refused for it.
        for (desk, visitor) in known.iter().enumerate() {
            let page = visitor.follow(&app.at("/account/profile")).await;
            visitor.log_in(&page, &format!("desk-{desk}"), PASSWORD).await.expect_status(303);
        }
        let (_, stranger) = log_in(&app, HANAKO.0, HANAKO.1).await;
        stranger.expect_status(429);
        app.advance(Span::minutes(1));
        let (_, stranger) = log_in(&app, HANAKO.0, HANAKO.1).await;
        stranger.expect_status(303);
    }

    async fn right_logins_of_an_own_account_buy_no_guess(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.rate_limits = RateLimits { login_by_address: FEW, ..RateLimits::default() };
        })
        .await;
        let mut judged = 0;
        for _ in 0..10 {
            log_in(&app, HANAKO.0, HANAKO.1).await;
            let visitor = app.visitor();
            let page = visitor.follow(&app.at("/account/profile")).await;
            judged += usize::from(guess(&visitor, &page, "taro").await == 422);
        }
        assert_eq!(judged, 3);
    }

    async fn one_browser_may_try_so_many_codes_whatever_its_neighbours_do(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.rate_limits.attempts_by_browser = FEW).await;
        let (visitor, neighbour) = (app.visitor_logged_in(HANAKO).await, app.visitor_logged_in(HANAKO).await);
        for status in [422, 422, 422, 429] {
            let mut form = visitor.get("/account/password").await.form();
            form.extend(["current", "new", "again"].map(|name| (name.to_owned(), "x".to_owned())));
            visitor.post("/account/password", &form).await.expect_status(status);
        }
        let page = neighbour.get("/account/password").await;
        neighbour.post("/account/password", &page.form()).await.expect_status(422);
    }

    async fn one_account_is_guarded_against_many_addresses(engine: Engine) {
        let app = TestApp::start_with(engine, |s| {
            s.rate_limits.login_by_account = FEW;
            s.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let visitor = app.visitor();
        let form = visitor.follow(&app.at("/account/profile")).await.form();
        let attempt = |user_id: &'static str, from: String| {
            let mut fields = form.clone();
            fields.insert("user_id".into(), user_id.into());
            fields.insert("password".into(), "x".into());
            visitor.send(visitor.http.post(app.at("/login/password")).header("x-forwarded-for", from).form(&fields))
        };
        for (i, written) in ["nobody", "NOBODY", "ｎｏｂｏｄｙ"].into_iter().enumerate() {
            attempt(written, format!("198.51.100.{i}")).await.expect_status(422);
        }
        attempt("nobody", "198.51.100.9".into()).await.expect_status(429);
        // Strangers' attempts don't shut the owner out of a device that has logged in before.
        let own = app.visitor_logged_in(crate::support::app::HANAKO).await;
        let page = own.get("/account/profile").await;
        own.post("/logout", &page.form()).await;
        for i in 0..3 {
            attempt("hanako", format!("198.51.100.{i}")).await;
        }
        attempt("hanako", "198.51.100.9".into()).await.expect_status(429);
        let login = own.follow(&app.at("/account/profile")).await;
        own.log_in(&login, "hanako", "Test-hanako-1").await.expect_status(303);
        attempt("somebody", "198.51.100.9".into()).await.expect_status(422);
    }

    async fn the_token_endpoint_and_failing_clients_are_limited(engine: Engine) {
        let app = TestApp::start_with(engine, |s| s.rate_limits.failures_by_client = FEW).await;
        let rp = app.relying_party().await;
        let guess = || {
            let request = reqwest::Client::new().post(app.at("/token")).basic_auth(&rp.id, Some("guess"));
            answer(request.form(&[("grant_type", "authorization_code")]))
        };
        for _ in 0..3 {
            guess().await.expect_oauth_error(401, "invalid_client");
        }
        let refused = guess().await.expect_status(429);
        assert!(refused.header("retry-after").is_some());
        // Nor does a new name each time: those that don't exist are one.
        let made_up = |name: String| {
            let request = reqwest::Client::new().post(app.at("/token")).basic_auth(name, Some("guess"));
            answer(request.form(&[("grant_type", "authorization_code")]))
        };
        for i in 0..3 {
            made_up(format!("made-up-{i}")).await.expect_oauth_error(401, "invalid_client");
        }
        made_up("made-up-3".into()).await.expect_status(429);
        // The client itself is not shut out by others' guesses.
        rp.redeem("skc_x").await.expect_oauth_error(400, "invalid_grant");

        let app = TestApp::start_with(engine, |s| s.rate_limits.token_by_address = FEW).await;
        let rp = app.relying_party().await;
        for _ in 0..3 {
            rp.redeem("skc_x").await.expect_oauth_error(400, "invalid_grant");
        }
        rp.redeem("skc_x").await.expect_status(429);
    }
}
