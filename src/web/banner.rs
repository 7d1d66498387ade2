//! What was done, said once on the page that follows. It travels in a cookie, not in an address, so that no link can say it.

/// Something that was done. Its name is the end of its text's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banner {
    /// Nothing was: a page of a login was sent whose turn is over.
    StepDone,
    LanguageChanged,
    NoticesOn,
    NoticesOff,
    PasswordChanged,
    EmailChanged,
    MethodChanged,
    EmailMethodRemoved,
    TotpAdded,
    PasskeyAdded,
    AuthenticatorRenamed,
    AuthenticatorRemoved,
    SessionEnded,
    OtherSessionsEnded,
    TrustWithdrawn,
    ApplicationWithdrawn,
}

impl Banner {
    pub const ALL: [Banner; 16] = [
        Banner::StepDone,
        Banner::LanguageChanged,
        Banner::NoticesOn,
        Banner::NoticesOff,
        Banner::PasswordChanged,
        Banner::EmailChanged,
        Banner::MethodChanged,
        Banner::EmailMethodRemoved,
        Banner::TotpAdded,
        Banner::PasskeyAdded,
        Banner::AuthenticatorRenamed,
        Banner::AuthenticatorRemoved,
        Banner::SessionEnded,
        Banner::OtherSessionsEnded,
        Banner::TrustWithdrawn,
        Banner::ApplicationWithdrawn,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Banner::StepDone => "step-done",
            Banner::LanguageChanged => "language-changed",
            Banner::NoticesOn => "notices-on",
            Banner::NoticesOff => "notices-off",
            Banner::PasswordChanged => "password-changed",
            Banner::EmailChanged => "email-changed",
            Banner::MethodChanged => "method-changed",
            Banner::EmailMethodRemoved => "email-method-removed",
            Banner::TotpAdded => "totp-added",
            Banner::PasskeyAdded => "passkey-added",
            Banner::AuthenticatorRenamed => "authenticator-renamed",
            Banner::AuthenticatorRemoved => "authenticator-removed",
            Banner::SessionEnded => "session-ended",
            Banner::OtherSessionsEnded => "other-sessions-ended",
            Banner::TrustWithdrawn => "trust-withdrawn",
            Banner::ApplicationWithdrawn => "application-withdrawn",
        }
    }

    pub fn named(name: &str) -> Option<Banner> {
        Banner::ALL.into_iter().find(|notice| notice.name() == name)
    }
}
