//! A member calls an app or a passkey something else.

use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::run;
use crate::app::App;
use crate::domain::member::permissions::Act;
use crate::store::member::{passkeys, totp_devices};

/// `false` if the member has no such app (any more).
pub async fn app(app: &App, caller: &Caller, id: &str, name: &str) -> Result<bool, NotDone> {
    let (caller, id, name) = (caller.clone(), id.to_owned(), name.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::RenameAuthenticator).await?;
        let done = totp_devices::rename(&mut tx, &member.id, &id, &name).await?;
        tx.commit().await?;
        Ok(done)
    })
    .await
}

/// `false` if the member has no such passkey (any more).
pub async fn passkey(app: &App, caller: &Caller, id: &str, name: &str) -> Result<bool, NotDone> {
    let (caller, id, name) = (caller.clone(), id.to_owned(), name.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::RenameAuthenticator).await?;
        let done = passkeys::rename(&mut tx, &member.id, &id, &name).await?;
        tx.commit().await?;
        Ok(done)
    })
    .await
}
