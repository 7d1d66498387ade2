//! Whether a member may take away something they log in with, and what they are asked for afterwards (product.md 1.5): nobody
//! is left without the factor that the policy requires.

use super::authentication_method::{Enrolled, Method, SecondFactor};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// What is asked for beside the password from then on; `None`: nothing.
    Allowed { method: Option<Method> },
    /// The policy requires a method, and none would be left: another comes first.
    LastFactor,
}

/// `chosen` is the member's method, `before` and `left` what is enrolled without and with the removal, `offered` what the
/// operator lets members use, in order. What is of no use, such as a method that is no longer offered, may always go.
pub fn removal(
    chosen: Option<Method>,
    before: &Enrolled,
    left: &Enrolled,
    second_factor: SecondFactor,
    offered: &[Method],
) -> Removal {
    let usable = |enrolled: &Enrolled| offered.iter().copied().find(|method| enrolled.has(*method));
    if second_factor == SecondFactor::Required && usable(before).is_some() && usable(left).is_none() {
        return Removal::LastFactor;
    }
    Removal::Allowed { method: chosen.filter(|method| left.has(*method)).or(usable(left)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Method::{Email, Passkey, Totp};
    use SecondFactor::{Off, Optional, Required};

    fn after(
        chosen: Method,
        before: &[Method],
        left: &[Method],
        second_factor: SecondFactor,
        offered: &[Method],
    ) -> Removal {
        let enrolled =
            |methods: &[Method]| Enrolled { methods: methods.into(), recovery_codes: true, copied_passkey: false };
        removal(Some(chosen), &enrolled(before), &enrolled(left), second_factor, offered)
    }

    #[test]
    fn the_last_method_stays_where_one_is_required_and_may_go_elsewhere() {
        assert_eq!(after(Totp, &[Totp], &[], Required, &Method::ALL), Removal::LastFactor);
        for policy in [Optional, Off] {
            assert_eq!(after(Totp, &[Totp], &[], policy, &Method::ALL), Removal::Allowed { method: None });
        }
    }

    #[test]
    fn a_method_that_is_not_offered_neither_counts_nor_must_stay() {
        assert_eq!(after(Totp, &[Email, Totp], &[Email], Required, &[Totp, Passkey]), Removal::LastFactor);
        assert_eq!(after(Totp, &[Email, Totp], &[Totp], Required, &[Totp]), Removal::Allowed { method: Some(Totp) });
        assert_eq!(after(Email, &[Email], &[], Required, &[Totp]), Removal::Allowed { method: None });
    }

    #[test]
    fn the_choice_stays_while_it_can_and_falls_to_the_first_that_is_offered() {
        let all = [Email, Totp, Passkey];
        assert_eq!(after(Totp, &all, &all, Required, &all), Removal::Allowed { method: Some(Totp) });
        assert_eq!(after(Totp, &all, &[Email, Passkey], Required, &all), Removal::Allowed { method: Some(Email) });
        let offered = [Passkey, Email, Totp];
        assert_eq!(
            after(Totp, &all, &[Email, Passkey], Required, &offered),
            Removal::Allowed { method: Some(Passkey) }
        );
        assert_eq!(after(Totp, &all, &[Email, Totp], Required, &all), Removal::Allowed { method: Some(Totp) });
    }
}
