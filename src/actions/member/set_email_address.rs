//! Staff give a member an address that they vouch for.

use crate::actions::member::verified_address;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::ids::MemberId;
use crate::domain::member::email_address::EmailAddress;
use crate::store::member::members;

/// `false` if it is their verified address already.
pub async fn set_email_address(
    app: &App,
    actor: &Actor,
    member: &MemberId,
    address: &EmailAddress,
) -> Result<bool, ActionError> {
    let (actor, member, address) = (actor.clone(), member.clone(), address.clone());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Some(member) = members::held(&mut tx, &member).await? else { return Ok(false) };
        if member.verified_email() == Some(address.as_str()) {
            return Ok(false);
        }
        verified_address::take(&app, &mut tx, &member, address.as_str(), None, &actor).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}
