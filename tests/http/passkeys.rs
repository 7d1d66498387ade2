//! Passkeys: what is sent to the browser, and answers that were not given to this question, by this member, in this browser
//! (Web Authentication Level 3; product.md 1.7). The authenticator here is software, so that it can lie.

use std::collections::BTreeMap;

use sekisho::config::SecondFactor;
use sekisho::domain::member::authentication_method::Method;
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::authenticator::Authenticator;
use crate::support::relying_party::claims;
use crate::support::visitor::{Answer, Visitor};
use crate::support::{Engine, TestApp, on_both_engines};

const JIRO: (&str, &str) = ("jiro", "Test-jiro-1");

async fn required(engine: Engine) -> TestApp {
    let app =
        TestApp::start_with(engine, |settings| settings.authentication.second_factor = SecondFactor::Required).await;
    app.add(JIRO.0, JIRO.1).await;
    app
}

/// What a page asks the browser.
pub fn options(page: &Answer) -> Value {
    let options = page.attribute("form[data-passkey]", "data-options").expect("a question for WebAuthn");
    serde_json::from_str(&options).unwrap()
}

async fn login_page(app: &TestApp, visitor: &Visitor) -> Answer {
    visitor.follow(&app.at("/account/profile")).await
}

/// The page that follows the password.
async fn after_password(app: &TestApp, visitor: &Visitor, (user_id, password): (&str, &str)) -> Answer {
    let page = login_page(app, visitor).await;
    visitor.log_in_and_follow(&page, user_id, password).await
}

/// The page that enrols a passkey in a login.
async fn enrolment_page(app: &TestApp, visitor: &Visitor, who: (&str, &str)) -> Answer {
    let page = after_password(app, visitor, who).await;
    let mut form = page.form();
    form.insert("method".into(), "passkey".into());
    let chosen = visitor.post("/login/method", &form).await;
    visitor.onward(chosen).await
}

pub fn with_answer(page: &Answer, answer: String) -> BTreeMap<String, String> {
    let mut form = page.form();
    form.insert("answer".into(), answer);
    form
}

/// Enrols a passkey with a counter.
async fn enrol(app: &TestApp, who: (&str, &str)) -> Authenticator {
    let visitor = app.visitor();
    let page = enrolment_page(app, &visitor, who).await;
    let mut authenticator = Authenticator::new(&app.issuer);
    authenticator.counter = 1;
    let form = with_answer(&page, authenticator.create(&options(&page)));
    let done = visitor.post("/login/passkey-enrolment", &form).await;
    assert_eq!(done.location(), Some("/account/profile"), "{}", done.body);
    authenticator
}

async fn answer(visitor: &Visitor, page: &Answer, answer: String) -> Answer {
    visitor.post("/login/passkey", &with_answer(page, answer)).await
}

#[track_caller]
fn is_invalid(answer: Answer) {
    let answer = answer.expect_status(422);
    assert!(answer.text("#error").unwrap().contains("セキュリティキーの登録が無効です"), "{}", answer.body);
    assert_eq!(answer.attribute("#error-help .own-page a", "href").as_deref(), Some("/help/faq/security-key-invalid"));
}

#[track_caller]
fn is_expired(answer: Answer) -> Answer {
    let answer = answer.expect_status(422);
    assert!(answer.text("#error").unwrap().contains("時間が過ぎた"), "{}", answer.body);
    answer
}

