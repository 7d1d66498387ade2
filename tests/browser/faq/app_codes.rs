//! Questions 8, 9, 10, 14, 19: codes of an authenticator app.

use sekisho::domain::unix_time::Span;

use super::*;
use crate::support::on_both_engines;

/// A fresh login as far as the page that asks for a code.
async fn asked_for_code(app: &TestApp, page: &Page) {
    // Logged out, in a browser in which the member has logged in before: there the devices have their names.
    page.command("Network.deleteCookies", json!({ "name": "sekisho-session", "url": app.issuer })).await;
    login_page(app, page).await;
    type_password(page, HANAKO).await;
    at(app, page, "/login/totp").await;
}

/// As the full-width mode of a Japanese keyboard writes digits.
fn wide(code: &str) -> String {
    code.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
}

/// The radio button's label of the device with this name.
async fn label_of(page: &Page, name: &str) -> String {
    let labels = page
        .evaluate("[...document.querySelectorAll('.choices label')].map(label => [label.textContent, label.htmlFor])")
        .await;
    let found = labels.as_array().unwrap().iter().find(|label| label[0] == name).expect("a device of this name");
    found[1].as_str().unwrap().to_owned()
}

/// Adds a second device from the profile.
async fn add_device(app: &TestApp, page: &Page, name: &str) -> TotpKey {
    page.click("#authentication-method").await;
    page.click("#add-app").await;
    let key = enrol_app(app, page, name).await;
    at(app, page, "/account/authentication-method").await;
    app.advance(Span::minutes(2));
    key
}

