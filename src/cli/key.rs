//! `sekisho key`: the keys that tokens are signed with.

use clap::Subcommand;
use serde_json::json;

use super::output::{table, time};
use super::{Failure, Output};
use crate::actions::member::password_hashes::forget_pepper;
use crate::actions::protocol::signing_keys::{self, Takeover};
use crate::app::App;
use crate::domain::protocol::signing_key::StoredKey;
use crate::domain::unix_time::UnixTime;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Lists the keys and what each is doing
    List,
    /// Makes a successor of every key
    ///
    /// It is published at once and signs once relying parties have had time to see it (tokens.key_published_before_use);
    /// the old key stays published until the last token that it signed has expired. Nobody is logged out.
    Rotate {
        /// Sign with the new keys at once and withdraw the old ones: for a key that leaked
        ///
        /// Every access token and ID token that was issued before is worth nothing from then on.
        #[arg(long)]
        now: bool,
    },
    /// Gives a lost pepper up, so that `sekisho serve` starts without it
    ///
    /// The passwords that were hashed with it are worth nothing: their members need new ones.
    ForgetPepper { name: String },
}

/// What a key is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Announced,
    Signing,
    /// It signs no more, but tokens of its may still be valid.
    Verifying,
    Withdrawn,
}

impl State {
    fn of(key: &StoredKey, all: &[StoredKey], now: UnixTime) -> State {
        let is_published = |k: &StoredKey| k.published_until.is_none_or(|until| now < until);
        let newest = all
            .iter()
            .filter(|k| k.algorithm == key.algorithm && k.signs_from <= now && is_published(k))
            .max_by_key(|k| k.signs_from);
        match () {
            () if !is_published(key) => State::Withdrawn,
            () if now < key.signs_from => State::Announced,
            () if newest.is_some_and(|newest| newest.id == key.id) => State::Signing,
            () => State::Verifying,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            State::Announced => "announced",
            State::Signing => "signing",
            State::Verifying => "verifying",
            State::Withdrawn => "withdrawn",
        }
    }
}

impl KeyCommand {
    pub async fn run(self, app: &App, out: Output) -> Result<(), Failure> {
        match self {
            KeyCommand::List => list(app, out, "").await,
            KeyCommand::Rotate { now: false } => {
                signing_keys::rotate(app, Takeover::Announced).await?;
                let wait = app.settings.tokens.key_published_before_use;
                let done = format!(
                    "New keys are published and will sign in {wait}. The old ones stay published until the last of their \
                     tokens has expired. Running servers take this up within a minute.\n\n"
                );
                list(app, out, &done).await
            }
            KeyCommand::Rotate { now: true } => {
                signing_keys::rotate(app, Takeover::Immediate).await?;
                let done = "The new keys sign from now on and the old ones are withdrawn: access tokens and ID tokens issued \
                            before are worth nothing. Running servers take this up within a minute; restart them to be \
                            quicker. Relying parties that keep the key set in a cache may refuse new logins until they \
                            read it again.\n\n";
                list(app, out, done).await
            }
            KeyCommand::ForgetPepper { name } => {
                if !forget_pepper(app, &name).await? {
                    return Err(Failure::refused(format!("no pepper was ever called \"{}\"", name.escape_debug())));
                }
                out.answer(format!("The pepper {name} is given up."), &json!({ "forgotten": name }))
            }
        }
    }
}

async fn list(app: &App, out: Output, before: &str) -> Result<(), Failure> {
    let (keys, now) = (signing_keys::list(app).await?, app.now());
    let json: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({ "kid": key.id, "alg": key.algorithm, "state": State::of(key, &keys, now).name(),
                    "created_at": key.created_at, "signs_from": key.signs_from, "published_until": key.published_until })
        })
        .collect();
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let end = key.published_until.map_or_else(|| "-".to_owned(), time);
            let state = State::of(key, &keys, now).name().to_owned();
            [key.id.clone(), key.algorithm.name().to_owned(), state, time(key.signs_from), end]
        })
        .collect();
    let table = table(["KEY", "ALGORITHM", "STATE", "SIGNS FROM", "PUBLISHED UNTIL"], &rows);
    out.answer(format!("{before}{table}"), &json!(json))
}
