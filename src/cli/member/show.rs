//! Whether a member can log in, if not why, and what helps.

use serde_json::{Value, json};

use super::methods::{methods_as_json, methods_in_words};
use crate::actions::login::lost_methods;
use crate::actions::mail::send_mail;
use crate::app::App;
use crate::cli::mail::{as_json, what_became};
use crate::cli::output::time;
use crate::cli::{Failure, Output};
use crate::domain::login::locks::{self, FailureCount, Until};
use crate::domain::login::lost_methods::MethodsReset;
use crate::domain::member::profile::{Member, Password};
use crate::store;
use crate::store::login::password_failures;

/// How many are shown with a member; `sekisho mail list` shows more.
const LATEST_MAILS: u32 = 5;
/// What keeps a member out, and what helps.
struct Blocker {
    code: &'static str,
    reason: String,
    fix: String,
}

pub(super) async fn show(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
    let mut reader = app.store.reader().await?;
    let password = store::member::members::password(&mut reader, &member.id).await?;
    let account = app.account_key(&app.user_ids.lookup_key(&member.user_id));
    let counts = password_failures::all(&mut reader, &account).await?;
    let lost = lost_methods::methods_reset(app, &mut reader, &member.id).await?;
    let holdings = lost_methods::holdings(app, &mut reader, member).await?;
    let mails = send_mail::latest_to(&mut reader, member, None, LATEST_MAILS).await?;
    drop(reader);
    let mut blockers = blockers(app, member, password.as_ref(), &counts);
    blockers.extend(lost_blocker(member, lost));

    let id = &member.user_id;
    let can = blockers.is_empty();
    let mut text = if can { format!("{id} can log in.\n") } else { format!("{id} can't log in:\n") };
    for Blocker { reason, fix, .. } in &blockers {
        text.push_str(&format!("  - {reason}. {fix}\n"));
    }
    let initial_until = password.as_ref().and_then(|password| password.initial_until);
    if let Some(until) = initial_until.filter(|until| app.now() < *until) {
        text.push_str(&format!(
            "The initial password has not been changed yet; it may be used until {}.\n",
            time(until)
        ));
    }
    if let MethodsReset::MaySetUpAgain { until } = lost {
        let until = time(until);
        text.push_str(&format!(
            "They can set up their authentication methods again at the next login, until {until}.\n"
        ));
    }
    for (device, count) in &counts {
        let whose = if device == password_failures::STRANGERS { "unknown devices" } else { "a device of theirs" };
        let (failures, last) = (count.failures, time(count.last_at));
        text.push_str(&format!("Wrong passwords in a row on {whose}: {failures}, the last one at {last}.\n"));
    }
    text.push('\n');
    let none = || "-".to_owned();
    let verified = |at| if at { " (verified)" } else { " (not verified)" };
    let email = member.email.as_ref().map(|e| format!("{e}{}", verified(member.email_verified_at.is_some())));
    for (name, value) in [
        ("name", member.name.clone().unwrap_or_else(none)),
        ("email", email.unwrap_or_else(none)),
        ("role", member.role.name().to_owned()),
        ("sub", member.id.to_string()),
        ("added", time(member.created_at)),
        ("methods", methods_in_words(&holdings).unwrap_or_else(none)),
        ("password set", password.as_ref().map_or_else(none, |password| time(password.set_at))),
    ] {
        text.push_str(&format!("{name:<14}{value}\n"));
    }
    text.push_str(if mails.is_empty() { "\nNo mail is remembered.\n" } else { "\nLatest mails:\n" });
    for mail in &mails {
        text.push_str(&format!(
            "  {}  {} to {}: {}\n",
            time(mail.created_at),
            mail.kind,
            mail.recipient,
            what_became(mail)
        ));
    }
    let reasons: Vec<Value> =
        blockers.iter().map(|h| json!({ "code": h.code, "reason": h.reason, "fix": h.fix })).collect();
    let json = json!({
        "user_id": id, "sub": member.id, "name": member.name, "email": member.email,
        "email_verified": member.email_verified_at.is_some(), "role": member.role, "created_at": member.created_at,
        "methods": methods_as_json(&holdings), "can_log_in": can, "blocked_by": reasons, "initial_until": initial_until,
        "password_set_at": password.map(|password| password.set_at),
        "latest_mails": mails.iter().map(as_json).collect::<Vec<_>>(),
    });
    out.answer(text, &json)
}

/// Who has asked to set the methods up again can't show them.
fn lost_blocker(member: &Member, reset: MethodsReset) -> Option<Blocker> {
    let id = &member.user_id;
    match reset {
        MethodsReset::WaitForStaff { asked_at } => Some(Blocker {
            code: "methods_reset_asked",
            reason: format!(
                "since {} they ask to set up their authentication methods again, as they can't show them any more",
                time(asked_at)
            ),
            fix: format!("Make sure that it is them; then `sekisho member approve-methods-reset {id}` lets them"),
        }),
        MethodsReset::Wait { until } => Some(Blocker {
            code: "methods_reset_waiting",
            reason: format!("they asked to set up their authentication methods again, and may from {} on", time(until)),
            fix: format!("Make sure that it is them; then `sekisho member reset-methods {id}` lets them at once"),
        }),
        MethodsReset::ShowAnother
        | MethodsReset::ResetPasswordFirst { .. }
        | MethodsReset::MayAsk { .. }
        | MethodsReset::MaySetUpAgain { .. } => None,
    }
}

fn blockers(
    app: &App,
    member: &Member,
    password: Option<&Password>,
    counts: &[(String, FailureCount)],
) -> Vec<Blocker> {
    let id = &member.user_id;
    let mut found = Vec::new();
    let mut blocks = |code, reason: String, fix: String| found.push(Blocker { code, reason, fix });
    let unlock = format!("`sekisho member unlock {id}` lifts it");
    let new_password = format!("`sekisho member set-password {id}` gives a new one");
    if let Some(at) = member.disabled_at {
        let enable = format!("The member has left; `sekisho member enable {id}` lets them in again");
        blocks("disabled", format!("the account is disabled since {}", time(at)), enable);
    }
    if let Some(at) = member.account_locked_at {
        let end = member.account_locked_until.map_or_else(String::new, |until| format!(", until {}", time(until)));
        blocks("account_locked", format!("the account is locked since {}{end}", time(at)), unlock.clone());
    }
    for (device, count) in counts {
        let locks::LockState::Locked(until) = app.password_lock.state(Some(*count), app.now()) else { continue };
        let end = match until {
            Until::Staff => String::new(),
            Until::Time(at) => format!(", until {}", time(at)),
        };
        let place = if device == password_failures::STRANGERS {
            "on every device where they have not logged in before"
        } else {
            "on a device of theirs"
        };
        let (since, failures) = (time(count.last_at), count.failures);
        let reason = format!("the password is locked since {since}{end}, by {failures} wrong ones in a row, {place}");
        blocks("password_locked", reason, unlock.clone());
    }
    match password {
        None => blocks("no_password", "there is no password".into(), new_password),
        Some(Password { initial_until: Some(until), .. }) if app.now() >= *until => {
            blocks(
                "initial_password_expired",
                format!("the initial password expired at {}", time(*until)),
                new_password,
            );
        }
        Some(_) => {}
    }
    found
}
