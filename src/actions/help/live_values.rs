//! What the help quotes from the settings, in the words of one language.

use crate::config::{EmailAddress, LockRelease, LostMethods, Method, SecondFactor, Settings};
use crate::domain::help::live_values::LiveValues;
use crate::domain::help::systems::SystemsInWords;
use crate::domain::login::password_policy::{CharacterClass, PasswordPolicy};
use crate::domain::unix_time::Span;
use crate::i18n::{Catalogue, Locale};

/// How long an authenticator app shows a code (RFC 6238, 5.2).
const STEP: u32 = 30;

pub(super) fn from_settings(settings: &Settings, catalogue: &Catalogue, locale: &Locale) -> LiveValues {
    let words = |key: &str| catalogue.text(locale, key, &[]);
    let span = |span: Span| span_in_words(span, catalogue, locale);
    let Settings { society, user_ids, passwords, authentication, locks, sessions, mail, .. } = settings;
    let release = |lock: &str, release: &LockRelease| release_in_words(lock, release, catalogue, locale);
    // Without one-time passwords only staff lock an account, and such a lock never ends by itself.
    let account_release = match authentication.methods.iter().any(|method| *method != Method::Passkey) {
        true => &locks.account.release,
        false => &LockRelease::Staff,
    };
    let policy = PasswordPolicy::from(passwords);
    let classes: Vec<String> = policy
        .required_classes
        .iter()
        .map(|class| match class {
            CharacterClass::Lower => words("password-rule-needs-lower"),
            CharacterClass::Upper => words("password-rule-needs-upper"),
            CharacterClass::Digit => words("password-rule-needs-digit"),
            CharacterClass::Symbol => words("password-rule-needs-symbol"),
        })
        .collect();
    let methods: Vec<String> =
        authentication.methods.iter().map(|method| words(&format!("help-method-{}", method.name()))).collect();
    LiveValues {
        service_name: society.service_name.get(locale.tag()).to_owned(),
        society_name: society.name.get(locale.tag()).to_owned(),
        inquiry_form: words("help-inquiry-form"),
        inquiry_url: society.inquiry_url.clone(),
        user_id_min_length: user_ids.min_length,
        user_id_max_length: user_ids.max_length,
        user_id_symbols: user_ids.symbols.clone(),
        password_min_length: passwords.min_length,
        password_max_length: passwords.max_length,
        password_required_classes: match classes.as_slice() {
            [] => words("help-password-classes-free"),
            classes => classes.join(&words("help-list-separator")),
        },
        password_common: match policy.refuse_common {
            true => words("password-rule-not-common"),
            false => words("help-password-common-allowed"),
        },
        password_history: catalogue.text(locale, "password-rule-not-before", &[("n", policy.history.into())]),
        password_max_age: match passwords.max_age {
            None => words("help-password-no-age"),
            Some(age) => catalogue.text(locale, "help-password-max-age", &[("age", span(age).into())]),
        },
        password_initial_lifetime: span(passwords.initial_lifetime),
        password_reset_link_lifetime: span(passwords.reset_link_lifetime),
        password_lock_threshold: locks.password.threshold,
        password_lock_release: release("password", &locks.password.release),
        account_lock_threshold: locks.account.threshold,
        account_lock_release: release("account", account_release),
        methods: authentication.methods.clone(),
        methods_in_words: methods.join(&words("help-list-separator")),
        second_factor_on: authentication.second_factor != SecondFactor::Off,
        second_factor_required: authentication.second_factor == SecondFactor::Required,
        email_address_required: authentication.email_address == EmailAddress::Required,
        recovery_codes: authentication.recovery_codes,
        trust_device_for: authentication.trust_device_for.map(span),
        fresh_for: span(authentication.fresh_for),
        app_max_devices: authentication.app.max_devices,
        app_old_codes: match authentication.app.tolerance.steps_back {
            0 => words("help-app-old-codes-none"),
            steps => {
                let seconds = Span::seconds(STEP.saturating_mul(steps));
                catalogue.text(locale, "help-app-old-codes-for", &[("after", span(seconds).into())])
            }
        },
        lost_methods: match authentication.lost_methods {
            LostMethods::Mail => words("help-lost-methods-mail"),
            LostMethods::Proof if authentication.recovery_codes => words("help-lost-methods-proof"),
            LostMethods::Proof => words("help-lost-methods-proof.without-codes"),
            LostMethods::Staff => words("help-lost-methods-staff"),
            LostMethods::Wait { lasts } => {
                catalogue.text(locale, "help-lost-methods-wait", &[("lasts", span(lasts).into())])
            }
        },
        passkey_max: authentication.passkeys.max_passkeys,
        email_code_lifetime: span(authentication.email_codes.lifetime),
        email_code_tries: authentication.email_codes.tries,
        email_code_resend_after: span(authentication.email_codes.resend_after),
        session_idle: span(sessions.idle),
        session_absolute: span(sessions.absolute),
        login_time_limit: span(sessions.login_time_limit),
        mail_no_reply: mail.no_reply.clone(),
        mail_info: mail.info.clone(),
        mail_webmaster: mail.webmaster.clone(),
        systems: SystemsInWords::default(),
    }
}

fn release_in_words(lock: &str, release: &LockRelease, catalogue: &Catalogue, locale: &Locale) -> String {
    let span = |span: Span| span_in_words(span, catalogue, locale);
    match *release {
        LockRelease::Staff => catalogue.text(locale, &format!("help-{lock}-lock-release-staff"), &[]),
        LockRelease::Time { after } => {
            catalogue.text(locale, &format!("help-{lock}-lock-release-time"), &[("after", span(after).into())])
        }
        LockRelease::GrowingDelay { first, longest } => catalogue.text(
            locale,
            &format!("help-{lock}-lock-release-growing-delay"),
            &[("first", span(first).into()), ("longest", span(longest).into())],
        ),
    }
}

