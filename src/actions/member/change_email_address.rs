//! A member gives another address: a code is sent there, and when it has come back the address is theirs.

use crate::actions::ActionError;
use crate::actions::login::email_codes::{self, Purpose, Sent};
use crate::actions::login::one_time_passwords::{Tried, try_email_code};
use crate::actions::member::admit::{Admitted, Caller, NotDone, admit, look};
use crate::actions::member::enrol_authenticator::enrol_email;
use crate::actions::member::{raise_session, verified_address};
use crate::actions::run;
use crate::app::App;
use crate::domain::login::browser_session::BrowserSession;
use crate::domain::login::one_time_password::Code;
use crate::domain::member::email_address::EmailAddress;
use crate::domain::member::permissions::Act;
use crate::domain::secret::Secret;
use crate::store::Reads;
use crate::store::login::email_codes as codes;

const ACT: Act = Act::ChangeEmailAddress;

/// What became of a new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    Code(Sent),
    /// It is the one that counts already, letter by letter.
    IsTheirs,
}

/// Sends a code to the address. `language` is the reader's.
pub async fn propose(app: &App, caller: &Caller, address: &EmailAddress, language: &str) -> Result<Proposed, NotDone> {
    let (caller, address, language) = (caller.clone(), address.clone(), language.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, ACT).await?;
        if member.verified_email() == Some(address.as_str()) {
            return Ok(Proposed::IsTheirs);
        }
        let place = place(&session);
        let sent =
            email_codes::send(&app, &mut tx, Purpose::Address, &place, &member, address.as_str(), &language).await?;
        tx.commit().await?;
        Ok(Proposed::Code(sent))
    })
    .await
}

/// Sends another code to where the last one went; `None` if none is waited for.
pub async fn send_again(app: &App, caller: &Caller, language: &str) -> Result<Option<Sent>, NotDone> {
    let (caller, language) = (caller.clone(), language.to_owned());
    run::to_its_end(app, |app| async move {
        let mut tx = run::begin(&app).await?;
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, ACT).await?;
        let place = place(&session);
        let Some(code) = codes::sent(&mut tx, &place, &member.id).await? else { return Ok(None) };
        let sent =
            email_codes::send(&app, &mut tx, Purpose::Address, &place, &member, &code.address, &language).await?;
        tx.commit().await?;
        Ok(Some(sent))
    })
    .await
}

/// What became of a code.
pub enum Confirmed {
    Changed,
    /// And codes sent there are the authentication method now.
    Chosen {
        raised: Option<Secret<String>>,
    },
    Wrong,
    Spent,
    AccountLocked,
}

/// The code has come back. `choose` makes codes to the address the authentication method, where they are offered.
pub async fn confirm(app: &App, caller: &Caller, code: &Code, choose: bool) -> Result<Confirmed, NotDone> {
    let (caller, code) = (caller.clone(), code.clone());
    run::to_its_end(app, |app| async move {
        let who = look(&app, &mut app.store.reader().await?, &caller, ACT).await?;
        let place = place(&who.session);
        let (mut tx, address) = match try_email_code(&app, &who.member, &place, &code, caller.device).await? {
            Tried::Right(right) => right,
            Tried::Wrong => return Ok(Confirmed::Wrong),
            Tried::Spent => return Ok(Confirmed::Spent),
            Tried::Locked { .. } => return Ok(Confirmed::AccountLocked),
        };
        let Admitted { member, session, .. } = admit(&app, &mut tx, &caller, ACT).await?;
        verified_address::take(&app, &mut tx, &member, &address, None, &caller.actor()).await?;
        let done = if choose && enrol_email(&app, &mut tx, &member.id, &caller.actor()).await? {
            Confirmed::Chosen { raised: raise_session::by_enrolment(&mut tx, &session).await? }
        } else {
            Confirmed::Changed
        };
        tx.commit().await?;
        Ok(done)
    })
    .await
}

/// The address whose code is waited for in this session.
pub async fn waiting(db: &mut impl Reads, session: &BrowserSession) -> Result<Option<String>, ActionError> {
    Ok(codes::sent(db, &place(session), &session.member).await?.map(|code| code.address))
}

fn place(session: &BrowserSession) -> String {
    Purpose::Address.place(session.id.as_str())
}
