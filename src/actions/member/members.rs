//! Adding members, and finding them.

use crate::actions::login::check_password;
use crate::actions::{ActionError, run};
use crate::app::{App, stored_cost};
use crate::crypto::password_hash::import::ImportedHash;
use crate::domain::ids::MemberId;
use crate::domain::member::profile::{Member, Profile, Role};
use crate::domain::member::user_id::{UserIdKey, UserIdProblem};
use crate::domain::unix_time::UnixTime;
use crate::random;
use crate::store::login::password_failures;
use crate::store::member::{members, password_costs};
use crate::store::{StoreError, WriteTx};

/// A member to be added.
#[derive(Clone, Debug)]
pub struct NewMember {
    pub user_id: String,
    pub role: Role,
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    pub phone_number: Option<String>,
    pub phone_number_verified: bool,
    pub profile: Profile,
}

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("the user ID can't be taken: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    UserId(Vec<UserIdProblem>),
    #[error(
        "a member with this user ID exists already (IDs are compared without regard to width, and to case unless the settings say otherwise)"
    )]
    Exists,
    #[error(transparent)]
    Action(#[from] ActionError),
}

/// Adds a member with a password that they must change at the first login (`initial`) or may keep.
pub async fn add(app: &App, new: NewMember, password: &str, initial: bool) -> Result<Member, AddError> {
    let (member, key) = checked(app, new)?;
    let hash = check_password::hash_new_password(app, password).await?;
    let initial_until = initial.then(|| app.now() + app.settings.passwords.initial_lifetime);
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        insert(&app, &mut tx, &member, &key, &hash, initial_until).await?;
        tx.commit().await.map_err(ActionError::from)?;
        Ok(member)
    })
    .await
}

/// Adds a member with the password that they have in another system, as that has hashed it.
pub async fn add_with_hash(app: &App, new: NewMember, password: ImportedHash) -> Result<Member, AddError> {
    let (member, key) = checked(app, new)?;
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        insert(&app, &mut tx, &member, &key, &password.hash, None).await?;
        password_costs::note(&mut tx, &stored_cost(password.cost)).await.map_err(ActionError::from)?;
        tx.commit().await.map_err(ActionError::from)?;
        Ok(member)
    })
    .await
}

fn checked(app: &App, new: NewMember) -> Result<(Member, UserIdKey), AddError> {
    let user_id = app.user_ids.check(&new.user_id).map_err(AddError::UserId)?;
    let key = app.user_ids.lookup_key(user_id.as_str());
    let now = app.now();
    let member = Member {
        id: MemberId(random::identifier()),
        user_id: user_id.as_str().to_owned(),
        role: new.role,
        name: new.name,
        email_verified_at: (new.email_verified && new.email.is_some()).then_some(now),
        email: new.email,
        phone_number_verified_at: (new.phone_number_verified && new.phone_number.is_some()).then_some(now),
        phone_number: new.phone_number,
        profile: new.profile,
        created_at: now,
        updated_at: now,
        account_locked_at: None,
        account_locked_until: None,
        disabled_at: None,
        method: None,
        email_method_at: None,
        first_login_at: None,
        notices_off_at: None,
    };
    Ok((member, key))
}

async fn insert(
    app: &App,
    tx: &mut WriteTx,
    member: &Member,
    key: &UserIdKey,
    hash: &str,
    initial_until: Option<UnixTime>,
) -> Result<(), AddError> {
    match members::insert(tx, member, key.as_str()).await {
        Err(StoreError::Exists(_)) => return Err(AddError::Exists),
        other => other.map_err(ActionError::from)?,
    }
    members::set_password(tx, &member.id, hash, initial_until, app.now()).await.map_err(ActionError::from)?;
    // Guesses at this ID from before it existed are not its owner's.
    password_failures::clear_all(tx, &app.account_key(key)).await.map_err(ActionError::from)?;
    Ok(())
}

/// The member whom staff mean by a user ID.
pub async fn find(app: &App, user_id: &str) -> Result<Option<Member>, ActionError> {
    let key = app.user_ids.lookup_key(user_id);
    Ok(members::by_user_id_key(&mut app.store.reader().await?, key.as_str()).await?)
}
