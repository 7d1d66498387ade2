//! `sekisho member`: members, one at a time. Passwords come in through a pipe or are made here, and go out once.

use std::io::{self, IsTerminal as _, Read as _};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::mail::{as_json, what_became};
use super::output::time;
use super::{Failure, Output, actor, open};
use crate::actions::login::lost_methods::{self, Holdings};
use crate::actions::mail::send_mail;
use crate::actions::member::correct_name::correct_name;
use crate::actions::member::disable_member::{disable_member, enable_member};
use crate::actions::member::issue_password::{generate_password, issue_password};
use crate::actions::member::lift_locks::lift_locks;
use crate::actions::member::lock_account::lock_account;
use crate::actions::member::members::{self, NewMember};
use crate::actions::member::set_email_address::set_email_address;
use crate::app::App;
use crate::config::SettingsSource;
use crate::domain::login::locks::{self, FailureCount, Until};
use crate::domain::login::lost_methods::{MethodsReset, Standing};
use crate::domain::login::password_policy::{CharacterClass, PasswordRule, normalise_password};
use crate::domain::member::email_address::EmailAddress;
use crate::domain::member::profile::{Member, Password, Profile, Role};
use crate::domain::member::user_id::UserId;
use crate::domain::secret::Secret;
use crate::store;
use crate::store::login::password_failures;
use crate::text_file;

#[derive(Subcommand)]
pub(super) enum MemberCommand {
    /// Adds a member with an initial password, to be changed at the first login
    Add(Add),
    /// Says whether a member can log in, if not why, and what mends it
    Show { user_id: String },
    /// Lifts the password lock and the account lock of a member
    Unlock { user_id: String },
    /// Locks a member's account until it is unlocked; all their sessions and tokens end
    Lock { user_id: String },
    /// Shuts the account of a member who has left; all their sessions and tokens end
    Disable { user_id: String },
    /// Opens an account again that was disabled
    Enable { user_id: String },
    /// Takes away whatever a member could show beside the password, to be set up again at the next login; all their
    /// sessions and tokens end. Make sure first that it is the member who asks
    ResetMethods { user_id: String },
    /// Lets a member who has asked for it set their authentication methods up again. Make sure first that it is the member
    /// who asked
    ApproveMethodsReset { user_id: String },
    /// Corrects a member's name
    SetName { user_id: String, name: String },
    /// Gives a member another e-mail address, for which you vouch; the old one is told. Make sure first that it is the member
    /// who asks
    SetEmail { user_id: String, email: String },
    /// Gives a member a new password; all their sessions and tokens end and the password lock is lifted
    SetPassword {
        user_id: String,
        #[command(flatten)]
        source: PasswordSource,
        /// The member must change it at the next login (always so for a generated one)
        #[arg(long)]
        initial: bool,
    },
}

#[derive(Args)]
pub(super) struct Add {
    user_id: String,
    /// The member's full name
    #[arg(long)]
    name: Option<String>,
    /// The member's address, not verified yet; families may share one
    #[arg(long)]
    email: Option<String>,
    #[arg(long, value_enum, default_value_t = RoleName::Member)]
    role: RoleName,
    #[command(flatten)]
    source: PasswordSource,
    /// Read from standard input how another system has hashed the member's password; it stays theirs
    ///
    /// Taken are bcrypt ($2a$, $2b$, $2y$), SHA-crypt ($5$, $6$), Argon2, PBKDF2 and scrypt as PHC strings, and a password
    /// credential of Keycloak's export as JSON. At the first login it is hashed anew.
    #[arg(long, conflicts_with_all = ["password_stdin", "keep_password"])]
    password_hash_stdin: bool,
    /// The member need not change the password at the first login
    #[arg(long)]
    keep_password: bool,
}

#[derive(Args)]
pub(super) struct PasswordSource {
    /// Read the password from standard input, up to the end of the line [default: make one and show it, this once]
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Looks after their own account
    Member,
    /// May do everything
    Owner,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Member => Role::Member,
            RoleName::Owner => Role::Owner,
        }
    }
}

/// A new password, and whether it was made here and must be shown.
struct NewPassword {
    password: Secret<String>,
    generated: bool,
}

