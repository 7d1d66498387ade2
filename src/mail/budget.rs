//! How many mails may leave. Each kind of mail has a budget of its own, so that what one person can cause holds back nothing that
//! somebody else waits for or must know (product.md 1.10):
//!
//! | mail | who causes it | its budget |
//! |---|---|---|
//! | security notices | whoever changes the account | none: they always go |
//! | the notice that the password lock fell | anybody | so many an hour for one member, and they tell what the next would tell |
//! | codes | who has logged in, or knows the password | so many an hour for one member |
//! | links to a new password | anybody | so many an hour for one member |
//! | user IDs | anybody | so many an hour to one registered address |
//! | portals' notices | a portal | so many a day to one address |
//!
//! Members are counted and not addresses wherever the mail is for one of them: a family may share an address.

use super::messages::Message;
use crate::domain::member::account_event::AccountEvent;
use crate::domain::unix_time::Span;

/// The numbers that the operator has set.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    pub codes_per_hour: u32,
    pub anonymous_per_hour: u32,
    pub notices_per_day: u32,
}

/// So many of one kind within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub most: u32,
    pub within: Span,
    pub counted: Counted,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Those for one member, to whatever address.
    ForMember,
    /// Those to one address, for whomever.
    ToAddress,
}

impl Budgets {
    /// `None`: it always goes.
    pub fn limit(&self, message: &Message) -> Option<Limit> {
        let an_hour = |most, counted| Some(Limit { most, within: Span::hours(1), counted });
        match message {
            Message::LoginCode { .. } | Message::AddressCode { .. } => an_hour(self.codes_per_hour, Counted::ForMember),
            Message::PasswordReset { .. } | Message::Account { event: AccountEvent::PasswordLocked, .. } => {
                an_hour(self.anonymous_per_hour, Counted::ForMember)
            }
            Message::UserIds { .. } => an_hour(self.anonymous_per_hour, Counted::ToAddress),
            Message::Notice { .. } => {
                Some(Limit { most: self.notices_per_day, within: Span::days(1), counted: Counted::ToAddress })
            }
            Message::Account { .. } | Message::MethodResetPlanned { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unix_time::UnixTime;

    #[test]
    fn what_anybody_can_cause_is_counted_and_what_the_owner_must_know_is_not() {
        let budgets = Budgets { codes_per_hour: 20, anonymous_per_hour: 5, notices_per_day: 9 };
        let told = |event| Message::Account { event, at: UnixTime(1), device: None };
        let link = |valid| Message::PasswordReset { link: "x".into(), valid };
        let planned = Message::MethodResetPlanned { at: None, cancel_link: "x".into() };
        for message in [told(AccountEvent::PasswordChanged), told(AccountEvent::AccountLocked), planned] {
            assert_eq!(budgets.limit(&message), None, "{}", message.kind());
        }
        for (message, counted) in [
            (told(AccountEvent::PasswordLocked), Counted::ForMember),
            (link(Span::minutes(30)), Counted::ForMember),
            (Message::UserIds { user_ids: vec!["hanako".into()] }, Counted::ToAddress),
        ] {
            let limit = Limit { most: 5, within: Span::hours(1), counted };
            assert_eq!(budgets.limit(&message), Some(limit), "{}", message.kind());
        }
    }
}
