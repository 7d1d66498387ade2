//! Whether a member who can show no second factor any more may set their authentication methods up again (product.md 1.8;
//! docs/decisions/lost-methods.md). Everything stands on a password that was reset by mail a short while ago.
//!
//! ```text
//!   password reset by mail ─► reset ──────────── policy mail ─────────────► may set up again ─► used
//!                               │ asks (policy staff or wait)                 ▲           ▲
//!                               ▼                                             │           │
//!                             asked ─── wait: the time that was told is over ─┘           │
//!                               ├────── staff approve ─► approved ────────────────────────┘
//!                               └────── somebody opens the link of the mail: cancelled
//! ```
//!
//! From anywhere it ends with its time, with another password, and with a second factor that was shown after all. What is
//! cancelled stays so: who wants to ask again resets the password again. Where a policy was made stricter meanwhile, the
//! stricter one counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::{Span, UnixTime};

/// What a member needs, beside a password that was reset by mail, to set the authentication methods up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum LostMethods {
    /// Nothing more. DANGER: then the mailbox alone opens the account, whatever second factor was enrolled.
    Mail,
    /// A second factor that still works, or a recovery code: nothing gets past them, and who has neither asks staff.
    Proof,
    /// The approval of staff: `sekisho member approve-methods-reset`.
    Staff,
    /// Patience: a mail goes out at once, and whoever reads it can cancel until the time is over.
    Wait { lasts: Span },
}

/// How long a reset of the password counts.
pub const RESET_COUNTS: Span = Span::days(1);
/// How long staff may take.
pub const ASKED_COUNTS: Span = Span::days(30);
/// How long a member has once staff have approved or the waiting time is over.
pub const READY_COUNTS: Span = Span::days(7);

/// How far a member has come, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub stage: Stage,
    /// Of the password that the reset has set, as it is kept.
    pub password_digest: String,
    /// When the stage began.
    pub since: UnixTime,
    pub expires_at: UnixTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Reset,
    /// `ready_at` is the end of the waiting time that the member was told; without one staff decide.
    Asked {
        ready_at: Option<UnixTime>,
    },
    Approved,
    Cancelled,
}

/// How near a member is to setting the methods up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodsReset {
    /// What is enrolled, or a recovery code, is the only way.
    ShowAnother,
    ResetPasswordFirst {
        /// What was asked for last was cancelled by mail.
        cancelled: bool,
    },
    MayAsk {
        until: UnixTime,
    },
    WaitForStaff {
        asked_at: UnixTime,
    },
    Wait {
        until: UnixTime,
    },
    MaySetUpAgain {
        until: UnixTime,
    },
}

impl LostMethods {
    /// `password_digest` is that of the member's password as it is now.
    pub fn methods_reset(
        self,
        standing: Option<&Standing>,
        password_digest: Option<&str>,
        now: UnixTime,
    ) -> MethodsReset {
        if self == LostMethods::Proof {
            return MethodsReset::ShowAnother;
        }
        let Some(standing) = standing
            .filter(|standing| now < standing.expires_at && password_digest == Some(standing.password_digest.as_str()))
        else {
            return MethodsReset::ResetPasswordFirst { cancelled: false };
        };
        let until = standing.expires_at;
        match (standing.stage, self) {
            (Stage::Reset, LostMethods::Mail) | (Stage::Approved, _) => MethodsReset::MaySetUpAgain { until },
            (Stage::Reset, _) => MethodsReset::MayAsk { until },
            // It was asked for under a stricter policy and may be weeks old.
            (Stage::Asked { .. }, LostMethods::Mail) => MethodsReset::ResetPasswordFirst { cancelled: false },
            (Stage::Asked { ready_at: Some(ready_at) }, LostMethods::Wait { .. }) if now >= ready_at => {
                MethodsReset::MaySetUpAgain { until }
            }
            (Stage::Asked { ready_at: Some(until) }, LostMethods::Wait { .. }) => MethodsReset::Wait { until },
            (Stage::Asked { .. }, _) => MethodsReset::WaitForStaff { asked_at: standing.since },
            (Stage::Cancelled, _) => MethodsReset::ResetPasswordFirst { cancelled: true },
        }
    }
}

impl Standing {
    /// The password has been reset by mail.
    pub fn reset(password_digest: String, now: UnixTime) -> Standing {
        Standing { stage: Stage::Reset, password_digest, since: now, expires_at: now + RESET_COUNTS }
    }

    /// The member has asked.
    pub fn asked(&self, policy: LostMethods, now: UnixTime) -> Standing {
        let ready_at = match policy {
            LostMethods::Wait { lasts } => Some(now + lasts),
            LostMethods::Mail | LostMethods::Proof | LostMethods::Staff => None,
        };
        let expires_at = ready_at.map_or(now + ASKED_COUNTS, |ready_at| ready_at + READY_COUNTS);
        Standing { stage: Stage::Asked { ready_at }, since: now, expires_at, ..self.clone() }
    }

    /// Staff have approved.
    pub fn approved(&self, now: UnixTime) -> Standing {
        Standing { stage: Stage::Approved, since: now, expires_at: now + READY_COUNTS, ..self.clone() }
    }

