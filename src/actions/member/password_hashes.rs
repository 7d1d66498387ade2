//! What the stored hashes need: the time that the slowest kind takes, and their peppers.

use crate::actions::{ActionError, run};
use crate::app::App;
use crate::store::member::{password_costs, password_peppers};

/// Measures how long every kind of stored hash takes: a failed attempt is answered no sooner, whoever it is for.
pub async fn measure(app: &App) -> Result<(), ActionError> {
    let costs = password_costs::all(&mut app.store.reader().await?).await?;
    let samples: Vec<String> = costs.into_iter().map(|cost| cost.sample).collect();
    Ok(app.passwords.measure(&samples).await?)
}

/// Measures before the first request, where hashes are known that cost something else than new ones.
pub async fn measure_others(app: &App) -> Result<(), ActionError> {
    let new = app.passwords.present_cost().sample;
    let costs = password_costs::all(&mut app.store.reader().await?).await?;
    if costs.iter().any(|cost| cost.sample != new) { measure(app).await } else { Ok(()) }
}

/// A pepper that is needed and not there.
pub struct MissingPepper {
    pub name: String,
    pub members: i64,
}

/// The peppers that stored hashes name and the settings don't have. Those that no hash names any more are forgotten.
pub async fn missing_peppers(app: &App) -> Result<Vec<MissingPepper>, ActionError> {
    let mut missing = Vec::new();
    let noted = password_peppers::all(&mut app.store.reader().await?).await?;
    for name in noted.into_iter().filter(|name| !app.passwords.peppers().has(name)) {
        let members = password_peppers::members_with(&mut app.store.reader().await?, &name).await?;
        if members > 0 {
            missing.push(MissingPepper { name, members });
        } else {
            forget_pepper(app, &name).await?;
        }
    }
    Ok(missing)
}

/// Gives a lost pepper up; `false` if there is none of this name.
pub async fn forget_pepper(app: &App, name: &str) -> Result<bool, ActionError> {
    let name = name.to_owned();
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let forgotten = password_peppers::forget(&mut tx, &name).await?;
        tx.commit().await?;
        Ok(forgotten)
    })
    .await
}

impl MissingPepper {
    /// What is wrong, and what mends it.
    pub fn in_words(&self) -> String {
        let MissingPepper { name, members } = self;
        format!(
            "{members} members' passwords were hashed with the pepper {name}, which is none of those in the settings. Put its \
             file back and name it in passwords.pepper_file or passwords.previous_pepper_files. If it is lost for good, \
             `sekisho key forget-pepper {name}` gives it up: these members then need new passwords, by the link of \
             \"forgotten password\" or `sekisho member set-password`"
        )
    }
}
