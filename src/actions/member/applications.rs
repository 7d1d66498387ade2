//! The applications that have access to a member's data: which they are, and taking it from one.

use std::collections::BTreeMap;

use crate::actions::ActionError;
use crate::actions::member::account_events::record;
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit};
use crate::actions::run;
use crate::app::App;
use crate::domain::ids::MemberId;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::member::permissions::Act;
use crate::domain::protocol::client::Client;
use crate::domain::protocol::scope::Scopes;
use crate::domain::unix_time::UnixTime;
use crate::store::Reads;
use crate::store::protocol::{clients, consents, grants};

/// What an application has.
pub struct Access {
    pub client: Client,
    pub since: UnixTime,
    pub scopes: Scopes,
}

/// All that has access: by consent, or by tokens that have not expired.
pub async fn accesses(db: &mut impl Reads, member: &MemberId, now: UnixTime) -> Result<Vec<Access>, ActionError> {
    let mut found: BTreeMap<String, (UnixTime, Scopes)> = BTreeMap::new();
    let consents = consents::of_member(db, member).await?.into_iter().map(|c| (c.client, c.given_at, c.scopes));
    let in_use = grants::in_use(db, member, now).await?;
    let in_use = in_use.into_iter().map(|grant| (grant.client, grant.created_at, grant.scopes));
    for (client, at, scopes) in consents.chain(in_use) {
        let (since, all) = found.entry(client.to_string()).or_insert((at, Scopes::default()));
        *since = at.min(*since);
        *all = all.joined_with(&scopes);
    }
    let mut accesses = Vec::new();
    for (id, (since, scopes)) in found {
        if let Some(stored) = clients::by_id(db, &id).await? {
            accesses.push(Access { client: stored.client, since, scopes });
        }
    }
    Ok(accesses)
}

/// Takes its access from an application: its tokens end, and whoever is asked for consent is asked again. `false` if it has
/// none (any more). `language` is the one in which the list shows its name.
pub async fn withdraw(app: &App, caller: &Caller, client: &str, language: &str) -> Result<bool, NotDone> {
    let (caller, client, language) = (caller.clone(), client.to_owned(), language.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, .. } = admit(&app, &mut tx, &caller, Act::WithdrawApplication).await?;
        let Some(stored) = clients::by_id(&mut tx, &client).await? else { return Ok(false) };
        let client = stored.client;
        // The grants first: a consent that is given at the same moment waits for its grant, and finds it ended.
        let ended = grants::end_of_client(&mut tx, &member.id, &client.id, app.now()).await?;
        let forgotten = consents::withdraw(&mut tx, &member.id, &client.id).await?;
        if !ended && !forgotten {
            return Ok(false);
        }
        let event = AccountEvent::ApplicationWithdrawn { name: client.name(&language).to_owned() };
        record(&app, &mut tx, &member, event, &caller.actor()).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await
}
