//! A member makes recovery codes, in place of all before. Nobody sees them again.

use crate::actions::login::one_time_passwords::recovery_code_digest;
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::run;
use crate::app::App;
use crate::domain::login::recovery_code::{ALPHABET, AT_A_TIME, of_places};
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::permissions::Act;
use crate::random;
use crate::store::member::recovery_codes;

pub async fn make_recovery_codes(app: &App, caller: &Caller) -> Result<Vec<String>, NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let place = |_| random::below(u32::try_from(ALPHABET.len()).unwrap_or(1));
        let codes: Vec<String> = (0..AT_A_TIME).map(|_| of_places(&std::array::from_fn(place))).collect();
        let mut tx = run::begin(&app).await?;
        // The member is held: sets that are made side by side would mix.
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::MakeRecoveryCodes).await?;
        let digests: Vec<String> = codes.iter().map(|code| recovery_code_digest(&app, &member.id, code)).collect();
        recovery_codes::replace_all(&mut tx, &member.id, &digests, app.now()).await?;
        record(&app, &mut tx, &member, AccountEvent::RecoveryCodesMade, &caller.actor()).await?;
        tx.commit().await?;
        Ok(codes)
    })
    .await
}
