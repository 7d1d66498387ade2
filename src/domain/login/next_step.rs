//! What comes next in a login (product.md 1.1 and 1.2). Every page of a login asks this rule, with what the member has and
//! what this login has shown so far: nobody gets further by calling a later page, and a login that was interrupted goes on
//! where it stood.
//!
//! ```text
//!   password ─► second factor ─► own password ─► e-mail address ─► method ─► complete
//!                (if enrolled)  (if initial or old)  (if missing)    (if missing)
//!   passkey ───────────────────────────────────────────────────────────────► complete
//! ```
//!
//! The second factor stands before everything that changes the account: an initial password, sent by post, must not be
//! enough to take an account over that has more than a password.

use serde::{Deserialize, Serialize};

use super::assurance::Assurance;
use crate::domain::member::authentication_method::{Enrolled, Method, SecondFactor};
use crate::domain::member::profile::{Member, Password};
use crate::domain::protocol::acr::RequestedAcr;
use crate::domain::unix_time::{Span, UnixTime};

/// What a login has shown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    pub first: First,
    pub second: Option<Second>,
    /// A code that was sent to the member's address has come back in this login.
    pub address: bool,
    /// The member has trusted this device before.
    pub trusted_device: bool,
    /// The member wants to trust this device from now on.
    pub trust_device: bool,
    /// The member has the right to set the methods up again, and uses it in this login: what is enrolled is not asked for, and
    /// goes when something new stands in its place.
    #[serde(default)]
    pub sets_up_again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    Password,
    /// With user verification: both factors at once.
    Passkey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Second {
    Method(Method),
    RecoveryCode,
}

/// What the operator, the client and the request ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demands {
    pub second_factor: SecondFactor,
    pub proof: Proof,
    /// The methods that the operator offers.
    pub methods: Vec<Method>,
    /// Whether a member must have registered an e-mail address.
    pub email_address: bool,
    /// How old a password may be.
    pub password_max_age: Option<Span>,
    /// Whether recovery codes may be used.
    pub recovery_codes: bool,
    /// What the request asks for beyond that.
    pub acr: RequestedAcr,
}

/// How much a login must have shown, and how much it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// By policy or demand: with less it does not end.
    pub least: Assurance,
    /// A relying party's wish: asked of those who can show it, and no reason to refuse or to enrol anything.
    pub wished: Assurance,
}

impl Floor {
    pub const NONE: Floor = Floor { least: Assurance::Password, wished: Assurance::Password };
}

/// What shows a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// What the policy asks for; a device that the member trusts stands for it.
    Usual,
    /// What the policy asks for is shown, on a trusted device too.
    Shown,
    /// Whatever the member has is shown, even where the policy asks for nothing.
    AnyEnrolled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// `usual` is what the member has chosen; each of `others` and a recovery code will do as well.
    SecondFactor {
        usual: Method,
        others: Vec<Method>,
        recovery_code: bool,
    },
    /// The member had more than a password, and nothing of it can be shown: only a recovery code or the way of
    /// `lost_methods` leads on, never the password alone.
    LostMethods {
        recovery_code: bool,
    },
    /// The password came from the society: the member chooses their own.
    ChangeInitialPassword,
    /// The password is older than the operator allows.
    ChangeOldPassword,
    RegisterEmailAddress,
    /// The member has no method yet that will do: one of these is to be enrolled.
    ChooseMethod {
        offered: Vec<Method>,
    },
    Complete,
    Refuse(Closed),
}

/// Why somebody who has shown who they are may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// By staff, or by repeated wrong one-time passwords; `until` staff lift it, or that moment.
    AccountLocked {
        until: Option<UnixTime>,
    },
    /// The member has left.
    Disabled,
    InitialPasswordExpired,
}

impl Proved {
    pub const PASSWORD: Proved = Proved {
        first: First::Password,
        second: None,
        address: false,
        trusted_device: false,
        trust_device: false,
        sets_up_again: false,
    };
    pub const PASSKEY: Proved = Proved { first: First::Passkey, ..Proved::PASSWORD };

