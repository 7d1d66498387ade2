//! `sekisho member`: members, one at a time.

mod methods;
mod password;
mod show;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Failure, Output, actor, open};
use crate::actions::member::correct_name::correct_name;
use crate::actions::member::disable_member::{disable_member, enable_member};
use crate::actions::member::lift_locks::lift_locks;
use crate::actions::member::lock_account::lock_account;
use crate::actions::member::members::{self, NewMember};
use crate::actions::member::set_email_address::set_email_address;
use crate::app::App;
use crate::config::SettingsSource;
use crate::domain::member::email_address::EmailAddress;
use crate::domain::member::profile::{Member, Profile, Role};
use crate::domain::secret::Secret;
use methods::{approve_methods_reset, reset_methods};
use password::{PasswordSource, answer_password, checked, read_all, set_password};
use show::show;

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
