//! One-time passwords by mail.

use super::parts::Parts;
use super::{ComposeError, Texts, minutes};
use crate::domain::unix_time::Span;

/// Shows that an address is read by the member.
pub(super) fn address_code(texts: &Texts<'_>, code: &str, valid: Span) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: texts.text("mail-address-code", &[])?,
        before: vec![texts.text("mail-address-code.what", &[])?],
        code: Some(code.to_owned()),
        after: vec![
            texts.text("mail-code-valid", &[("minutes", minutes(valid))])?,
            texts.text("mail-address-code.not-you", &[])?,
        ],
        ..Parts::default()
    })
}

/// For a login.
pub(super) fn login_code(texts: &Texts<'_>, code: &str, valid: Span) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: texts.text("mail-login-code", &[])?,
        before: vec![texts.text("mail-login-code.what", &[])?],
        code: Some(code.to_owned()),
        after: vec![
            texts.text("mail-code-valid", &[("minutes", minutes(valid))])?,
            texts.text("mail-code-secret", &[])?,
            texts.text("mail-login-code.not-you", &[])?,
        ],
        ..Parts::default()
    })
}
