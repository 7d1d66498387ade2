//! Mails on their way, and what became of them.

pub mod mail_outbox;
pub mod member_notices;
