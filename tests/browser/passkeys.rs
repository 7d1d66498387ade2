//! Passkeys in a real browser with a virtual authenticator: enrolment, the button, autofill, the step after a password, and
//! what members see when it fails (product.md 1.7).

use sekisho::config::SecondFactor;
use sekisho::domain::unix_time::Span;
use serde_json::{Value, json};

use crate::support::app::HANAKO;
use crate::support::browser::{Browser, Options, Page, VirtualAuthenticator};
use crate::support::{Engine, TestApp, on_both_engines};

async fn required(engine: Engine) -> TestApp {
    TestApp::start_with(engine, |settings| settings.authentication.second_factor = SecondFactor::Required).await
}

async fn phone() -> Browser {
    Browser::launch(Options::PHONE).await
}

/// Writes down what the pages ask WebAuthn for, and whether they took it back.
const LISTEN: &str = r#"
    window.asked = [];
    for (const verb of ["create", "get"]) {
        const original = navigator.credentials[verb].bind(navigator.credentials);
        navigator.credentials[verb] = (options) => {
            const { publicKey, mediation, signal } = options;
            const question = { verb, mediation: mediation ?? null, userVerification: publicKey.userVerification ?? null,
                allowed: publicKey.allowCredentials?.length ?? null, selection: publicKey.authenticatorSelection ?? null,
                transports: (publicKey.allowCredentials ?? []).some((credential) => "transports" in credential) };
            window.asked.push(question);
            signal?.addEventListener("abort", () => { question.aborted = true; });
            return original(options);
        };
    }
"#;

/// A tab whose browser knows no conditional mediation: what happens there was pressed. A virtual authenticator answers
/// autofill by itself, at once.
async fn tab_without_autofill(browser: &Browser) -> Page {
    let page = browser.page().await;
    page.before_each_page("delete window.PublicKeyCredential?.isConditionalMediationAvailable").await;
    page
}

async fn asked(page: &Page) -> Value {
    page.evaluate("window.asked").await
}

async fn type_password(app: &TestApp, page: &Page) {
    page.goto(&app.at("/account/profile")).await;
    page.fill("#user_id", HANAKO.0).await;
    page.fill("#password", HANAKO.1).await;
    page.click("#login").await;
}

/// Logs in with the password and enrols a passkey on the way.
async fn enrol(app: &TestApp, page: &Page) {
    type_password(app, page).await;
    page.click("label[for=method-passkey]").await;
    page.click("#continue").await;
    page.click("#enrol").await;
    arrived(app, page).await;
}

async fn arrived(app: &TestApp, page: &Page) {
    page.wait_for("#user-id").await;
    assert_eq!(page.url().await, app.at("/account/profile"));
    assert_eq!(page.text("#user-id").await, HANAKO.0);
}

/// Opens the login page with nobody at the authenticator, so that autofill does not answer at once.
async fn login_page(app: &TestApp, page: &Page, authenticator: &VirtualAuthenticator<'_>) {
    authenticator.attended(false).await;
    page.command("Network.clearBrowserCookies", json!({})).await;
    page.goto(&app.at("/account/profile")).await;
    page.wait_for("#passkey-login:not([hidden])").await;
}

async fn press(page: &Page, authenticator: &VirtualAuthenticator<'_>, button: &str) {
    authenticator.attended(true).await;
    page.click(button).await;
}

