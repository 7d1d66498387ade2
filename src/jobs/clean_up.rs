//! Deletes what nobody can use any more, so that the database stays as large as what it is needed for.

use std::time::Duration;

use crate::app::App;
use crate::config::LockRelease;
use crate::store::StoreError;
use crate::store::retention::Terms;

/// A round ends before the next one is due.
const LONGEST: Duration = Duration::from_secs(45);
/// After the clock was set nothing is deleted for a while: it may be set right again.
const AFTER_STEP: Duration = Duration::from_secs(600);

/// A round, if the time can be relied on.
pub async fn run_if_steady(app: &App) -> Result<(), StoreError> {
    match app.clock_watch.look(app.now()) {
        Some(step) if step.is_within(AFTER_STEP) => Ok(()),
        _ => run(app).await,
    }
}

/// One round, by the table in `store/retention.rs`.
pub async fn run(app: &App) -> Result<(), StoreError> {
    let done = app.store.clean_up(&terms(app), LONGEST).await?;
    if done.backlog > 0 {
        tracing::warn!(deleted = done.deleted, backlog = done.backlog, "the clean-up has not kept up");
    } else {
        tracing::debug!(deleted = done.deleted, "cleaned up");
    }
    Ok(())
}

/// How long rows are kept, by the settings.
pub fn terms(app: &App) -> Terms {
    let settings = &app.settings;
    let lock = &settings.locks.password;
    Terms {
        now: app.now(),
        known_devices: lock.known_device_lifetime,
        mails: settings.mail.kept,
        account_events: settings.retention.account_events,
        password_failures: match lock.release {
            LockRelease::Staff => settings.retention.password_failures,
            LockRelease::Time { after } => settings.retention.password_failures.max(after),
            LockRelease::GrowingDelay { longest, .. } => settings.retention.password_failures.max(longest),
        },
        locked_from: match lock.release {
            LockRelease::Staff => lock.threshold.max(1),
            LockRelease::Time { .. } | LockRelease::GrowingDelay { .. } => u32::MAX,
        },
        unknown_ids: lock.unknown_ids_kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::login::check_password::check_password;
    use crate::actions::protocol::register_client::make_initial_access_token;
    use crate::clock::Clock;
    use crate::config::Settings;
    use crate::domain::actor::Actor;
    use crate::domain::unix_time::Span;
    use crate::domain::unix_time::UnixTime;
    use crate::store::login::password_failures;
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