    /// Somebody has cancelled it.
    pub fn cancelled(&self, now: UnixTime) -> Standing {
        Standing { stage: Stage::Cancelled, since: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000_000);
    const WAIT: LostMethods = LostMethods::Wait { lasts: Span::days(1) };
    const ALL: [LostMethods; 4] = [LostMethods::Mail, LostMethods::Proof, LostMethods::Staff, WAIT];

    fn fresh() -> Standing {
        Standing::reset("new".into(), NOW)
    }

    fn judged(policy: LostMethods, standing: &Standing, now: UnixTime) -> MethodsReset {
        policy.methods_reset(Some(standing), Some("new"), now)
    }

    fn first(cancelled: bool) -> MethodsReset {
        MethodsReset::ResetPasswordFirst { cancelled }
    }

    #[test]
    fn without_a_reset_by_mail_nobody_gets_anywhere() {
        for policy in ALL {
            let reset = policy.methods_reset(None, Some("new"), NOW);
            assert_eq!(reset, if policy == LostMethods::Proof { MethodsReset::ShowAnother } else { first(false) });
        }
    }

    #[test]
    fn under_mail_the_reset_is_enough_for_a_day() {
        let until = NOW + RESET_COUNTS;
        assert_eq!(judged(LostMethods::Mail, &fresh(), NOW), MethodsReset::MaySetUpAgain { until });
        assert_eq!(
            judged(LostMethods::Mail, &fresh(), until - Span::seconds(1)),
            MethodsReset::MaySetUpAgain { until }
        );
        assert_eq!(judged(LostMethods::Mail, &fresh(), until), first(false));
    }

    #[test]
    fn under_proof_nothing_that_happens_is_enough() {
        for standing in [fresh(), fresh().asked(WAIT, NOW), fresh().approved(NOW), fresh().cancelled(NOW)] {
            assert_eq!(judged(LostMethods::Proof, &standing, NOW + Span::days(2)), MethodsReset::ShowAnother);
        }
    }

    #[test]
    fn under_staff_a_member_asks_and_has_a_week_once_it_is_approved() {
        let policy = LostMethods::Staff;
        assert_eq!(judged(policy, &fresh(), NOW), MethodsReset::MayAsk { until: NOW + RESET_COUNTS });
        let asked = fresh().asked(policy, NOW);
        assert_eq!(judged(policy, &asked, NOW + Span::days(29)), MethodsReset::WaitForStaff { asked_at: NOW });
        assert_eq!(judged(policy, &asked, NOW + ASKED_COUNTS), first(false));
        let later = NOW + Span::days(3);
        let approved = asked.approved(later);
        let until = later + READY_COUNTS;
        assert_eq!(judged(policy, &approved, later), MethodsReset::MaySetUpAgain { until });
        assert_eq!(judged(policy, &approved, until), first(false));
    }

    #[test]
    fn under_wait_the_time_must_pass_and_then_there_is_a_week() {
        assert_eq!(judged(WAIT, &fresh(), NOW), MethodsReset::MayAsk { until: NOW + RESET_COUNTS });
        let asked = fresh().asked(WAIT, NOW);
        let ready = NOW + Span::days(1);
        assert_eq!(judged(WAIT, &asked, ready - Span::seconds(1)), MethodsReset::Wait { until: ready });
        let until = ready + READY_COUNTS;
        assert_eq!(judged(WAIT, &asked, ready), MethodsReset::MaySetUpAgain { until });
        assert_eq!(judged(WAIT, &asked, until), first(false));
        // What the member was told counts, not what the settings say by now.
        let shorter = LostMethods::Wait { lasts: Span::minutes(1) };
        assert_eq!(judged(shorter, &asked, NOW + Span::hours(1)), MethodsReset::Wait { until: ready });
    }

    #[test]
    fn what_is_cancelled_stays_cancelled() {
        for policy in [LostMethods::Mail, LostMethods::Staff, WAIT] {
            for standing in [fresh().asked(policy, NOW), fresh().approved(NOW)] {
                assert_eq!(judged(policy, &standing.cancelled(NOW), NOW + Span::hours(1)), first(true));
            }
        }
    }

    #[test]
    fn another_password_ends_everything() {
        for standing in [fresh(), fresh().asked(LostMethods::Staff, NOW), fresh().approved(NOW)] {
            for policy in [LostMethods::Mail, LostMethods::Staff, WAIT] {
                assert_eq!(policy.methods_reset(Some(&standing), Some("another"), NOW), first(false));
                assert_eq!(policy.methods_reset(Some(&standing), None, NOW), first(false));
            }
        }
    }

    #[test]
    fn of_two_policies_the_stricter_one_counts() {
        let waited = fresh().asked(WAIT, NOW);
        let later = NOW + Span::days(2);
        assert_eq!(judged(LostMethods::Staff, &waited, later), MethodsReset::WaitForStaff { asked_at: NOW });
        let for_staff = fresh().asked(LostMethods::Staff, NOW);
        assert_eq!(judged(WAIT, &for_staff, later), MethodsReset::WaitForStaff { asked_at: NOW });
        assert_eq!(judged(LostMethods::Mail, &for_staff, NOW), first(false));
    }
}
