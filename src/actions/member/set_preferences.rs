//! What a member prefers. It neither weakens the account nor tells anything: any login that opens the account will do.

use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::run;
use crate::app::App;
use crate::domain::member::permissions::Act;
use crate::domain::member::profile::Profile;
use crate::i18n::Locale;
use crate::store::member::members;

/// The language of pages and mails. What the society knows more closely, as `ja-JP`, stays where it fits.
pub async fn language(app: &App, caller: &Caller, locale: Locale) -> Result<(), NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::ChooseLanguage).await?;
        if !member.language().is_some_and(|tag| is_in(tag, locale)) {
            let profile = Profile { locale: Some(locale.tag().to_owned()), ..member.profile };
            members::set_profile(&mut tx, &member.id, &profile, app.now()).await?;
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}

/// Whether a language tag (RFC 5646), such as `ja-JP`, is of this language.
pub fn is_in(tag: &str, locale: Locale) -> bool {
    tag.split('-').next().is_some_and(|language| language.eq_ignore_ascii_case(locale.tag()))
}

/// Whether portals' notices come by mail.
pub async fn notices(app: &App, caller: &Caller, on: bool) -> Result<(), NotDone> {
    let caller = caller.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::ChooseNotices).await?;
        if member.notices_off_at.is_none() != on {
            members::set_notices_off(&mut tx, &member.id, (!on).then(|| app.now())).await?;
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}
