//! What a member can show beside the password, and taking it away.

use serde_json::{Value, json};

use crate::actions::login::lost_methods::{self, Holdings};
use crate::app::App;
use crate::cli::output::time;
use crate::cli::{Failure, Output, actor};
use crate::domain::login::lost_methods::{MethodsReset, Standing};
use crate::domain::member::profile::Member;

pub(super) async fn reset_methods(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
    let before = lost_methods::holdings(app, &mut app.store.reader().await?, member).await?;
    lost_methods::reset_by_staff(app, &actor(), member).await?;
    let id = &member.user_id;
    let text = match methods_in_words(&before) {
        None => format!("{id} had nothing set up beside the password; their sessions and tokens have ended."),
        Some(methods) => format!(
            "{id} can set up their authentication methods again at the next login. Gone: {methods}. Their sessions and \
             tokens have ended."
        ),
    };
    out.answer(text, &json!({ "user_id": id, "removed": methods_as_json(&before) }))
}

pub(super) async fn approve_methods_reset(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
    let id = &member.user_id;
    match lost_methods::approve(app, &actor(), &member.id).await? {
        Ok(Standing { expires_at, .. }) => out.answer(
            format!(
                "{id} can set up their authentication methods again until {}, with the password that they have reset by \
                 mail. They are told by mail.",
                time(expires_at)
            ),
            &json!({ "user_id": id, "approved_until": expires_at }),
        ),
        Err(reset) => Err(Failure::refused(format!(
            "nothing was approved: {}",
            match reset {
                MethodsReset::MaySetUpAgain { until } =>
                    format!("{id} can set up their authentication methods again already, until {}", time(until)),
                MethodsReset::Wait { until } => format!(
                    "{id} may go on by themselves from {}; `sekisho member reset-methods {id}` lets them at once",
                    time(until)
                ),
                MethodsReset::ShowAnother | MethodsReset::ResetPasswordFirst { .. } | MethodsReset::MayAsk { .. } => format!(
                    "{id} has not asked for it, or has changed the password since; `sekisho member reset-methods {id}` \
                     lets them set up their authentication methods again without being asked"
                ),
                MethodsReset::WaitForStaff { .. } => format!("it has changed at this very moment; look again at {id}"),
            }
        ))),
    }
}

/// What a member could show beside the password; `None` if there is nothing.
pub(super) fn methods_in_words(holdings: &Holdings) -> Option<String> {
    let named = |kind: &str, names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{}\"", name.escape_debug())).collect();
        (!names.is_empty()).then(|| format!("{kind} {}", quoted.join(", ")))
    };
    let parts = [
        named("app on", &holdings.apps),
        named("passkey", &holdings.passkeys),
        holdings.email.then(|| "codes by e-mail".to_owned()),
        (holdings.recovery_codes > 0).then(|| format!("{} recovery codes", holdings.recovery_codes)),
        (holdings.trusted_devices > 0).then(|| format!("trust in {} devices", holdings.trusted_devices)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

pub(super) fn methods_as_json(holdings: &Holdings) -> Value {
    json!({ "apps": holdings.apps, "passkeys": holdings.passkeys, "email": holdings.email,
            "recovery_codes": holdings.recovery_codes, "trusted_devices": holdings.trusted_devices })
}
