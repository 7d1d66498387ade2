//! Refresh tokens change at every use, and an old one that comes back ends them all (RFC 9700, 4.14.2).
//!
//! A grant has one live refresh token, counted by its generation. Who presents it gets the next generation. Who presents
//! the one before within a short grace gets the live one again: the answer was lost on the way. So there are never two
//! live descendants. Anything older has been stolen, or its successor has.

use crate::domain::unix_time::{Span, UnixTime};

/// What a grant knows of its refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshState {
    /// Of the live token; the first is 1.
    pub generation: i64,
    /// When the live token was issued.
    pub issued_at: UnixTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The live token: issue generation `to`.
    Rotate { to: i64 },
    /// The one before, soon enough: give the live token again.
    Repeat { live: i64 },
    /// An old one: end the grant.
    Reused,
}

impl RefreshState {
    pub fn judge(&self, presented: i64, grace: Span, now: UnixTime) -> Rotation {
        if presented == self.generation {
            Rotation::Rotate { to: self.generation + 1 }
        } else if presented + 1 == self.generation && now.since(self.issued_at) <= grace {
            Rotation::Repeat { live: self.generation }
        } else {
            Rotation::Reused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Span = Span::seconds(10);

    fn judge(presented: i64, now: i64) -> Rotation {
        RefreshState { generation: 5, issued_at: UnixTime(100) }.judge(presented, GRACE, UnixTime(now))
    }

    #[test]
    fn the_live_token_rotates_and_the_one_before_is_answered_again_for_a_moment() {
        assert_eq!(judge(5, 100), Rotation::Rotate { to: 6 });
        assert_eq!(judge(5, 100_000), Rotation::Rotate { to: 6 });
        assert_eq!(judge(4, 110), Rotation::Repeat { live: 5 });
        assert_eq!(judge(4, 111), Rotation::Reused);
    }

    #[test]
    fn anything_older_or_from_a_future_that_was_lost_is_reuse() {
        for presented in [3, 1, 0, 6, 7] {
            assert_eq!(judge(presented, 100), Rotation::Reused, "{presented}");
        }
    }
}
