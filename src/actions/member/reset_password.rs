//! Sets a new password by the link of a mail (product.md 1.8).

use crate::actions::login::check_password;
use crate::actions::login::end_sessions::{Which, end_sessions};
use crate::actions::login::lost_methods::password_digest;
use crate::actions::member::account_events::record;
use crate::actions::member::replace_password::replace_password;
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::actor::Actor;
use crate::domain::login::lost_methods::Standing;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::profile::{Member, Password};
use crate::store::member::{lost_methods, members, recovery};

/// A link that can be used, and whose it is.
#[derive(Clone)]
pub struct Link {
    digest: String,
    pub member: Member,
    pub password: Password,
}

/// The link of this token; `None` if it was used, has expired, was followed by another, or the password has changed.
pub async fn link(app: &App, token: &str) -> Result<Option<Link>, ActionError> {
    let digest = opaque_token::digest(token);
    let mut reader = app.store.reader().await?;
    let usable = recovery::usable_link(&mut reader, &digest, app.now()).await?;
    let Some((id, stands_on)) = usable else { return Ok(None) };
    let member = members::by_id(&mut reader, &id).await?.filter(|member| member.disabled_at.is_none());
    let password = members::password(&mut reader, &id).await?.filter(|password| password_digest(password) == stands_on);
    Ok(member.zip(password).map(|(member, password)| Link { digest, member, password }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    Done,
    /// Somebody was faster, with this link or by other means.
    LinkUnusable,
}

/// Sets the new password, which was found good: the link is used up, all that stood on the old password ends, and the
/// password lock with it. Nobody is logged in by it, and the second factor stays; what a member may do who has lost it
/// begins here.
pub async fn reset_password(app: &App, actor: &Actor, link: &Link, typed: &str) -> Result<Reset, ActionError> {
    let (actor, link, typed) = (actor.clone(), link.clone(), typed.to_owned());
    run::to_its_end(app, |app| async move {
        let hash = check_password::hash_new_password(&app, &typed).await?;
        let now = app.now();
        let mut tx = run::begin(&app).await?;
        let held = members::held(&mut tx, &link.member.id).await?.filter(|member| member.disabled_at.is_none());
        let Some(member) = held else { return Ok(Reset::LinkUnusable) };
        if !members::still_has_password(&mut tx, &member.id, &link.password).await?
            || !recovery::take_link(&mut tx, &link.digest, now).await?
        {
            return Ok(Reset::LinkUnusable);
        }
        lost_methods::begin(&mut tx, &member.id, &Standing::reset(opaque_token::digest(&hash), now)).await?;
        replace_password(&app, &mut tx, &member, &hash, None, None).await?;
        end_sessions(&app, &mut tx, &member.id, Which::All).await?;
        record(&app, &mut tx, &member, AccountEvent::PasswordReset, &actor).await?;
        tx.commit().await?;
        Ok(Reset::Done)
    })
    .await
}