impl PasswordSource {
    /// Reads before anything is opened: whoever types or pipes a password should not wait for a database.
    fn read(&self) -> Result<Option<Secret<String>>, Failure> {
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
fn read_all(most: u64) -> Result<Secret<String>, Failure> {
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
fn checked(app: &App, user_id: &str, read: Option<Secret<String>>) -> Result<NewPassword, Failure> {
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

impl MemberCommand {
    pub async fn run(self, source: &SettingsSource, out: Output) -> Result<(), Failure> {
        match self {
            MemberCommand::Add(add) => {
                let read = match add.password_hash_stdin {
                    true => Some(read_all(16_384)?),
                    false => add.source.read()?,
                };
                add.run(&open(source).await?, read, out).await
            }
            MemberCommand::Show { user_id } => {
                let app = open(source).await?;
                show(&app, &find(&app, &user_id).await?, out).await
            }
            MemberCommand::Unlock { user_id } => {
                let app = open(source).await?;
                unlock(&app, &find(&app, &user_id).await?, out).await
            }
            MemberCommand::Lock { user_id } => {
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                let done = lock_account(&app, &actor(), &member.id).await?;
                let said = "is locked now; their sessions and tokens have ended";
                answer_change(&member, done, ("locked", said, "was locked already"), out)
            }
            MemberCommand::Disable { user_id } => {
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                let done = disable_member(&app, &actor(), &member.id).await?;
                let said = "is disabled now; their sessions and tokens have ended";
                answer_change(&member, done, ("disabled", said, "was disabled already"), out)
            }
            MemberCommand::Enable { user_id } => {
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                let done = enable_member(&app, &actor(), &member.id).await?;
                let said = "is enabled again; locks, if there are any, still stand";
                answer_change(&member, done, ("enabled", said, "was not disabled"), out)
            }
            MemberCommand::ResetMethods { user_id } => {
                let app = open(source).await?;
                reset_methods(&app, &find(&app, &user_id).await?, out).await
            }
            MemberCommand::ApproveMethodsReset { user_id } => {
                let app = open(source).await?;
                approve_methods_reset(&app, &find(&app, &user_id).await?, out).await
            }
            MemberCommand::SetName { user_id, name } => {
                let name = name.trim();
                if name.is_empty() || name.chars().any(char::is_control) {
                    return Err(Failure::refused("the name must be one line of text"));
                }
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                let done = correct_name(&app, &actor(), &member.id, name).await?;
                answer_change(&member, done, ("corrected", "has the new name", "had that name already"), out)
            }
            MemberCommand::SetEmail { user_id, email } => {
                let address = email_address(&email)?;
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                let done = set_email_address(&app, &actor(), &member.id, &address).await?;
                let said = "has the new address; the old one is told, and links that were mailed there have ended";
                answer_change(&member, done, ("changed", said, "had that address already"), out)
            }
            MemberCommand::SetPassword { user_id, source: password, initial } => {
                let read = password.read()?;
                let app = open(source).await?;
                let member = find(&app, &user_id).await?;
                set_password(&app, &member, read, initial, out).await
            }
        }
    }
}

fn email_address(typed: &str) -> Result<EmailAddress, Failure> {
    EmailAddress::understand(typed)
        .ok_or_else(|| Failure::refused(format!("\"{}\" is no e-mail address", typed.escape_debug())))
}

pub(super) async fn find(app: &App, user_id: &str) -> Result<Member, Failure> {
    members::find(app, user_id)
        .await?
        .ok_or_else(|| Failure::refused(format!("there is no member with the user ID \"{}\"", user_id.escape_debug())))
}

impl Add {
    async fn run(self, app: &App, read: Option<Secret<String>>, out: Output) -> Result<(), Failure> {
        let email = self.email.as_deref().map(email_address).transpose()?;
        let member = NewMember {
            user_id: self.user_id.clone(),
            role: self.role.into(),
            name: self.name,
            email: email.map(|address| address.as_str().to_owned()),
            email_verified: false,
            phone_number: None,
            phone_number_verified: false,
            profile: Profile::default(),
        };
        if let (true, Some(hash)) = (self.password_hash_stdin, &read) {
            let hash = app.passwords.import(hash.expose()).map_err(|error| Failure::refused(error.to_string()))?;
            let kind = hash.cost.kind;
            let member = members::add_with_hash(app, member, hash).await?;
            let text = format!("{} is added, with a password that is hashed by {kind}.\n", member.user_id);
            return out.answer(text, &json!({ "user_id": member.user_id, "sub": member.id, "hash": kind }));
        }
        let new = checked(app, &self.user_id, read)?;
        let initial = !self.keep_password;
        let member = members::add(app, member, new.password.expose(), initial).await?;
        answer_password(app, &member, &new, initial, "is added", out)
    }
}

async fn set_password(
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

fn answer_password(
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

async fn unlock(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
    let lifted = lift_locks(app, &actor(), &member.id).await?;
    let id = &member.user_id;
    let text = match (lifted.password_lock, lifted.account_lock) {
        (true, true) => format!("The password lock and the account lock of {id} are lifted."),
        (true, false) => format!("The password lock of {id} is lifted."),
        (false, true) => format!("The account lock of {id} is lifted."),
        (false, false) => format!("{id} was not locked; counts of wrong passwords are forgotten."),
    };
    let json = json!({ "user_id": id, "password_lock_lifted": lifted.password_lock,
                       "account_lock_lifted": lifted.account_lock });
    out.answer(text, &json)
}

/// How many are shown with a member; `sekisho mail list` shows more.
const LATEST_MAILS: u32 = 5;

/// `key` in JSON says whether something was done; the texts say what it was, or why nothing was.
fn answer_change(
    member: &Member,
    done: bool,
    (key, said, otherwise): (&str, &str, &str),
    out: Output,
) -> Result<(), Failure> {
    let id = &member.user_id;
    let text = format!("{id} {}.", if done { said } else { otherwise });
    out.answer(text, &json!({ "user_id": id, key: done }))
}

async fn reset_methods(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
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

async fn approve_methods_reset(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
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
fn methods_in_words(holdings: &Holdings) -> Option<String> {
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

fn methods_as_json(holdings: &Holdings) -> Value {
    json!({ "apps": holdings.apps, "passkeys": holdings.passkeys, "email": holdings.email,
            "recovery_codes": holdings.recovery_codes, "trusted_devices": holdings.trusted_devices })
}

/// What keeps a member out, and what helps.
struct Blocker {
    code: &'static str,
    reason: String,
    fix: String,
}

async fn show(app: &App, member: &Member, out: Output) -> Result<(), Failure> {
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
