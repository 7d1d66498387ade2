//! Logs in with a passkey instead of a password. With user verification it shows both factors at once; a password lock does not
//! concern it.

use super::Browser;
use super::take_step::{Begun, begin};
use crate::actions::member::passkeys::{Answered, judge, settle};
use crate::actions::{ActionError, run};
use crate::app::App;
use crate::crypto::passkey::Authenticating;
use crate::domain::login::flow::Flow;
use crate::domain::login::next_step::Proved;

pub async fn log_in_with_passkey(
    app: &App,
    browser: &Browser,
    flow: Flow,
    asked: Authenticating,
    answer: &str,
) -> Result<Answered<Begun>, ActionError> {
    let (browser, answer) = (browser.clone(), answer.to_owned());
    run::to_its_end(app, |app| async move {
        let judged = match judge(&app, &asked, &answer, None).await? {
            Answered::Right(judged) => judged,
            Answered::Refused => return Ok(Answered::Refused),
            Answered::Expired => return Ok(Answered::Expired),
        };
        let mut tx = run::begin(&app).await?;
        let begun = match settle(&app, &mut tx, &asked, judged, browser.device).await? {
            Answered::Right(member) => {
                Answered::Right(begin(&app, &mut tx, &browser, flow, member, Proved::PASSKEY).await?)
            }
            Answered::Refused => Answered::Refused,
            Answered::Expired => Answered::Expired,
        };
        tx.commit().await?;
        Ok(begun)
    })
    .await
}