on_both_engines! {
    async fn a_passkey_is_enrolled_in_the_login_and_logs_in_without_a_user_id(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        type_password(&app, &page).await;
        page.click("label[for=method-passkey]").await;
        page.click("#continue").await;
        assert_eq!(page.value("#device_name").await, "LinuxのChrome");
        page.fill("#device_name", "わたしのスマホ").await;
        page.click("#enrol").await;
        arrived(&app, &page).await;
        let made = authenticator.credentials().await;
        assert_eq!(made.len(), 1);
        assert_eq!(made[0]["isResidentCredential"], true);
        assert_eq!(made[0]["rpId"], "localhost");

        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
        assert!(!page.exists("#password").await);
    }

    async fn a_computer_that_knows_its_members_face_or_finger_needs_no_phone(engine: Engine) {
        let app = required(engine).await;
        let computer = Browser::launch(Options::DESKTOP).await;
        let page = tab_without_autofill(&computer).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        assert_eq!(authenticator.credentials().await.len(), 1);
        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
        // And after the password.
        login_page(&app, &page, &authenticator).await;
        type_password(&app, &page).await;
        press(&page, &authenticator, "#use-passkey").await;
        arrived(&app, &page).await;
    }

    async fn the_button_takes_back_what_autofill_asked_and_asks_without_mediation(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = browser.page().await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        page.before_each_page(LISTEN).await;
        login_page(&app, &page, &authenticator).await;
        let autofill = json!({ "verb": "get", "mediation": "conditional", "userVerification": "required", "allowed": 0,
            "selection": null, "transports": false });
        assert_eq!(asked(&page).await, json!([autofill]));
        page.click("#passkey-login").await;
        let button = json!({ "verb": "get", "mediation": null, "userVerification": "required", "allowed": 0,
            "selection": null, "transports": false });
        let mut aborted = autofill;
        aborted["aborted"] = true.into();
        assert_eq!(asked(&page).await, json!([aborted, button]));
    }

    async fn a_passkey_is_offered_in_the_autofill_of_the_user_id(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = browser.page().await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        assert_eq!(page.attribute("#user_id", "autocomplete").await.as_deref(), Some("username webauthn"));
        authenticator.attended(true).await;
        page.reload().await;
        arrived(&app, &page).await;
    }

    async fn after_a_password_the_passkey_is_the_second_step(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        page.fill("#user_id", HANAKO.0).await;
        page.fill("#password", HANAKO.1).await;
        page.click("#login").await;
        assert!(page.url().await.contains("/login/passkey?step="), "{}", page.url().await);
        press(&page, &authenticator, "#use-passkey").await;
        arrived(&app, &page).await;
    }

    async fn after_a_password_and_at_enrolment_no_way_to_the_authenticator_is_hidden(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        page.before_each_page(LISTEN).await;
        authenticator.attended(false).await;
        type_password(&app, &page).await;
        page.click("label[for=method-passkey]").await;
        page.click("#continue").await;
        page.click("#enrol").await;
        let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
        assert_eq!(asked(&page).await[0]["selection"], selection, "no attachment");
        page.reload().await;
        press(&page, &authenticator, "#enrol").await;
        arrived(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        type_password(&app, &page).await;
        page.click("#use-passkey").await;
        let question = json!([{ "verb": "get", "mediation": null, "userVerification": "required", "allowed": 1,
            "selection": null, "transports": false }]);
        assert_eq!(asked(&page).await, question);
    }

    async fn an_authenticator_that_does_not_verify_its_user_is_told_of_and_nothing_is_lost(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        login_page(&app, &page, &authenticator).await;
        authenticator.verifies(false).await;
        page.fill("#user_id", "typed before").await;
        press(&page, &authenticator, "#passkey-login").await;
        let message = "[data-passkey-error~=NotAllowedError]";
        page.wait_for(&format!("{message}:not([hidden])")).await;
        assert_eq!(page.evaluate("document.activeElement.dataset.passkeyError").await, "NotAllowedError AbortError");
        assert_eq!(page.attribute(message, "role").await.as_deref(), Some("alert"));
        assert_eq!(page.value("#user_id").await, "typed before");
        // The same page goes on once the finger is recognised.
        authenticator.verifies(true).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
    }

    async fn faq_15_an_unknown_security_key_is_invalid_and_its_help_one_click_away(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        app.execute("DELETE FROM passkeys").await;
        login_page(&app, &page, &authenticator).await;
        page.fill("#user_id", "typed before").await;
        press(&page, &authenticator, "#passkey-login").await;
        assert!(page.text("#error").await.contains("セキュリティキーの登録が無効です"));
        assert_eq!(page.value("#user_id").await, "typed before");
        assert_eq!(page.attribute("#error-help .own-page a", "href").await.as_deref(), Some("/help/faq/security-key-invalid"));
        let help = browser.page().await;
        help.goto(&app.at("/help/faq/security-key-invalid")).await;
        assert!(help.text("main").await.contains("パスワード管理アプリ"));
    }

    async fn a_device_that_is_not_ready_for_passkeys_is_told_of_with_the_help_for_it(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let not_ready = "navigator.credentials.get = async () => { throw new DOMException('', 'NotReadableError') }";
        page.before_each_page(not_ready).await;
        page.goto(&app.at("/account/profile")).await;
        page.click("#passkey-login").await;
        page.wait_for("[data-passkey-error=other]:not([hidden])").await;
        assert!(page.text("[data-passkey-error=other]").await.contains("パスキーを使えませんでした"));
        page.click("[data-passkey-error=other] summary").await;
        assert!(page.text("[data-passkey-error=other] details").await.contains("パスワード管理アプリ"));
    }

    async fn a_passkey_deleted_at_the_authenticator_leaves_the_password_and_the_other_methods(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        authenticator.forget(&authenticator.credentials().await[0]).await;
        app.execute("UPDATE members SET email_method_at = 1").await;
        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        page.wait_for("[data-passkey-error~=NotAllowedError]:not([hidden])").await;
        type_password(&app, &page).await;
        page.click("#use-passkey").await;
        page.wait_for("[data-passkey-error~=NotAllowedError]:not([hidden])").await;
        // On by e-mail, and to a new passkey in place of the one that is gone.
        page.click("#use-email").await;
        page.fill("#code", &app.code_mailed_to("hanako@example.jp").await).await;
        page.click("#continue").await;
        arrived(&app, &page).await;
        page.goto(&app.at("/account/passkeys")).await;
        page.click("#passkeys a[id^=delete]").await;
        page.click("#delete").await;
        page.wait_for("#none").await;
        page.click("#add").await;
        page.click("#enrol").await;
        page.wait_for("#passkeys").await;
        assert_eq!(authenticator.credentials().await.len(), 1);
        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
    }

    async fn a_cloned_authenticator_is_shut_out_and_so_is_the_original(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        let clone = authenticator.credentials().await.remove(0);
        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        arrived(&app, &page).await;
        let original = authenticator.credentials().await.remove(0);
        assert!(original["signCount"].as_u64() > clone["signCount"].as_u64());

        authenticator.forget(&original).await;
        authenticator.put(&clone).await;
        login_page(&app, &page, &authenticator).await;
        press(&page, &authenticator, "#passkey-login").await;
        assert!(page.text("#error").await.contains("セキュリティキーの登録が無効です"));
        authenticator.forget(&clone).await;
        authenticator.put(&original).await;
        authenticator.attended(false).await;
        page.goto(&app.at("/account/profile")).await;
        press(&page, &authenticator, "#passkey-login").await;
        assert!(page.text("#error").await.contains("セキュリティキーの登録が無効です"));
        assert_eq!(app.rows("passkeys WHERE cloned_at IS NOT NULL").await, 1);
        assert_eq!(app.rows("account_events WHERE event LIKE '%passkey-cloned%'").await, 1);
    }

    async fn the_same_authenticator_is_enrolled_once(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let _authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        page.goto(&app.at("/account/passkeys")).await;
        page.click("#add").await;
        page.click("#enrol").await;
        page.wait_for("[data-passkey-error=InvalidStateError]:not([hidden])").await;
        assert_eq!(app.rows("passkeys").await, 1);
    }

    async fn a_passkey_that_begins_to_be_synchronised_goes_on_logging_in(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        for (eligible, synchronised) in [(true, false), (true, true), (true, false)] {
            authenticator.synchronise(eligible, synchronised).await;
            login_page(&app, &page, &authenticator).await;
            press(&page, &authenticator, "#passkey-login").await;
            arrived(&app, &page).await;
        }
    }

    async fn without_webauthn_or_scripts_the_pages_say_so_and_offer_the_rest(engine: Engine) {
        let app = required(engine).await;
        let old = phone().await;
        let page = old.page().await;
        page.before_each_page("delete window.PublicKeyCredential").await;
        page.goto(&app.at("/account/profile")).await;
        assert!(page.shows("[data-passkey-missing]").await);
        assert!(!page.shows("#passkey-login").await);
        assert!(page.shows("#login").await);

        let bare = Browser::launch(Options { javascript: false, ..Options::PHONE }).await;
        let page = bare.page().await;
        page.goto(&app.at("/account/profile")).await;
        assert!(page.shows("noscript p").await);
        assert!(!page.shows("#passkey-login").await);
        type_password(&app, &page).await;
        page.click("label[for=method-passkey]").await;
        page.click("#continue").await;
        assert!(page.shows("noscript p").await && page.shows("#back").await);
        assert!(!page.shows("#enrol").await);
        page.click("#back").await;
        assert!(page.exists("#method-totp").await);
    }

    async fn faq_20_a_computer_without_biometrics_asks_a_phone_by_qr_code(engine: Engine) {
        let app = required(engine).await;
        let (phone, computer) = (phone().await, Browser::launch(Options::DESKTOP).await);
        let page = tab_without_autofill(&phone).await;
        let authenticator = page.authenticator().await;
        enrol(&app, &page).await;
        let passkey = authenticator.credentials().await.remove(0);

        let page = tab_without_autofill(&computer).await;
        let phone_beside = page.phone_beside().await;
        phone_beside.put(&passkey).await;
        type_password(&app, &page).await;
        assert!(page.text("main").await.contains("QRコード"));
        assert!(page.text("main").await.contains("Bluetooth"));
        assert_eq!(page.attribute("#passkey-qr-help .own-page a", "href").await.as_deref(), Some("/help/faq/passkey-qr-not-read"));
        page.click("#use-passkey").await;
        arrived(&app, &page).await;
        // From the login page as well, without a user ID.
        login_page(&app, &page, &phone_beside).await;
        press(&page, &phone_beside, "#passkey-login").await;
        arrived(&app, &page).await;
    }

    async fn faq_16_a_phone_is_enrolled_by_the_qr_code_on_a_computer(engine: Engine) {
        let app = required(engine).await;
        let computer = Browser::launch(Options::DESKTOP).await;
        let page = tab_without_autofill(&computer).await;
        let phone_beside = page.phone_beside().await;
        type_password(&app, &page).await;
        page.click("label[for=method-passkey]").await;
        page.click("#continue").await;
        assert_eq!(page.attribute("#phone-qr-help .own-page a", "href").await.as_deref(), Some("/help/faq/phone-qr-not-read"));
        page.click("#enrol").await;
        arrived(&app, &page).await;
        assert_eq!(phone_beside.credentials().await.len(), 1);
        let help = computer.page().await;
        help.goto(&app.at("/help/faq/phone-qr-not-read")).await;
        assert!(help.text("main").await.contains("FIDO"));
    }

    async fn several_passkeys_are_added_named_and_deleted_in_the_account(engine: Engine) {
        let app = required(engine).await;
        let browser = phone().await;
        let page = tab_without_autofill(&browser).await;
        let own = page.authenticator().await;
        enrol(&app, &page).await;
        page.goto(&app.at("/account/passkeys")).await;
        page.click("#passkeys a").await;
        page.fill("#device_name", "わたしのスマホ").await;
        page.click("#save").await;
        assert!(page.text("#passkeys").await.contains("わたしのスマホ"));

        // Another authenticator, as another phone: the login is not fresh any more, so a passkey is shown first.
        app.advance(Span::minutes(11));
        own.attended(false).await;
        page.click("#add").await;
        assert!(page.url().await.contains("/login/password?flow="), "{}", page.url().await);
        press(&page, &own, "#passkey-login").await;
        page.wait_for("#enrol:not([hidden])").await;
        let first = own.credentials().await.remove(0);
        own.remove().await;
        let other = page.authenticator().await;
        page.fill("#device_name", "家族のタブレット").await;
        page.click("#enrol").await;
        page.wait_for("#passkeys").await;
        assert!(page.text("#passkeys").await.contains("家族のタブレット"));
        assert!(page.text("#passkeys").await.contains("LinuxのChrome"), "where the first one was last used");
        let second = other.credentials().await.remove(0);
        assert_eq!(first["userHandle"], second["userHandle"], "one member, one handle");
        // Either logs in.
        login_page(&app, &page, &other).await;
        press(&page, &other, "#passkey-login").await;
        arrived(&app, &page).await;

        page.goto(&app.at("/account/passkeys")).await;
        page.click("#passkeys li:first-child a[id^=delete]").await;
        assert!(page.text("h1").await.contains("わたしのスマホ"));
        page.click("#delete").await;
        page.wait_for("#passkeys").await;
        assert!(!page.text("#passkeys").await.contains("わたしのスマホ"));
        // The last one is what the policy asks for.
        page.click("#passkeys a[id^=delete]").await;
        page.click("#delete").await;
        assert!(page.text("#error").await.contains("削除できません"));
        assert_eq!(app.rows("passkeys").await, 1);
        assert_eq!(app.rows("account_events WHERE event LIKE '%passkey-removed%'").await, 1);
        assert_eq!(app.rows("account_events WHERE event LIKE '%passkey-added%'").await, 2);
    }
}
