//! Mails a portal's notice to a member (product.md 1.10), where staff let the portal and the member wants it.

use crate::actions::mail::queue_mail::{Letter, queue_notice};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::opaque_token;
use crate::domain::ids::{ClientId, MemberId};
use crate::domain::member::member_notice::MemberNotice;
use crate::domain::member::profile::Member;
use crate::domain::protocol::client::Client;
use crate::mail::messages::Message;
use crate::random;
use crate::store::WriteTx;
use crate::store::mail::member_notices::{self, Asked};
use crate::store::member::members;
use crate::store::protocol::clients;

/// What the portal is told: never whether a mail left, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// With this ID, at which staff find the mail.
    Accepted(String),
    /// The key was used for something else.
    KeyInUse,
    /// Staff do not let this client send notices (any more).
    NotAllowed,
}

/// Takes a notice that was found right. The same key again is the same notice: nothing more is mailed.
pub async fn ask(app: &App, client: &ClientId, key: &str, notice: &MemberNotice) -> Result<Asking, ActionError> {
    let (client, key_digest, notice) = (client.clone(), opaque_token::digest(key), notice.clone());
    run::to_its_end(app, |app| async move {
        let content_digest = opaque_token::digest(&serde_json::to_string(&notice).unwrap_or_default());
        let id = random::identifier();
        let mut tx = run::begin(&app).await?;
        // Staff may have taken the leave back meanwhile.
        let stored = clients::by_id(&mut tx, client.as_str()).await?.filter(|stored| stored.may_notify);
        let Some(stored) = stored else { return Ok(Asking::NotAllowed) };
        let client = stored.client;
        let asked = Asked { id: &id, client: &client.id, key_digest: &key_digest, content_digest: &content_digest };
        if !member_notices::insert(&mut tx, &asked, app.now()).await? {
            let used = member_notices::by_key(&mut tx, &client.id, &key_digest).await?;
            return Ok(match used {
                Some((id, digest)) if digest == content_digest => Asking::Accepted(id),
                _ => Asking::KeyInUse,
            });
        }
        mail(&app, &mut tx, &client, &id, &notice).await?;
        tx.commit().await?;
        Ok(Asking::Accepted(id))
    })
    .await
}

async fn mail(
    app: &App,
    tx: &mut WriteTx,
    client: &Client,
    id: &str,
    notice: &MemberNotice,
) -> Result<(), ActionError> {
    let member = members::by_id(tx, &MemberId(notice.sub.clone())).await?;
    let words = notice.in_language(member.as_ref().and_then(Member::language));
    let (Some(member), Some((language, words))) = (member.filter(|member| member.disabled_at.is_none()), words) else {
        tracing::info!(client = %client.id, notice = id, "a notice goes nowhere: there is no member with this sub");
        return Ok(());
    };
    let message = Message::Notice {
        from: client.name(language).to_owned(),
        subject: words.subject.clone(),
        text: words.text.clone(),
        off_link: off_link(app, &member.id),
    };
    let address = member.verified_email();
    let unwanted = match (address, member.notices_off_at) {
        (None, _) => Some("the member has no address that was shown to be theirs"),
        (_, Some(_)) => Some("the member wants no notices"),
        _ => None,
    };
    let to = address.unwrap_or("-");
    let cause = format!("member notice {id}");
    let letter = Letter { to, member: Some(&member.id), language: Some(language), cause: &cause, message };
    queue_notice(app, tx, id, &letter, unwanted).await
}

const OFF: &str = "the link that turns member notices off";

/// Turns the member's notices off, and can do nothing else. It is good for ever: mails are kept for long.
fn off_link(app: &App, member: &MemberId) -> String {
    let sealed = app.in_flow.seal(member.as_str().as_bytes(), OFF);
    format!("{}/member-notices/off?link={sealed}", app.settings.issuer())
}

/// Whose notices this link turns off; `None` if it is not one of ours.
pub fn member_of_off_link(app: &App, link: &str) -> Option<MemberId> {
    let opened = app.in_flow.open(link, OFF).ok()?;
    String::from_utf8(opened).ok().map(MemberId)
}

/// Whether portals' notices come to the member.
pub async fn turn(app: &App, member: &MemberId, on: bool) -> Result<(), ActionError> {
    let member = member.clone();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        members::set_notices_off(&mut tx, &member, (!on).then(|| app.now())).await?;
        Ok(tx.commit().await?)
    })
    .await
}