    /// With a second factor, after which the device may be trusted if the member wants that.
    pub fn with(self, second: Second, trust_device: bool) -> Proved {
        Proved { second: Some(second), trust_device, ..self }
    }

    pub fn assurance(&self) -> Assurance {
        match (self.first, self.second) {
            (First::Passkey, _) | (_, Some(Second::Method(Method::Passkey))) => Assurance::PhishingResistant,
            (First::Password, Some(_)) => Assurance::TwoFactors,
            (First::Password, None) if self.trusted_device => Assurance::TrustedDevice,
            (First::Password, None) => Assurance::Password,
        }
    }

    /// The method that came beside or instead of the password.
    pub fn method(&self) -> Option<Method> {
        match (self.first, self.second) {
            (First::Passkey, _) => Some(Method::Passkey),
            (First::Password, Some(Second::Method(method))) => Some(method),
            (First::Password, _) => None,
        }
    }
}

impl Demands {
    /// The least that a finished login must have shown, for a member who has these methods.
    pub fn least(&self, enrolled: &Enrolled) -> Assurance {
        let could_show_one = self.usable(enrolled).next().is_some() || enrolled.copied_passkey;
        let asked_for = match self.second_factor {
            SecondFactor::Required => true,
            SecondFactor::Optional => could_show_one,
            SecondFactor::Off => could_show_one && self.proof == Proof::AnyEnrolled,
        };
        let by_policy = match (asked_for, self.proof) {
            (false, _) => Assurance::Password,
            (true, Proof::Usual) => Assurance::TrustedDevice,
            (true, Proof::Shown | Proof::AnyEnrolled) => Assurance::TwoFactors,
        };
        self.acr.least().map_or(by_policy, |asked| asked.min(self.most()).max(by_policy))
    }

    pub fn floor(&self, enrolled: &Enrolled) -> Floor {
        let least = self.least(enrolled);
        let can_show = self.usable(enrolled).fold(Assurance::Password, |most, method| match method {
            Method::Passkey => Assurance::PhishingResistant,
            Method::Email | Method::Totp => most.max(Assurance::TwoFactors),
        });
        Floor { least, wished: self.acr.aim(can_show).unwrap_or(least).max(least) }
    }

    /// What can be reached with the methods that the operator offers.
    pub fn most(&self) -> Assurance {
        match self.methods.as_slice() {
            [] => Assurance::Password,
            methods if methods.contains(&Method::Passkey) => Assurance::PhishingResistant,
            _ => Assurance::TwoFactors,
        }
    }

    /// What the member has and the operator offers.
    fn usable(&self, enrolled: &Enrolled) -> impl Iterator<Item = Method> {
        self.methods.iter().copied().filter(|method| enrolled.has(*method))
    }
}