on_both_engines! {
    async fn the_login_page_asks_for_any_passkey_and_writes_nothing(engine: Engine) {
        let app = required(engine).await;
        let page = login_page(&app, &app.visitor()).await;
        let mut asked = options(&page);
        assert_eq!(asked["challenge"].take().as_str().unwrap().len(), 43);
        assert_eq!(asked, json!({ "challenge": null, "timeout": 300_000, "rpId": "localhost", "allowCredentials": [],
            "userVerification": "required" }));
        assert_eq!(page.attribute("#user_id", "autocomplete").as_deref(), Some("username webauthn"));
        for table in ["logins", "used_webauthn_challenges", "passkey_users", "passkeys"] {
            assert_eq!(app.rows(table).await, 0, "{table}");
        }
        let again = login_page(&app, &app.visitor()).await;
        assert_ne!(options(&page)["challenge"], options(&again)["challenge"]);
    }

    async fn an_enrolment_asks_for_a_resident_key_and_tells_authenticators_nothing_that_lasts(engine: Engine) {
        let app = required(engine).await;
        let (one, two) = (app.visitor(), app.visitor());
        let asked = options(&enrolment_page(&app, &one, HANAKO).await);
        let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
        assert_eq!(asked["authenticatorSelection"], selection);
        assert_eq!(asked["attestation"], "none");
        assert_eq!(asked["excludeCredentials"], json!([]));
        assert_eq!(asked["user"]["name"], HANAKO.0);
        assert_eq!(asked["user"]["displayName"], "健保 花子");
        assert!(asked.get("hints").is_none());
        let other = options(&enrolment_page(&app, &two, HANAKO).await);
        assert_ne!(asked["user"]["id"], other["user"]["id"], "a handle is random, and kept only with the first passkey");
        assert_eq!(app.rows("passkey_users").await, 0);
    }

    async fn a_passkey_is_a_whole_login_and_tells_the_application_so(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let rp = app.relying_party().await;
        let visitor = app.visitor();
        let page = visitor.follow(&rp.authorize_url(&[("acr_values", "urn:sekisho:acr:phishing-resistant")])).await;
        let done = answer(&visitor, &page, authenticator.get(&options(&page))).await;
        let tokens = rp.redeem(&done.code()).await;
        let claims = claims(tokens.json()["id_token"].as_str().unwrap());
        assert_eq!(claims["acr"], "urn:sekisho:acr:phishing-resistant");
        assert!(claims["amr"].as_array().unwrap().contains(&"mfa".into()), "{claims}");
    }

    async fn after_a_password_only_the_members_own_passkey_will_do(engine: Engine) {
        let app = required(engine).await;
        let (mut hanakos, mut jiros) = (enrol(&app, HANAKO).await, enrol(&app, JIRO).await);
        let visitor = app.visitor();
        let page = after_password(&app, &visitor, HANAKO).await;
        assert!(page.url.contains("/login/passkey?step="), "{}", page.url);
        let asked = options(&page);
        assert_eq!(asked["allowCredentials"].as_array().unwrap().len(), 1);
        let named = asked["allowCredentials"][0].as_object().unwrap();
        assert!(named.contains_key("id") && !named.contains_key("transports"), "{named:?}");
        is_invalid(answer(&visitor, &page, jiros.get(&asked)).await);
        let done = answer(&visitor, &page, hanakos.get(&asked)).await;
        assert_eq!(done.location(), Some("/account/profile"));
        // Nor does the passkey of the one open the account of the other by saying so.
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        jiros.user_handle.clone_from(&hanakos.user_handle);
        is_invalid(answer(&visitor, &page, jiros.get(&options(&page))).await);
    }

    async fn answers_that_lie_are_invalid(engine: Engine) {
        let app = required(engine).await;
        let authenticator = enrol(&app, HANAKO).await;
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        let lies: [fn(&mut Authenticator); 6] = [
            |a| a.verifies = false,
            |a| a.origin = "https://portal.example.jp".into(),
            |a| a.origin = a.origin.replace("http://", "https://"),
            |a| a.cross_origin = true,
            |a| a.user_handle = None,
            |a| a.credential_id = vec![1; 16],
        ];
        for lie in lies {
            let mut liar = authenticator.clone();
            lie(&mut liar);
            is_invalid(answer(&visitor, &page, liar.get(&options(&page))).await);
        }
        for nonsense in ["{}", "null", "\"", "{\"type\":\"public-key\"}"] {
            is_invalid(answer(&visitor, &page, nonsense.into()).await);
        }
        let empty = visitor.post("/login/passkey", &page.form()).await.expect_status(422);
        assert!(empty.text("#error").unwrap().contains("JavaScript"));
        assert_eq!(app.rows("used_webauthn_challenges").await, 1, "of the enrolment alone");
    }

    async fn an_answer_is_taken_once_and_its_replay_is_no_clone(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        let right = authenticator.get(&options(&page));
        answer(&visitor, &page, right.clone()).await.expect_status(303);
        let again = is_expired(answer(&visitor, &page, right.clone()).await);
        assert_eq!(app.rows("passkeys WHERE cloned_at IS NOT NULL").await, 0);
        // Not with the question of the page that came back, either.
        is_invalid(answer(&visitor, &again, right).await);
        answer(&visitor, &again, authenticator.get(&options(&again))).await.expect_status(303);
    }

    async fn of_answers_sent_at_once_one_is_taken(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        let right = authenticator.get(&options(&page));
        let all = (0..8).map(|_| answer(&visitor, &page, right.clone()));
        let answers = futures::future::join_all(all).await;
        assert_eq!(answers.iter().filter(|a| a.status == 303).count(), 1);
        assert_eq!(app.rows("passkeys WHERE cloned_at IS NOT NULL").await, 0);
    }

    async fn a_counter_that_goes_backwards_ends_the_passkey_and_is_told(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let mut clone = authenticator.clone();
        for _ in 0..2 {
            let visitor = app.visitor();
            let page = login_page(&app, &visitor).await;
            answer(&visitor, &page, authenticator.get(&options(&page))).await.expect_status(303);
        }
        let thief = app.visitor();
        let page = login_page(&app, &thief).await;
        is_invalid(answer(&thief, &page, clone.get(&options(&page))).await);
        let page = login_page(&app, &thief).await;
        is_invalid(answer(&thief, &page, authenticator.get(&options(&page))).await);
        assert_eq!(app.rows("account_events WHERE event LIKE '%passkey-cloned%'").await, 1);
        // After the password it is asked for no more; and nothing is enrolled in its place with the password alone.
        let visitor = app.visitor();
        let page = after_password(&app, &visitor, HANAKO).await;
        assert!(page.url.contains("/login/lost-methods?step="), "{}", page.url);
        assert!(page.text("#reset-password-first").is_some(), "{}", page.body);
        for path in ["/login/method", "/login/totp-enrolment", "/login/passkey-enrolment"] {
            let page = visitor.get(&page.url.replace("/login/lost-methods", path)).await;
            assert!(page.location().unwrap().starts_with("/login/lost-methods?"), "{path}: {}", page.body);
        }
    }

    async fn a_passkey_that_begins_to_be_synchronised_still_logs_its_member_in(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        for (backed_up, counter) in [(false, 1), (true, 2), (true, 3)] {
            (authenticator.backup_eligible, authenticator.backed_up) = (true, backed_up);
            authenticator.counter = counter;
            let visitor = app.visitor();
            let page = login_page(&app, &visitor).await;
            answer(&visitor, &page, authenticator.get(&options(&page))).await.expect_status(303);
        }
    }

    async fn a_question_belongs_to_its_browser_purpose_and_member(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let (victim, thief) = (app.visitor(), app.visitor());
        let asked = login_page(&app, &victim).await;
        let right = authenticator.get(&options(&asked));
        let own = login_page(&app, &thief).await;
        // The answer alone, and with its question, in another browser.
        is_invalid(answer(&thief, &own, right.clone()).await);
        let mut stolen = with_answer(&own, right);
        stolen.insert("question".into(), asked.form()["question"].clone());
        is_expired(thief.post("/login/passkey", &stolen).await);

        // The question of the login page is not the one after a password, nor the other way round.
        let page = login_page(&app, &victim).await;
        let step = after_password(&app, &victim, HANAKO).await;
        for (to, from) in [(&page, &step), (&step, &page)] {
            let mut mixed = with_answer(to, authenticator.get(&options(from)));
            mixed.insert("question".into(), from.form()["question"].clone());
            is_expired(victim.post("/login/passkey", &mixed).await);
        }
        // The question of an enrolment opens no login, and another member's no enrolment.
        let enrolment = enrolment_page(&app, &thief, JIRO).await;
        let mut mixed = with_answer(&page, authenticator.get(&options(&page)));
        mixed.insert("question".into(), enrolment.form()["question"].clone());
        is_expired(victim.post("/login/passkey", &mixed).await);
        app.execute("DELETE FROM passkeys").await;
        let hanakos = enrolment_page(&app, &thief, HANAKO).await;
        let mut mixed = with_answer(&hanakos, Authenticator::new(&app.issuer).create(&options(&enrolment)));
        mixed.insert("question".into(), enrolment.form()["question"].clone());
        is_expired(thief.post("/login/passkey-enrolment", &mixed).await);
    }

    async fn a_question_expires_with_the_login(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let visitor = app.visitor();
        let old = login_page(&app, &visitor).await;
        app.advance(Span::minutes(20));
        let young = login_page(&app, &visitor).await;
        app.advance(Span::minutes(10));
        let mut late = with_answer(&young, authenticator.get(&options(&old)));
        late.insert("question".into(), old.form()["question"].clone());
        is_expired(visitor.post("/login/passkey", &late).await);
        answer(&visitor, &old, authenticator.get(&options(&old))).await.expect_error_page("flow_expired");
        answer(&visitor, &young, authenticator.get(&options(&young))).await.expect_status(303);
        app.advance(Span::minutes(31));
        sekisho::jobs::clean_up::run(&app.app).await.unwrap();
        assert_eq!(app.rows("used_webauthn_challenges").await, 0);
    }

    async fn a_password_lock_does_not_stop_a_passkey_and_an_account_lock_does(engine: Engine) {
        let app = required(engine).await;
        let mut authenticator = enrol(&app, HANAKO).await;
        let visitor = app.visitor();
        for _ in 0..6 {
            let page = login_page(&app, &visitor).await;
            visitor.log_in(&page, HANAKO.0, "Wrong-password-1").await.expect_status(422);
        }
        let page = login_page(&app, &visitor).await;
        let locked = visitor.log_in(&page, HANAKO.0, HANAKO.1).await;
        assert!(locked.text("#error").unwrap().contains("パスワードがロック"));
        answer(&visitor, &page, authenticator.get(&options(&page))).await.expect_status(303);

        app.lock_account(HANAKO.0).await;
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        let locked = answer(&visitor, &page, authenticator.get(&options(&page))).await.expect_status(422);
        assert!(locked.text("#error").unwrap().contains("アカウントがロック"), "{}", locked.body);
        app.execute("UPDATE members SET disabled_at = 1").await;
        let page = login_page(&app, &visitor).await;
        let disabled = answer(&visitor, &page, authenticator.get(&options(&page))).await;
        disabled.expect_error_page("account_disabled");
        visitor.get("/account/profile").await.expect_status(303);
    }

    async fn what_was_not_asked_for_is_not_enrolled(engine: Engine) {
        let app = required(engine).await;
        let visitor = app.visitor();
        let page = enrolment_page(&app, &visitor, HANAKO).await;
        let lies: [fn(&mut Authenticator); 4] = [
            |a| a.verifies = false,
            |a| a.resident = false,
            |a| a.origin = "https://portal.example.jp".into(),
            |a| a.cross_origin = true,
        ];
        for lie in lies {
            let mut liar = Authenticator::new(&app.issuer);
            lie(&mut liar);
            let form = with_answer(&page, liar.create(&options(&page)));
            is_invalid(visitor.post("/login/passkey-enrolment", &form).await);
        }
        assert_eq!(app.rows("passkeys").await, 0);
        // A credential belongs to whoever came with it first.
        let jiros = enrol(&app, JIRO).await;
        let mut taken = Authenticator::new(&app.issuer);
        taken.credential_id.clone_from(&jiros.credential_id);
        let form = with_answer(&page, taken.create(&options(&page)));
        is_invalid(visitor.post("/login/passkey-enrolment", &form).await);
        assert_eq!(app.rows("passkeys").await, 1);
    }

    async fn an_enrolment_is_taken_once_and_its_name_is_tidied_not_lost(engine: Engine) {
        let app = required(engine).await;
        let (one, two) = (app.visitor(), app.visitor());
        let (first, second) = (enrolment_page(&app, &one, HANAKO).await, enrolment_page(&app, &two, HANAKO).await);
        let mut form = with_answer(&first, Authenticator::new(&app.issuer).create(&options(&first)));
        form.insert("device_name".into(), "x".repeat(100));
        one.post("/login/passkey-enrolment", &form).await.expect_status(303);
        one.post("/login/passkey-enrolment", &form).await.expect_error_page("flow_done");
        // The page of another browser was asked under a handle that is not the member's any more; its login waits for
        // the passkey that there is now.
        let late = with_answer(&second, Authenticator::new(&app.issuer).create(&options(&second)));
        let late = two.post("/login/passkey-enrolment", &late).await;
        assert!(late.location().unwrap().starts_with("/login/passkey?step="), "{:?}", late.location());
        assert_eq!(app.rows("passkeys").await, 1);
        assert_eq!(app.rows("passkeys WHERE length(name) <= 40").await, 1);
        assert_eq!(app.rows("account_events WHERE event LIKE '%passkey-added%'").await, 1);
    }

    async fn where_the_operator_offers_no_passkeys_there_are_none(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| {
            settings.authentication.second_factor = SecondFactor::Required;
            settings.authentication.methods = vec![Method::Totp];
        })
        .await;
        let visitor = app.visitor();
        let page = login_page(&app, &visitor).await;
        assert_eq!(page.attribute("#user_id", "autocomplete").as_deref(), Some("username"));
        assert!(page.text("#passkey-login").is_none() && page.text("script[src*=passkey]").is_none());
        is_expired(visitor.post("/login/passkey", &with_answer(&page, "{}".into())).await);
        let page = after_password(&app, &visitor, HANAKO).await;
        let step = page.form()["step"].clone();
        for path in ["passkey", "passkey-enrolment"] {
            let elsewhere = visitor.get(&format!("/login/{path}?step={step}")).await.expect_status(303);
            assert!(elsewhere.location().unwrap().starts_with("/login/method?step="));
        }
    }

    async fn the_pages_of_the_account_serve_their_member_freshly_logged_in_and_nobody_else(engine: Engine) {
        let app = required(engine).await;
        let (mut hanakos, mut jiros) = (enrol(&app, HANAKO).await, enrol(&app, JIRO).await);
        let (hanako, jiro) = (app.visitor(), app.visitor());
        for (visitor, authenticator) in [(&hanako, &mut hanakos), (&jiro, &mut jiros)] {
            let page = login_page(&app, visitor).await;
            answer(visitor, &page, authenticator.get(&options(&page))).await.expect_status(303);
        }
        let list = hanako.get("/account/passkeys").await.expect_status(200);
        let rename = list.attribute("#passkeys a", "href").unwrap();
        let delete = format!("{rename}/delete");
        let page = hanako.get(&rename).await.expect_status(200);
        let form = jiro.get("/account/profile").await.form();
        jiro.post(&rename, &form).await.expect_error_page("not_found");
        // Nor does a deletion tell whether it was ever there: it may have been pressed twice.
        assert_eq!(jiro.post(&delete, &form).await.location(), Some("/account/passkeys"));
        for path in [&rename, &delete] {
            jiro.get(path).await.expect_error_page("not_found");
            let nobody = app.visitor().get(path).await.expect_status(303);
            assert!(nobody.location().unwrap().starts_with("/login/password?flow="));
        }
        app.advance(Span::minutes(10));
        let mut form = page.form();
        form.insert("device_name".into(), "stolen".into());
        for path in [&rename, &delete] {
            let stale = hanako.post(path, &form).await.expect_status(303);
            assert!(stale.location().unwrap().starts_with("/login/password?flow="));
            hanako.get(path).await.expect_status(303);
        }
        hanako.get("/account/passkey-enrolment").await.expect_status(303);
        assert_eq!(app.rows("passkeys WHERE name = 'stolen'").await, 0);
        assert_eq!(app.rows("passkeys").await, 2);
        // Looking needs no fresh login.
        hanako.get("/account/passkeys").await.expect_status(200);
    }

    async fn a_member_has_as_many_passkeys_as_the_operator_allows(engine: Engine) {
        let app = TestApp::start_with(engine, |settings| settings.authentication.passkeys.max_passkeys = 2).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let mut pages = Vec::new();
        for _ in 0..3 {
            pages.push(visitor.get("/account/passkey-enrolment").await.expect_status(200));
        }
        // The first one settles what authenticators know the member by: pages that named another one ask again.
        let add = async |page: &Answer| {
            let form = with_answer(page, Authenticator::new(&app.issuer).create(&options(page)));
            visitor.post("/account/passkey-enrolment", &form).await
        };
        add(&pages[0]).await.expect_status(303);
        let again = is_expired(add(&pages[1]).await);
        let two = futures::future::join_all([&again, &visitor.get("/account/passkey-enrolment").await].map(add)).await;
        assert_eq!(two.iter().filter(|a| a.status == 303).count(), 1);
        assert_eq!(app.rows("passkeys").await, 2);
        let full = visitor.get("/account/passkey-enrolment").await.expect_status(200);
        assert!(full.text("#error").unwrap().contains("これ以上は登録できません"));
        assert!(full.text("form[data-passkey]").is_none(), "no authenticator is asked in vain");
        assert!(visitor.get("/account/passkeys").await.text("#add").is_none());
    }

    async fn without_a_policy_the_last_passkey_may_go_and_the_method_with_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let visitor = app.visitor_logged_in(HANAKO).await;
        let page = visitor.get("/account/passkey-enrolment").await;
        let form = with_answer(&page, Authenticator::new(&app.issuer).create(&options(&page)));
        visitor.post("/account/passkey-enrolment", &form).await.expect_status(303);
        assert_eq!(app.rows("members WHERE authentication_method = 'passkey'").await, 1);
        let list = visitor.get("/account/passkeys").await;
        let delete = format!("{}/delete", list.attribute("#passkeys a", "href").unwrap());
        let page = visitor.get(&delete).await;
        visitor.post(&delete, &page.form()).await.expect_status(303);
        assert_eq!(visitor.post(&delete, &page.form()).await.location(), Some("/account/passkeys"));
        assert_eq!(app.rows("passkeys").await, 0);
        assert_eq!(app.rows("members WHERE authentication_method IS NULL AND user_id = 'hanako'").await, 1);
        let told = app.mails_to("hanako@example.jp").await;
        for words in ["次のパスキーが登録されました", "次のパスキーが削除されました"] {
            assert_eq!(told.iter().filter(|mail| mail.text.contains(words)).count(), 1, "{words}: {told:?}");
        }
        // What authenticators know the member by stays: they would keep two entries for one account.
        assert_eq!(app.rows("passkey_users").await, 1);
    }
}
