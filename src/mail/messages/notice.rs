//! What a portal has to tell, in its words.

use super::parts::{Parts, words};
use super::{ComposeError, Texts};

pub(super) fn notice(
    texts: &Texts<'_>,
    portal: &str,
    subject: &str,
    text: &str,
    off_link: &str,
) -> Result<Parts, ComposeError> {
    Ok(Parts {
        subject: subject.to_owned(),
        before: vec![texts.text("mail-notice.from", &[("portal", portal.into())])?],
        lines: text.trim().lines().map(words).collect(),
        after: vec![texts.text("mail-notice.secret", &[])?],
        off_link: Some(off_link.to_owned()),
        ..Parts::default()
    })
}
