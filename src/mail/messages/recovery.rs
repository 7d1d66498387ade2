//! For members who can't log in.

use super::parts::Parts;
use super::{ComposeError, Texts, minutes};
use crate::domain::unix_time::{Span, UnixTime};

/// For a forgotten password.
pub(super) fn password_reset(texts: &Texts<'_>, link: &str, valid: Span) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: texts.text("mail-password-reset-link", &[])?,
        before: vec![texts.text("mail-password-reset-link.what", &[])?],
        link: Some(link.to_owned()),
        after: vec![
            texts.text("mail-password-reset-link.valid", &[("minutes", minutes(valid))])?,
            texts.text("mail-password-reset-link.not-you", &[])?,
        ],
        ..Parts::default()
    })
}

/// For a forgotten user ID.
pub(super) fn user_ids(texts: &Texts<'_>, user_ids: &[String]) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: texts.text("mail-user-ids", &[])?,
        before: vec![texts.text("mail-user-ids.what", &[])?],
        list: user_ids.to_vec(),
        after: vec![texts.text("mail-user-ids.not-you", &[])?],
        ..Parts::default()
    })
}

/// Somebody asks to set the methods up again.
pub(super) fn method_reset_planned(
    texts: &Texts<'_>,
    at: Option<UnixTime>,
    cancel_link: &str,
) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: texts.text("mail-method-reset-planned", &[])?,
        before: vec![
            texts.text("mail-method-reset-planned.what", &[])?,
            match at {
                Some(at) => texts.text("mail-method-reset-planned.wait", &[("at", texts.date_time(at).into())])?,
                None => texts.text("mail-method-reset-planned.staff", &[])?,
            },
            texts.text("mail-method-reset-planned.not-you", &[])?,
        ],
        link: Some(cancel_link.to_owned()),
        after: vec![texts.text("mail-method-reset-planned.then", &[])?],
        ..Parts::default()
    })
}
