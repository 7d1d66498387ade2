//! How sure a relying party wants the login to be (OpenID Connect Core 1.0, 3.1.2.1 and 5.5.1.1).

use serde::{Deserialize, Serialize};

use crate::domain::login::assurance::Assurance;

/// Of an `acr` claim that was asked for, of `acr_values`, or of the client's `default_acr_values`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedAcr {
    /// Those that exist here, the most wanted first.
    levels: Vec<Assurance>,
    /// A login that reaches none of them has failed. Otherwise they are a wish: what was reached is told.
    essential: bool,
}

impl RequestedAcr {
    pub fn wish<'a>(values: impl IntoIterator<Item = &'a str>) -> RequestedAcr {
        let mut levels = Vec::new();
        for level in values.into_iter().filter_map(Assurance::of_acr) {
            if !levels.contains(&level) {
                levels.push(level);
            }
        }
        RequestedAcr { levels, essential: false }
    }

    /// `None` if no login can reach any of these values.
    pub fn demand<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<RequestedAcr> {
        let RequestedAcr { levels, .. } = RequestedAcr::wish(values);
        (!levels.is_empty()).then_some(RequestedAcr { levels, essential: true })
    }

    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// What a login must have shown, at least: each of the values is good enough.
    pub fn least(&self) -> Option<Assurance> {
        self.levels.iter().copied().min().filter(|_| self.essential)
    }

    /// What a login should aim for, if its member can show `reachable` and no more: the value that is wanted most of those.
    pub fn aim(&self, reachable: Assurance) -> Option<Assurance> {
        self.levels.iter().copied().find(|level| *level <= reachable)
    }

    pub fn is_met_by(&self, reached: Assurance) -> bool {
        self.least().is_none_or(|least| reached >= least)
    }

    /// The `acr` claim for a login that has shown `reached`: that itself, unless only a weaker value was asked for, which it
    /// satisfies as well.
    pub fn told(&self, reached: Assurance) -> &'static str {
        let asked = |level: &Assurance| level.acr() == reached.acr();
        match self.levels.iter().find(|level| **level <= reached) {
            Some(satisfied) if !self.levels.iter().any(asked) => satisfied.acr(),
            _ => reached.acr(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Assurance::{Password, PhishingResistant, TrustedDevice, TwoFactors};

    const P: &str = "urn:sekisho:acr:password";
    const T: &str = "urn:sekisho:acr:two-factors";
    const R: &str = "urn:sekisho:acr:phishing-resistant";

    #[test]
    fn the_first_value_that_a_member_can_reach_is_aimed_for() {
        for (values, reachable, aim) in [
            (vec![R, T], PhishingResistant, Some(PhishingResistant)),
            (vec![T, R], PhishingResistant, Some(TwoFactors)),
            (vec!["urn:mace:incommon:iap:silver", R, T], TwoFactors, Some(TwoFactors)),
            (vec![R], TwoFactors, None),
            (vec![R, P], Password, Some(Password)),
            (vec!["1"], PhishingResistant, None),
        ] {
            assert_eq!(RequestedAcr::wish(values.clone()).aim(reachable), aim, "{values:?}");
        }
    }

    #[test]
    fn a_demand_is_met_by_any_of_its_values_and_a_wish_by_anything() {
        let demand = RequestedAcr::demand([R, T]).unwrap();
        assert_eq!(demand.least(), Some(TwoFactors));
        assert!(demand.is_met_by(TwoFactors) && !demand.is_met_by(TrustedDevice));
        assert_eq!(RequestedAcr::demand(["1", "urn:example:gold"]), None);
        let wish = RequestedAcr::wish([R]);
        assert!(wish.least().is_none() && wish.is_met_by(Password));
    }

    #[test]
    fn what_was_reached_is_told_and_a_demand_for_less_gets_the_value_that_it_asked_for() {
        assert_eq!(RequestedAcr::default().told(TrustedDevice), P);
        assert_eq!(RequestedAcr::wish([R]).told(Password), P);
        assert_eq!(RequestedAcr::wish([P, T]).told(TwoFactors), T);
        assert_eq!(RequestedAcr::demand([P]).unwrap().told(PhishingResistant), P);
        assert_eq!(RequestedAcr::demand([T, P]).unwrap().told(PhishingResistant), T);
    }
}
