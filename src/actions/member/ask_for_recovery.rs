//! A member who can't log in asks for a new password or for the user ID (product.md 1.8). It is written down whoever asks, and
//! answered at another time ([`super::answer_recovery_requests`]): neither the page nor its time tells whether an ID or an
//! address is known.

use crate::actions::mail::queue_mail::recipient_key;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::unix_time::Span;
use crate::store::member::recovery_requests::{self, Inserted, Request};

/// A link that comes later than this would come to somebody who has given up.
const OF_USE: Span = Span::hours(1);
/// How many requests wait at most, on all nodes together: what a flood can take of the database. They are answered within
/// seconds.
pub const MOST_WAITING: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Also if the same was asked a moment ago: it is answered once.
    WrittenDown,
    /// Too many requests wait: it must be asked again later, whoever asked.
    TooMany,
}

/// `user_id_key` is the ID as looked up; without it the user ID is what is wanted.
pub async fn ask_for_recovery(
    app: &App,
    user_id_key: Option<&str>,
    address: &str,
    language: &str,
) -> Result<Asked, ActionError> {
    let request = Request {
        user_id_key: user_id_key.map(str::to_owned),
        address: address.to_owned(),
        address_key: recipient_key(address),
        language: language.to_owned(),
    };
    run::to_its_end(app, |app| async move {
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let inserted = recovery_requests::insert(&mut tx, &request, now, now + OF_USE, MOST_WAITING).await?;
        tx.commit().await?;
        Ok(match inserted {
            Inserted::Inserted | Inserted::Merged => Asked::WrittenDown,
            Inserted::Full => Asked::TooMany,
        })
    })
    .await
}
