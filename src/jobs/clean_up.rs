//! Deletes what nobody can use any more, so that the database stays as large as what it is needed for.

use crate::app::App;
use crate::domain::unix_time::Span;
use crate::store::StoreError;
use crate::store::help::help_feedback;
use crate::store::login::{known_devices, password_failures};
use crate::store::mail::{mail_outbox, member_notices};

/// For how long it is remembered what was sought in the help in vain.
const MISSES_KEPT: Span = Span::days(180);

/// One round: what has expired, devices that were not used for long, and failures at IDs that don't exist beyond the
/// number that is kept.
pub async fn run(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let mut gone = app.store.clean_up(now).await?;
    let lock = &app.settings.locks.password;
    let mut tx = app.store.write().await?;
    gone += known_devices::forget(&mut tx, now - lock.known_device_lifetime).await?;
    gone += password_failures::bound_unknown(&mut tx, lock.unknown_ids_kept).await?;
    mail_outbox::forget_expired_contents(&mut tx, now).await?;
    gone += mail_outbox::forget(&mut tx, now - app.settings.mail.kept).await?;
    gone += member_notices::forget(&mut tx, now - app.settings.mail.kept).await?;
    gone += help_feedback::forget_misses(&mut tx, now - MISSES_KEPT).await?;
    tx.commit().await?;
    tracing::debug!(rows = gone, "cleaned up");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::login::check_password::check_password;
    use crate::actions::protocol::register_client::make_initial_access_token;
    use crate::clock::Clock;
    use crate::config::Settings;
    use crate::domain::actor::Actor;
    use crate::domain::unix_time::UnixTime;
    use crate::store::protocol::clients;

    #[tokio::test]
    async fn what_nobody_can_use_any_more_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite:{}", folder.path().join("a.db").display());
        settings.secrets.master_key_file = folder.path().join("master.key");
        settings.mail.folder = folder.path().join("mail");
        settings.locks.password.unknown_ids_kept = 1;
        let app = App::start(settings, Clock::manual(UnixTime(1_790_000_000))).await.unwrap();
        let old = make_initial_access_token(&app, &Actor::Job, Span::hours(1)).await.unwrap();
        for nobody in ["first", "second"] {
            check_password(&app, nobody, "wrong", None, |_| Ok::<(), ()>(())).await.unwrap();
            app.clock.advance(Span::hours(1));
        }
        let young = make_initial_access_token(&app, &Actor::Job, Span::hours(1)).await.unwrap();

        run(&app).await.unwrap();

        let mut tx = app.store.write().await.unwrap();
        for (token, stays) in [(old, false), (young, true)] {
            let digest = crate::crypto::opaque_token::digest(token.expose());
            // As if it were still early: what is left is the row alone.
            let taken = clients::take_initial_access_token(&mut tx, &digest, UnixTime(0)).await.unwrap();
            assert_eq!(taken, stays);
        }
        for (nobody, stays) in [("first", false), ("second", true)] {
            let account = app.account_key(&app.user_ids.lookup_key(nobody));
            assert_eq!(!password_failures::all(&mut tx, &account).await.unwrap().is_empty(), stays, "{nobody}");
        }
    }
}
