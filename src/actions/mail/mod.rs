//! Mail: queued with what caused it, sent by a job.

pub mod member_notices;
pub mod queue_mail;
pub mod send_mail;
