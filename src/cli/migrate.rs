//! `sekisho migrate`: brings the database up to this version ahead of the next start.

use serde_json::json;

use super::{Failure, Output, open};
use crate::app;
use crate::config::{Settings, SettingsSource};
use crate::store::Store;

pub(super) async fn run(source: &SettingsSource, out: Output) -> Result<(), Failure> {
    let settings = Settings::load(source)?;
    let store = Store::open(&settings.database.url, app::limits(&settings)).await?;
    let before = store.version().await?.database;
    store.close().await;
    // The whole start, since the master key must be there before the first table.
    let after = open(source).await?.store.version().await?.database;
    let database = settings.database.masked_url();
    let text = match before {
        0 => format!("{database} was empty and is ready now (migration {after})."),
        _ if before == after => format!("{database} is up to date (migration {after}); nothing was done."),
        _ => format!("{database} was brought from migration {before} to migration {after}."),
    };
    out.answer(text, &json!({ "database": database, "from": before, "to": after }))
}
