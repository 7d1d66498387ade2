//! Logs in with user ID and password.

use super::Browser;
use super::check_password::{Attempt, check_password};
use super::take_step::{Begun, begin};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::login::flow::Flow;
use crate::domain::login::locks::Until;
use crate::domain::login::next_step::Proved;
use crate::domain::secret::Secret;

pub enum Outcome<E> {
    /// The caller's limit for strangers is reached; nothing was tried.
    TooOften(E),
    Wrong,
    /// The password lock stands; nothing was tried.
    Locked(Until),
    Begun(Begun),
}

/// The attempt is counted in a transaction of its own, since comparing takes long; a right password takes the count back
/// in the transaction in which the login goes on.
pub async fn log_in_with_password<E: Send + 'static>(
    app: &App,
    browser: &Browser,
    flow: Flow,
    user_id: &str,
    password: &str,
    limit_strangers: impl FnOnce(&str) -> Result<(), E> + Send + 'static,
) -> Result<Outcome<E>, ActionError> {
    let (browser, user_id, password) = (browser.clone(), user_id.to_owned(), Secret::new(password.to_owned()));
    run::to_its_end(app, |app| async move {
        let device = browser.device_token.as_deref();
        let proven = match check_password(&app, &user_id, password.expose(), device, limit_strangers).await? {
            Attempt::TooOften(exceeded) => return Ok(Outcome::TooOften(exceeded)),
            Attempt::Wrong => return Ok(Outcome::Wrong),
            Attempt::Locked(until) => return Ok(Outcome::Locked(until)),
            Attempt::Right(proven) => proven,
        };
        let mut tx = run::begin(&app).await?;
        // Hashing takes a while: staff may have given the member another password, or locked the account, meanwhile.
        let Some(member) = proven.settle(&mut tx).await? else { return Ok(Outcome::Wrong) };
        let begun = begin(&app, &mut tx, &browser, flow, member, Proved::PASSWORD).await?;
        tx.commit().await?;
        Ok(Outcome::Begun(begun))
    })
    .await
}