/// In the largest unit that divides it.
fn span_in_words(span: Span, catalogue: &Catalogue, locale: &Locale) -> String {
    let seconds = span.as_seconds();
    let (key, unit) = [("help-days", 86_400), ("help-hours", 3_600), ("help-minutes", 60)]
        .into_iter()
        .find(|(_, unit)| seconds != 0 && seconds.is_multiple_of(*unit))
        .unwrap_or(("help-seconds", 1));
    catalogue.text(locale, key, &[("n", (seconds / unit).into())])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use url::Url;

    use super::*;
    use crate::actions::help::files::files;
    use crate::domain::help::HelpContent;

    /// The values in Japanese and in English.
    fn values(change: fn(&mut Settings)) -> [LiveValues; 2] {
        let catalogue = Catalogue::load().expect("the translations are whole");
        let mut settings = Settings::default();
        change(&mut settings);
        ["ja", "en"].map(|tag| {
            let locale = catalogue.negotiate(Some(tag), None, None);
            from_settings(&settings, &catalogue, &locale)
        })
    }

    #[test]
    fn spans_are_told_in_the_largest_unit_with_the_right_plural() {
        let [_, days] = values(|settings| settings.passwords.initial_lifetime = Span::days(30));
        assert_eq!(days.password_initial_lifetime, "30 days");
        let [_, day] = values(|settings| settings.passwords.initial_lifetime = Span::hours(24));
        assert_eq!(day.password_initial_lifetime, "1 day");
        let [_, hours] = values(|settings| settings.passwords.initial_lifetime = Span::hours(36));
        assert_eq!(hours.password_initial_lifetime, "36 hours");
    }

    #[test]
    fn every_way_of_releasing_a_lock_is_told_with_its_times() {
        for values in values(|_| ()) {
            assert!(!values.password_lock_release.contains(|letter: char| letter.is_ascii_digit()));
        }
        for values in
            values(|settings| settings.locks.password.release = LockRelease::Time { after: Span::minutes(15) })
        {
            assert!(values.password_lock_release.contains("15"), "{}", values.password_lock_release);
        }
        for values in values(|settings| {
            settings.locks.password.release =
                LockRelease::GrowingDelay { first: Span::seconds(40), longest: Span::hours(3) };
        }) {
            let told = values.password_lock_release;
            assert!(told.contains("40") && told.contains('3'), "{told}");
        }
    }

    #[test]
    fn a_lock_by_staff_is_never_said_to_end_by_itself() {
        let [ja, en] = values(|settings| {
            settings.locks.account.release = LockRelease::Time { after: Span::hours(7) };
        })
        .map(|values| values.account_lock_release);
        assert!(ja.contains("7時間") && ja.contains("担当者が解除するまで"), "{ja}");
        assert!(en.contains("7 hours") && en.contains("until they lift it"), "{en}");
        let staff_alone = values(|_| ()).map(|values| values.account_lock_release);
        let without_codes = values(|settings| {
            settings.locks.account.release = LockRelease::Time { after: Span::hours(7) };
            settings.authentication.methods = vec![Method::Passkey];
        });
        assert_eq!(without_codes.map(|values| values.account_lock_release), staff_alone);
    }

    #[test]
    fn what_helps_after_the_phone_is_lost_is_told_as_it_is_set() {
        let answers = |change: fn(&mut Settings)| {
            let [ja, en] = values(change);
            let values = BTreeMap::from([("ja".to_owned(), ja), ("en".to_owned(), en)]);
            let files = files(None).expect("the help that comes with Sekisho");
            let base = Url::parse("https://id.example.jp/").expect("a URL");
            let help = HelpContent::from_files(&files, &values, &base).expect("it is whole");
            ["ja", "en"].map(|locale| {
                let (_, question) = help.in_locale(locale).question("device-changed-or-lost").expect("FAQ 13");
                question.answer.text.clone()
            })
        };
        let policies: [fn(&mut Settings); 4] = [
            |s| s.authentication.lost_methods = LostMethods::Mail,
            |s| s.authentication.lost_methods = LostMethods::Proof,
            |s| s.authentication.lost_methods = LostMethods::Staff,
            |s| s.authentication.lost_methods = LostMethods::Wait { lasts: Span::hours(36) },
        ];
        let told = policies.map(answers);
        for (at, [ja, en]) in told.iter().enumerate() {
            for [other_ja, other_en] in told.iter().skip(at + 1) {
                assert!(ja != other_ja && en != other_en, "{ja}, {en}");
            }
        }
        let [_, _, _, [ja, en]] = &told;
        assert!(ja.contains("36時間") && en.contains("36 hours"), "{ja}, {en}");
    }

    #[test]
    fn required_classes_and_common_passwords_are_told_as_they_are_set() {
        for (free, strict) in values(|_| ()).into_iter().zip(values(|settings| {
            settings.passwords.required_classes = vec![CharacterClass::Lower, CharacterClass::Digit];
            settings.passwords.refuse_common = false;
            settings.passwords.history = 7;
            settings.passwords.max_age = Some(Span::days(99));
        })) {
            let told = &strict.password_required_classes;
            assert!(told.contains('z') && told.contains('9') && !told.contains('Z'), "{told}");
            assert!(!free.password_required_classes.contains('9'), "{}", free.password_required_classes);
            assert_ne!(free.password_common, strict.password_common);
            let (told, nothing) = (strict.password_history, free.password_history);
            assert!(told.contains('7') && !nothing.contains(|c: char| c.is_ascii_digit()), "{told} {nothing}");
            assert!(strict.password_max_age.contains("99") && !free.password_max_age.contains("99"));
        }
    }
}
