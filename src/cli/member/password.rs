//! Passwords come in through a pipe or are made here, and go out once.

use std::io::{self, IsTerminal as _, Read as _};

use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use crate::actions::member::issue_password::{generate_password, issue_password};
use crate::app::App;
use crate::cli::output::time;
use crate::cli::{Failure, Output, actor};
use crate::domain::login::password_policy::{CharacterClass, PasswordRule, normalise_password};
use crate::domain::member::profile::Member;
use crate::domain::member::user_id::UserId;
use crate::domain::secret::Secret;
use crate::text_file;

#[derive(Args)]
pub struct PasswordSource {
    /// Read the password from standard input, up to the end of the line [default: make one and show it, this once]
    #[arg(long)]
    password_stdin: bool,
}

/// A new password, and whether it was made here and must be shown.
pub(super) struct NewPassword {
    pub password: Secret<String>,
    generated: bool,
}

impl PasswordSource {
    /// Reads before anything is opened: whoever types or pipes a password should not wait for a database.
    pub fn read(&self) -> Result<Option<Secret<String>>, Failure> {
        if !self.password_stdin {
            return Ok(None);
        }
        let text = read_all(4_096)?;
        let line = Secret::new(text.expose().lines().next().unwrap_or_default().to_owned());
        if line.expose().is_empty() {
            return Err(Failure::refused("standard input holds no password on its first line"));
        }
        Ok(Some(line))
    }
}

/// What comes through a pipe, up to so many bytes.
pub(super) fn read_all(most: u64) -> Result<Secret<String>, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::refused(
            "a password typed here would stand on the screen. Pipe it in: `… --password-stdin < FILE`",
        ));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    let text = text_file::understand(std::mem::take(&mut *bytes));
    text.map(Secret::new).map_err(|reason| Failure::refused(format!("standard input can't be read: {reason}")))
}

/// The password that was read, if the policy takes it, or a generated one.
pub(super) fn checked(app: &App, user_id: &str, read: Option<Secret<String>>) -> Result<NewPassword, Failure> {
    let Some(password) = read else {
        return Ok(NewPassword { password: generate_password(app, user_id), generated: true });
    };
    let id = UserId::stored(user_id.to_owned());
    let broken = app.password_policy.broken(&normalise_password(password.expose()), &id, &app.common_passwords);
    if broken.is_empty() {
        return Ok(NewPassword { password, generated: false });
    }
    let rules: Vec<String> = broken.iter().map(|rule| format!("\n  - {}", rule_in_words(rule))).collect();
    Err(Failure::refused(format!("the password is not taken:{}", rules.concat())))
}

fn rule_in_words(rule: &PasswordRule) -> String {
    match *rule {
        PasswordRule::MinLength { min } => format!("it must have {min} characters or more"),
        PasswordRule::MaxLength { max } => format!("it must have {max} characters or fewer"),
        PasswordRule::AllowedCharacters { symbols } => {
            format!("it may hold half-width letters, digits and the symbols {symbols} only")
        }
        PasswordRule::RequiredClass { class } => {
            let class = match class {
                CharacterClass::Lower => "small letter",
                CharacterClass::Upper => "capital letter",
                CharacterClass::Digit => "digit",
                CharacterClass::Symbol => "symbol",
            };
            format!("it must hold at least one {class}")
        }
        PasswordRule::NotUserId => "it must not be the user ID".to_owned(),
        PasswordRule::NotBefore { .. } => "it must not have been used before".to_owned(),
        PasswordRule::NotCommon => "it is one of the passwords that attackers try first".to_owned(),
    }
}

pub(super) async fn set_password(
    app: &App,
    member: &Member,
    read: Option<Secret<String>>,
    initial: bool,
    out: Output,
) -> Result<(), Failure> {
    let new = checked(app, &member.user_id, read)?;
    let initial = initial || new.generated;
    issue_password(app, &actor(), &member.id, new.password.expose(), initial).await?;
    answer_password(app, member, &new, initial, "has a new password; their sessions and tokens have ended", out)
}

pub(super) fn answer_password(
    app: &App,
    member: &Member,
    new: &NewPassword,
    initial: bool,
    done: &str,
    out: Output,
) -> Result<(), Failure> {
    let mut text = format!("{} {done}.\n", member.user_id);
    let shown = new.generated.then(|| new.password.expose());
    if let Some(password) = shown {
        text.push_str(&format!("\npassword  {password}\n\nIt is not shown again.\n"));
    }
    let initial_until = initial.then(|| app.now() + app.settings.passwords.initial_lifetime);
    if let Some(until) = initial_until {
        text.push_str(&format!("It must be changed at the first login, until {}.\n", time(until)));
    }
    let json =
        json!({ "user_id": member.user_id, "sub": member.id, "password": shown, "initial_until": initial_until });
    out.answer(text, &json)
}
