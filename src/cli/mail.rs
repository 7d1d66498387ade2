//! `sekisho mail`: "the mail doesn't arrive" (FAQ 2). What became of each, in plain words, and another try.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{table, time};
use super::{Failure, Output, actor, member};
use crate::actions::mail::send_mail::{self, Resent};
use crate::app::App;
use crate::store::mail::mail_outbox::{self, Remembered, State};

#[derive(Subcommand)]
pub(super) enum MailCommand {
    /// Lists the latest mails and what became of them, the newest first
    List(List),
    /// Says what became of one mail
    Show {
        #[arg(value_name = "MAIL_ID", allow_hyphen_values = true)]
        id: String,
    },
    /// Tries a mail again now that was not sent: one that waits, was refused or given up
    Resend {
        #[arg(value_name = "MAIL_ID", allow_hyphen_values = true)]
        id: String,
    },
}

#[derive(Args)]
pub(super) struct List {
    /// Those to this member only
    #[arg(long, value_name = "USER_ID")]
    member: Option<String>,
    /// Those in this state only
    #[arg(long, value_parser = PossibleValuesParser::new(State::ALL.map(State::name)))]
    state: Option<String>,
    /// The most that are shown
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

impl MailCommand {
    pub async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        match self {
            MailCommand::List(list) => list.run(app, out).await,
            MailCommand::Show { id } => {
                let found = mail_outbox::by_id(&mut app.store.reader().await?, &id).await?;
                show(app, &found.ok_or_else(|| unknown(app, &id))?, out)
            }
            MailCommand::Resend { id } => resend(app, &id, out).await,
        }
    }
}

fn unknown(app: &App, id: &str) -> Failure {
    let (id, kept) = (id.escape_debug(), app.settings.mail.kept);
    Failure::refused(format!("no mail \"{id}\" is remembered. `sekisho mail list` shows those of the last {kept}"))
}

impl List {
    async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        let member = match &self.member {
            Some(user_id) => Some(member::find(app, user_id).await?),
            None => None,
        };
        let state = State::ALL.into_iter().find(|state| self.state.as_deref() == Some(state.name()));
        let mut reader = app.store.reader().await?;
        let mails = match &member {
            Some(member) => send_mail::latest_to(&mut reader, member, state, self.limit).await?,
            None => mail_outbox::latest(&mut reader, None, state, self.limit).await?,
        };
        let rows: Vec<_> = mails
            .iter()
            .map(|mail| {
                let (id, state) = (mail.id.clone(), mail.state.name().to_owned());
                [id, time(mail.created_at), state, mail.kind.clone(), mail.recipient.clone()]
            })
            .collect();
        let text = if rows.is_empty() {
            "There is no such mail.".to_owned()
        } else {
            table(["MAIL", "QUEUED", "STATE", "KIND", "TO"], &rows)
        };
        out.answer(text, &json!(mails.iter().map(as_json).collect::<Vec<_>>()))
    }
}

fn show(app: &App, mail: &Remembered, out: Output) -> Result<(), Failure> {
    let mut text = format!("This mail is {}.\n\n", what_became(mail));
    let none = || "-".to_owned();
    for (name, value) in [
        ("mail", mail.id.clone()),
        ("kind", mail.kind.clone()),
        ("to", mail.recipient.clone()),
        ("queued", time(mail.created_at)),
        ("of use until", mail.expires_at.map_or_else(none, time)),
    ] {
        text.push_str(&format!("{name:<14}{value}\n"));
    }
    if mail.merged > 0 {
        let more = mail.merged;
        text.push_str(&format!("\nIt was asked for {more} more times soon after, beyond what is sent in an hour.\n"));
    }
    if can_be_resent(app, mail) && mail.state != State::Queued {
        text.push_str(&format!("\n`sekisho mail resend {}` tries it again.\n", mail.id));
    }
    out.answer(text, &as_json(mail))
}

fn can_be_resent(app: &App, mail: &Remembered) -> bool {
    mail.has_content && mail.expires_at.is_none_or(|at| app.now() < at)
}

async fn resend(app: &App, id: &str, out: Output) -> Result<(), Failure> {
    match send_mail::resend(app, &actor(), id).await? {
        Resent::Unknown => Err(unknown(app, id)),
        Resent::Queued(mail) => out.answer(
            format!(
                "It is tried again now, to {}. `sekisho mail show {id}` says what becomes of it.\nIf the address is wrong: \
                 correct it, and have the member ask for a new mail; this one goes to the old address.",
                mail.recipient
            ),
            &json!({ "id": id, "to": mail.recipient, "state": State::Queued.name() }),
        ),
        Resent::Cannot(mail) => {
            let why = match mail.state {
                State::Sent => "What a mail says is not kept once a mail server has it",
                State::Withheld => "What it said was not kept; the portal may send it again",
                _ => "What it says is of no use any more, and is not kept",
            };
            Err(Failure::refused(format!(
                "this mail can't be sent again: it is {}. {why}. Whoever waits for a code or a link asks for a new one on the \
                 page where they need it",
                what_became(&mail)
            )))
        }
    }
}

/// What became of a mail, to follow "it is".
pub(super) fn what_became(mail: &Remembered) -> String {
    let said = mail.answer.as_deref().unwrap_or_default();
    let server = mail.server.as_deref().unwrap_or("the mail server");
    let at = time(mail.finished_at.unwrap_or(mail.created_at));
    match mail.state {
        State::Queued if mail.attempts == 0 => "waiting to be sent".to_owned(),
        State::Queued => {
            let (tries, next) = (tries(mail.attempts), time(mail.next_at));
            format!("waiting to be tried again at {next}, after {tries}; {server} said: {said}")
        }
        State::Sent => format!("accepted by {server} at {at}: {said}"),
        State::Refused => format!("refused by {server} at {at}: {said}"),
        State::GivenUp => {
            format!("given up at {at} after {}; {server} said: {said}", tries(mail.attempts))
        }
        State::Expired => format!("not sent, as it could not be before what it says was of no use any more ({at})"),
        State::Withheld => format!("withheld: {said}"),
    }
}

fn tries(number: u32) -> String {
    if number == 1 { "one try".to_owned() } else { format!("{number} tries") }
}

pub(super) fn as_json(mail: &Remembered) -> Value {
    json!({
        "id": mail.id, "sub": mail.member, "kind": mail.kind, "to": mail.recipient, "state": mail.state.name(),
        "queued_at": mail.created_at, "attempts": mail.attempts, "finished_at": mail.finished_at,
        "next_at": (mail.state == State::Queued).then_some(mail.next_at), "expires_at": mail.expires_at,
        "server": mail.server, "answer": mail.answer, "has_content": mail.has_content,
        "merged": mail.merged,
    })
}
