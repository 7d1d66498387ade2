//! A new address of a member, shown to be read by them or vouched for by staff: in the account, in a login, by staff. What it
//! means is the same everywhere:
//!
//! - mails go there from now on, and so do one-time passwords where e-mail is the member's method;
//! - links to a new password that were mailed to the old address end, and so does what a reset by mail has begun: whoever
//!   reads the old mailbox can't take the account back;
//! - other logins under way end, as they may wait for a code that was sent to the old address;
//! - both addresses are told.
//!
//! Where only the case of letters is corrected, it is written down and nothing else happens.

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::email_address::{is_same, masked};
use crate::domain::member::profile::Member;
use crate::store::WriteTx;
use crate::store::login::logins::{self, Login};
use crate::store::member::{lost_methods, members, recovery};

/// Part of a verb. `member` is held, and as before; `within` is the login in which it happens, and goes on.
pub async fn take(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    address: &str,
    within: Option<&Login>,
    actor: &Actor,
) -> Result<(), ActionError> {
    let now = app.now();
    members::set_verified_email(tx, &member.id, address, now).await?;
    if member.verified_email().is_some_and(|old| is_same(old, address)) {
        return Ok(());
    }
    recovery::end_links(tx, &member.id, now).await?;
    lost_methods::end(tx, &member.id).await?;
    logins::end_others(tx, &member.id, within, now).await?;
    let event = AccountEvent::EmailChanged { from: member.verified_email().map(masked), to: masked(address) };
    record(app, tx, member, event, actor).await
}
