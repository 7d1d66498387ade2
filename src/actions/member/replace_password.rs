//! Another password of a member, whoever sets it.

use crate::actions::ActionError;
use crate::app::App;
use crate::domain::member::profile::Member;
use crate::domain::unix_time::UnixTime;
use crate::store::WriteTx;
use crate::store::login::logins::Login;
use crate::store::login::{known_devices, logins, password_failures};
use crate::store::member::{members, password_history};

/// Part of a verb that holds the member: stores a new hash; what stood on the old password ends, but for sessions and the login
/// in which it is chosen. Devices are known no more: whoever had one in hand guesses no new password with it.
pub async fn replace_password(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    hash: &str,
    initial_until: Option<UnixTime>,
    chosen_in: Option<&Login>,
) -> Result<(), ActionError> {
    let now = app.now();
    password_history::keep(tx, &member.id, app.settings.passwords.history, now).await?;
    members::set_password(tx, &member.id, hash, initial_until, now).await?;
    logins::end_others(tx, &member.id, chosen_in, now).await?;
    known_devices::forget_all(tx, &member.id).await?;
    let account = app.account_key(&app.user_ids.lookup_key(&member.user_id));
    password_failures::clear_all(tx, &account).await?;
    Ok(())
}