on_both_engines! {
    async fn faq_08_the_newest_code_works_and_a_used_or_old_one_does_not(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let key = hanako_with_app(&app, &page, "phone").await;
        asked_for_code(&app, &page).await;
        type_code(&page, &code(&app, &key, -3)).await;
        assert_eq!(page.text("#error h2").await, "ワンタイムパスワードが正しくありません");
        says(&page.text("#error").await, &["新しい6桁の数字"]);
        says(&help_in_place(&page).await, &["30秒"]);
        says(&help(&app, &browser, "otp-not-accepted").await, &["最新の番号", "時計", "自動", "終了し、開き直し", "選んだ端末"]);
        // It changed while it was being typed.
        let shown = code(&app, &key, 0);
        app.advance(Span::seconds(30));
        type_code(&page, &shown).await;
        is_in(&app, &page, HANAKO.0).await;
        // Once used, it is used.
        asked_for_code(&app, &page).await;
        type_code(&page, &shown).await;
        says(&page.text("#error").await, &["ワンタイムパスワードが正しくありません"]);
        type_code(&page, &code(&app, &key, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_08_full_width_digits_and_a_code_in_two_halves_are_understood(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let key = hanako_with_app(&app, &page, "phone").await;
        for way in 0..3 {
            app.advance(Span::minutes(1));
            asked_for_code(&app, &page).await;
            let shown = code(&app, &key, 0);
            let (first, second) = shown.split_at(3);
            let typed = match way {
                0 => wide(&shown),
                1 => format!("{first} {second}"),
                _ => format!("\u{3000}{}\u{3000}{}\u{3000}", wide(first), wide(second)),
            };
            type_code(&page, &typed).await;
            is_in(&app, &page, HANAKO.0).await;
        }
    }

    async fn faq_09_a_wrong_code_is_called_incorrect_and_the_reasons_open_in_place(engine: Engine) {
        let app = society(engine).await;
        for (browser, message, reasons) in [
            (phone("ja").await, "ワンタイムパスワードが正しくありません", ["入力まちがい", "30秒ごと"]),
            (computer("en").await, "The one-time password is not correct", ["once more", "30 seconds"]),
        ] {
            app.execute("DELETE FROM totp_devices").await;
            app.execute("UPDATE members SET authentication_method = NULL").await;
            let page = browser.page().await;
            let key = hanako_with_app(&app, &page, "phone").await;
            asked_for_code(&app, &page).await;
            type_code(&page, other_than(&code(&app, &key, 0))).await;
            assert_eq!(page.text("#error h2").await, message);
            says(&help_in_place(&page).await, &reasons);
            // The right one, on the same page.
            type_code(&page, &code(&app, &key, 0)).await;
            is_in(&app, &page, HANAKO.0).await;
        }
    }

    async fn faq_10_of_two_devices_the_second_is_chosen_at_the_login(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        let first = hanako_with_app(&app, &page, "古いスマホ").await;
        let second = add_device(&app, &page, "新しいスマホ").await;
        // The one used last is chosen already.
        asked_for_code(&app, &page).await;
        assert_eq!(page.evaluate("document.querySelector('.choices input:checked').labels[0].textContent").await, "新しいスマホ");
        let old = label_of(&page, "古いスマホ").await;
        page.click(&format!("label[for='{old}']")).await;
        type_code(&page, &code(&app, &first, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
        asked_for_code(&app, &page).await;
        assert_eq!(page.evaluate("document.querySelector('.choices input:checked').labels[0].textContent").await, "古いスマホ");
        // A code counts for its own device only.
        type_code(&page, &code(&app, &second, 0)).await;
        says(&page.text("#error").await, &["ワンタイムパスワードが正しくありません"]);
        let new = label_of(&page, "新しいスマホ").await;
        page.click(&format!("label[for='{new}']")).await;
        type_code(&page, &code(&app, &second, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_10_the_device_is_chosen_by_the_keyboard_alone(engine: Engine) {
        let app = society(engine).await;
        let browser = computer("ja").await;
        let page = browser.page().await;
        let first = hanako_with_app(&app, &page, "古いスマホ").await;
        add_device(&app, &page, "新しいスマホ").await;
        asked_for_code(&app, &page).await;
        let focus = async || {
            let script = "(document.activeElement.name || '') + ' ' + (document.activeElement.labels?.[0]?.textContent ?? '')";
            page.evaluate(script).await.as_str().unwrap().to_owned()
        };
        for _ in 0..20 {
            page.press("Tab").await;
            if focus().await.starts_with("device") {
                break;
            }
        }
        assert_eq!(focus().await, "device 新しいスマホ");
        page.press("ArrowDown").await;
        assert_eq!(focus().await, "device 古いスマホ");
        page.press("Tab").await;
        says(&focus().await, &["code"]);
        page.command("Input.insertText", json!({ "text": code(&app, &first, 0) })).await;
        page.press("Enter").await;
        is_in(&app, &page, HANAKO.0).await;
    }

    async fn faq_14_a_computer_is_logged_in_to_with_the_code_of_the_phones_app(engine: Engine) {
        let app = society(engine).await;
        let (own_phone, pc) = (phone("ja").await, computer("ja").await);
        let key = hanako_with_app(&app, &own_phone.page().await, "phone").await;
        let page = pc.page().await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        at(&app, &page, "/login/totp").await;
        type_code(&page, &code(&app, &key, 0)).await;
        is_in(&app, &page, HANAKO.0).await;
        says(&help(&app, &pc, "pc-use").await, &["認証アプリ", "スマートフォン", "パソコンに入力"]);
    }

    async fn faq_19_without_a_camera_the_key_is_shown_as_text_and_typed(engine: Engine) {
        let app = society(engine).await;
        let browser = phone("ja").await;
        let page = browser.page().await;
        login_page(&app, &page).await;
        type_password(&page, HANAKO).await;
        page.click("label[for=method-totp]").await;
        page.click("#continue").await;
        at(&app, &page, "/login/totp-enrolment").await;
        assert!(page.shows("#qr").await);
        assert_eq!(page.text("#cannot-scan > summary").await, "スキャンできませんか？");
        let key = key_typed_into_app(&page).await;
        says(&page.text("#cannot-scan").await, &["時間ベース", "hanako"]);
        page.fill("#code", &code(&app, &key, 0)).await;
        page.click("#enrol").await;
        is_in(&app, &page, HANAKO.0).await;
        says(&help(&app, &browser, "app-qr-not-read").await, &["「スキャンできませんか？」", "キーの手入力"]);
    }
}