pub fn next_step(
    member: &Member,
    password: Option<&Password>,
    enrolled: &Enrolled,
    proved: &Proved,
    demands: &Demands,
    now: UnixTime,
) -> NextStep {
    if member.disabled_at.is_some() {
        return NextStep::Refuse(Closed::Disabled);
    }
    if member.is_account_locked(now) {
        return NextStep::Refuse(Closed::AccountLocked { until: member.account_locked_until });
    }
    // A passkey does not stand on the password.
    let password = password.filter(|_| proved.first == First::Password);
    let initial_until = password.and_then(|p| p.initial_until);
    if initial_until.is_some_and(|until| now >= until) {
        return NextStep::Refuse(Closed::InitialPasswordExpired);
    }
    let Floor { least, wished } = demands.floor(enrolled);
    // What the operator offers no more vouches for the enrolment of something else, and for nothing beyond that.
    let only_vouched = matches!(proved.second, Some(Second::Method(shown)) if !demands.methods.contains(&shown));
    let enough = proved.assurance() >= least && !(only_vouched && least > Assurance::Password);
    // A wish is asked for once: any second factor answers it.
    let wish_is_open = proved.assurance() < wished && proved.second.is_none();
    let good_enough = |method: &Method| least < Assurance::PhishingResistant || *method == Method::Passkey;
    let usable: Vec<Method> = demands.usable(enrolled).collect();
    // What has been shown already need not be shown again, unless it was not good enough.
    let mut askable: Vec<Method> = usable.iter().copied().filter(good_enough).collect();
    if askable.is_empty() && proved.second.is_none() {
        askable = usable;
    }
    if !enough && askable.is_empty() && proved.second.is_none() {
        // A passkey can't be asked for where there are none.
        let withdrawn = |method: &Method| !demands.methods.contains(method) && *method != Method::Passkey;
        askable = enrolled.methods.iter().copied().filter(withdrawn).collect();
    }
    let recovery_code = demands.recovery_codes && enrolled.recovery_codes && least < Assurance::PhishingResistant;
    if (!enough || wish_is_open)
        && let Some(first) = askable.first().copied()
    {
        let wanted = (wished == Assurance::PhishingResistant).then_some(Method::Passkey);
        let usual = wanted.or(member.method).filter(|method| askable.contains(method)).unwrap_or(first);
        let others = askable.into_iter().filter(|method| *method != usual).collect();
        return NextStep::SecondFactor { usual, others, recovery_code };
    }
    if !enough && proved.second.is_none() && (enrolled.copied_passkey || !enrolled.methods.is_empty()) {
        return NextStep::LostMethods { recovery_code };
    }
    if initial_until.is_some() {
        return NextStep::ChangeInitialPassword;
    }
    if password.zip(demands.password_max_age).is_some_and(|(password, most)| now >= password.set_at + most) {
        return NextStep::ChangeOldPassword;
    }
    let has_address = member.verified_email().is_some();
    if demands.email_address && !has_address {
        return NextStep::RegisterEmailAddress;
    }
    if enough {
        return NextStep::Complete;
    }
    // Without an address, no code can be sent to it.
    let possible = |method: &Method| *method != Method::Email || has_address;
    let offered: Vec<Method> =
        demands.methods.iter().copied().filter(|method| good_enough(method) && possible(method)).collect();
    match offered.as_slice() {
        // Codes by mail are all that is offered.
        [] => NextStep::RegisterEmailAddress,
        _ => NextStep::ChooseMethod { offered },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::member::profile::sample;
    use Method::{Email, Passkey, Totp};

    const NOW: UnixTime = UnixTime(1_000);

    struct Case {
        member: Member,
        initial_until: Option<UnixTime>,
        enrolled: Enrolled,
        proved: Proved,
        demands: Demands,
    }

    /// Everything is done, and nothing more than a password was asked for.
    fn case() -> Case {
        let member = Member { email_verified_at: Some(UnixTime(1)), ..sample("taro") };
        let demands = Demands {
            second_factor: SecondFactor::Optional,
            proof: Proof::Usual,
            methods: Method::ALL.into(),
            email_address: true,
            password_max_age: None,
            recovery_codes: true,
            acr: RequestedAcr::default(),
        };
        Case { member, initial_until: None, enrolled: Enrolled::default(), proved: Proved::PASSWORD, demands }
    }

    impl Case {
        fn next(&self) -> NextStep {
            let password = Password { hash: String::new(), set_at: UnixTime(0), initial_until: self.initial_until };
            next_step(&self.member, Some(&password), &self.enrolled, &self.proved, &self.demands, NOW)
        }

        fn enrolled(mut self, methods: &[Method]) -> Case {
            self.enrolled = Enrolled { methods: methods.into(), recovery_codes: false, copied_passkey: false };
            self
        }

        fn required(mut self) -> Case {
            self.demands.second_factor = SecondFactor::Required;
            self
        }

        fn asked(mut self, assurance: Assurance) -> Case {
            self.demands.acr = RequestedAcr::demand([assurance.acr()]).expect("it exists here");
            self
        }

        fn wished(mut self, levels: &[Assurance]) -> Case {
            self.demands.acr = RequestedAcr::wish(levels.iter().map(|level| level.acr()));
            self
        }

        fn proved(mut self, method: Method) -> Case {
            self.proved.second = Some(Second::Method(method));
            self
        }
    }

    fn factor(usual: Method, others: &[Method]) -> NextStep {
        NextStep::SecondFactor { usual, others: others.into(), recovery_code: false }
    }

    fn choose(offered: &[Method]) -> NextStep {
        NextStep::ChooseMethod { offered: offered.into() }
    }

    #[test]
    fn the_policy_decides_whether_a_second_factor_is_asked_for() {
        assert_eq!(case().next(), NextStep::Complete);
        assert_eq!(case().enrolled(&[Totp]).next(), factor(Totp, &[]));
        assert_eq!(case().required().next(), choose(&[Email, Totp, Passkey]));
        let mut off = case().enrolled(&[Totp]);
        off.demands.second_factor = SecondFactor::Off;
        assert_eq!(off.next(), NextStep::Complete);
        assert_eq!(case().enrolled(&[Totp]).required().proved(Totp).next(), NextStep::Complete);
    }

    #[test]
    fn the_chosen_method_comes_first_and_the_others_will_do() {
        let mut both = case().enrolled(&[Email, Totp]);
        both.member.method = Some(Totp);
        assert_eq!(both.next(), factor(Totp, &[Email]));
        // What the operator no longer offers is not asked for.
        both.demands.methods = vec![Email];
        assert_eq!(both.next(), factor(Email, &[]));
        let with_codes =
            Case { enrolled: Enrolled { methods: vec![Totp], recovery_codes: true, copied_passkey: false }, ..case() };
        assert_eq!(with_codes.next(), NextStep::SecondFactor { usual: Totp, others: vec![], recovery_code: true });
    }

    #[test]
    fn who_had_more_than_a_password_enrols_nothing_with_the_password_alone() {
        // The operator offers apps no more: a code vouches for what takes its place, and is not enough by itself.
        let mut withdrawn = case().enrolled(&[Totp]).required();
        withdrawn.demands.methods = vec![Email];
        assert_eq!(withdrawn.next(), factor(Totp, &[]));
        let shown = withdrawn.proved(Totp);
        assert_eq!(shown.next(), choose(&[Email]));
        assert_eq!(shown.enrolled(&[Totp, Email]).proved(Email).next(), NextStep::Complete);
        // A copy of the only passkey was used.
        for second_factor in [SecondFactor::Required, SecondFactor::Optional] {
            let mut copied = case();
            copied.demands.second_factor = second_factor;
            copied.enrolled.copied_passkey = true;
            assert_eq!(copied.next(), NextStep::LostMethods { recovery_code: false });
            copied.enrolled.recovery_codes = true;
            assert_eq!(copied.next(), NextStep::LostMethods { recovery_code: true });
            copied.proved.second = Some(Second::RecoveryCode);
            assert_eq!(copied.next(), NextStep::Complete);
        }
        let mut no_passkeys = case().enrolled(&[Passkey]).required();
        no_passkeys.demands.methods = vec![Totp];
        assert_eq!(no_passkeys.next(), NextStep::LostMethods { recovery_code: false });
        // Who never had any is asked for none before they enrol the first.
        assert_eq!(case().required().next(), choose(&[Email, Totp, Passkey]));
    }

    #[test]
    fn a_first_login_goes_through_every_step_and_resumes_at_each() {
        let mut first = case().required();
        first.initial_until = Some(UnixTime(2_000));
        first.member.email_verified_at = None;
        assert_eq!(first.next(), NextStep::ChangeInitialPassword);
        first.initial_until = None;
        assert_eq!(first.next(), NextStep::RegisterEmailAddress);
        first.member.email_verified_at = Some(NOW);
        assert_eq!(first.next(), choose(&[Email, Totp, Passkey]));
        let done = first.enrolled(&[Totp]).proved(Totp);
        assert_eq!(done.next(), NextStep::Complete);
    }

    #[test]
    fn an_initial_password_does_not_get_past_the_second_factor() {
        let mut reissued = case().enrolled(&[Totp]);
        reissued.initial_until = Some(UnixTime(2_000));
        reissued.member.email_verified_at = None;
        assert_eq!(reissued.next(), factor(Totp, &[]));
        assert_eq!(reissued.proved(Totp).next(), NextStep::ChangeInitialPassword);
    }

    #[test]
    fn an_initial_password_expires() {
        let mut late = case();
        late.initial_until = Some(NOW);
        assert_eq!(late.next(), NextStep::Refuse(Closed::InitialPasswordExpired));
        late.proved = Proved::PASSKEY;
        assert_eq!(late.next(), NextStep::Complete, "a passkey does not stand on the password");
    }

    #[test]
    fn a_password_that_has_grown_too_old_is_changed_after_the_second_factor() {
        let mut old = case().enrolled(&[Totp]);
        old.demands.password_max_age = Some(Span::seconds(1_000));
        assert_eq!(old.next(), factor(Totp, &[]));
        let mut old = old.proved(Totp);
        assert_eq!(old.next(), NextStep::ChangeOldPassword);
        old.demands.password_max_age = Some(Span::seconds(1_001));
        assert_eq!(old.next(), NextStep::Complete);
        old.demands.password_max_age = Some(Span::seconds(1));
        old.proved = Proved::PASSKEY;
        assert_eq!(old.next(), NextStep::Complete, "a passkey does not stand on the password");
    }

    #[test]
    fn nothing_opens_a_locked_or_disabled_account() {
        for proved in [Proved::PASSWORD, Proved::PASSKEY] {
            let mut locked = Case { proved, ..case() };
            locked.member.account_locked_at = Some(UnixTime(1));
            assert_eq!(locked.next(), NextStep::Refuse(Closed::AccountLocked { until: None }));
            locked.member.account_locked_until = Some(UnixTime(1_001));
            assert!(matches!(locked.next(), NextStep::Refuse(Closed::AccountLocked { until: Some(_) })));
            locked.member.account_locked_until = Some(NOW);
            assert_eq!(locked.next(), NextStep::Complete, "its time is over");
            locked.member.disabled_at = Some(UnixTime(1));
            assert_eq!(locked.next(), NextStep::Refuse(Closed::Disabled));
        }
    }

    #[test]
    fn a_trusted_device_is_enough_for_the_policy_but_not_for_a_request() {
        let mut trusted = case().enrolled(&[Totp]).required();
        trusted.proved.trusted_device = true;
        assert_eq!(trusted.next(), NextStep::Complete);
        assert_eq!(trusted.asked(Assurance::TwoFactors).next(), factor(Totp, &[]));
    }

    #[test]
    fn before_a_change_a_trusted_device_shows_the_factor_and_without_any_policy_too() {
        let mut trusted = case().enrolled(&[Totp]).required();
        trusted.proved.trusted_device = true;
        trusted.demands.proof = Proof::Shown;
        assert_eq!(trusted.next(), factor(Totp, &[]));
        assert_eq!(trusted.proved(Totp).next(), NextStep::Complete);
        for (proof, next) in [(Proof::Shown, NextStep::Complete), (Proof::AnyEnrolled, factor(Totp, &[]))] {
            let mut off = case().enrolled(&[Totp]);
            off.demands = Demands { second_factor: SecondFactor::Off, proof, ..off.demands };
            assert_eq!(off.next(), next);
            off.enrolled = Enrolled::default();
            assert_eq!(off.next(), NextStep::Complete, "who has none is asked for none");
        }
    }

    #[test]
    fn a_request_for_more_is_met_with_what_the_member_has_or_enrols() {
        assert_eq!(case().asked(Assurance::TwoFactors).next(), choose(&[Email, Totp, Passkey]));
        let resistant = || case().asked(Assurance::PhishingResistant);
        assert_eq!(resistant().next(), choose(&[Passkey]));
        assert_eq!(resistant().enrolled(&[Totp, Passkey]).next(), factor(Passkey, &[]));
        // Whoever has another factor shows it before they may enrol a passkey.
        assert_eq!(resistant().enrolled(&[Totp]).next(), factor(Totp, &[]));
        assert_eq!(resistant().enrolled(&[Totp]).proved(Totp).next(), choose(&[Passkey]));
        assert_eq!(resistant().enrolled(&[Totp, Passkey]).proved(Passkey).next(), NextStep::Complete);
        assert_eq!(resistant().enrolled(&[Totp, Passkey]).proved(Totp).next(), factor(Passkey, &[]));
    }

    #[test]
    fn a_wish_for_more_is_asked_of_those_who_can_show_it_and_nobody_enrols_for_it() {
        let (two, resistant) = (Assurance::TwoFactors, Assurance::PhishingResistant);
        assert_eq!(case().wished(&[two]).next(), NextStep::Complete);
        assert_eq!(case().wished(&[resistant, two]).next(), NextStep::Complete);
        let off = |methods: &[Method]| {
            let mut off = case().enrolled(methods);
            off.demands.second_factor = SecondFactor::Off;
            off
        };
        assert_eq!(off(&[Totp]).wished(&[two]).next(), factor(Totp, &[]));
        assert_eq!(off(&[Totp]).wished(&[resistant]).next(), NextStep::Complete, "there is nothing to ask for");
        assert_eq!(off(&[Totp]).wished(&[resistant, two]).next(), factor(Totp, &[]));
        // The value that is wanted most comes first, and another factor will do.
        assert_eq!(off(&[Totp, Passkey]).wished(&[resistant, two]).next(), factor(Passkey, &[Totp]));
        assert_eq!(off(&[Totp, Passkey]).wished(&[resistant, two]).proved(Totp).next(), NextStep::Complete);
        assert_eq!(off(&[Totp, Passkey]).wished(&[two, resistant]).next(), factor(Totp, &[Passkey]));
        let mut trusted = case().enrolled(&[Totp]).required().wished(&[two]);
        trusted.proved.trusted_device = true;
        assert_eq!(trusted.next(), factor(Totp, &[]));
    }

    #[test]
    fn codes_by_mail_need_an_address() {
        let mut none = case().required();
        none.demands.email_address = false;
        none.member.email_verified_at = None;
        assert_eq!(none.next(), choose(&[Totp, Passkey]));
        none.demands.methods = vec![Email];
        assert_eq!(none.next(), NextStep::RegisterEmailAddress);
    }

    #[test]
    fn a_request_for_more_than_there_is_does_not_lower_what_the_policy_asks_for() {
        let mut apps_only = case().required().asked(Assurance::PhishingResistant);
        apps_only.demands.methods = vec![Totp];
        assert_eq!(apps_only.next(), choose(&[Totp]));
        assert_eq!(apps_only.enrolled(&[Totp]).proved(Totp).next(), NextStep::Complete);
    }

    #[test]
    fn what_a_login_has_shown_tells_how_sure_it_makes_us() {
        let with = |second| Proved { second: Some(second), ..Proved::PASSWORD };
        assert_eq!(Proved::PASSWORD.assurance(), Assurance::Password);
        assert_eq!(with(Second::RecoveryCode).assurance(), Assurance::TwoFactors);
        assert_eq!(with(Second::Method(Email)).assurance(), Assurance::TwoFactors);
        assert_eq!(with(Second::Method(Passkey)).assurance(), Assurance::PhishingResistant);
        assert_eq!(Proved::PASSKEY.assurance(), Assurance::PhishingResistant);
    }
}
