//! What the portal keeps for each browser: on the server, under a random key that the browser holds in a cookie.
//!
//! Kept in memory, so a restart signs everyone out of the portal (not out of the provider: the next click on "log in"
//! comes back at once). A portal on several machines puts the same structure into its database or cache.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use openidconnect::core::CoreIdToken;
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};

/// Cookies know nothing of ports, so on localhost this name must differ from the provider's.
pub const COOKIE: &str = "portal-session";

/// How long a login may take, from leaving for the provider to coming back.
const LOGIN_LIFETIME: Duration = Duration::from_secs(60 * 60);
const MEMBER_LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);
/// Several tabs may log in at the same time; more than this is no member.
const LOGINS_AT_ONCE: usize = 5;

/// A login that left for the provider and has not come back. Every value works once, and in this browser only.
pub struct PendingLogin {
    /// Comes back in the redirect: the answer belongs to a question that this browser asked.
    pub state: CsrfToken,
    /// Comes back inside the ID token: the token was made for this login.
    pub nonce: Nonce,
    /// Sent with the code: a stolen code is worth nothing without it (RFC 7636).
    pub pkce_verifier: PkceCodeVerifier,
}

#[derive(Clone)]
pub struct Member {
    pub name: String,
    /// Shown to the provider at logout, so that it knows whom to log out (OpenID Connect RP-Initiated Logout 1.0).
    pub id_token: CoreIdToken,
    /// In the logout form: only a page of ours can post it.
    pub form_token: CsrfToken,
}

enum Session {
    LoggingIn(Vec<PendingLogin>),
    Member(Box<Member>),
    /// Gone to the provider to log out there too; `state` comes back to `/logged-out`.
    LoggingOut {
        state: CsrfToken,
    },
}

/// All browsers' sessions.
#[derive(Default)]
pub struct Sessions {
    by_key: Mutex<HashMap<String, (Instant, Session)>>,
}

impl Sessions {
    /// Remembers a login that is leaving for the provider, and gives the jar with the cookie that finds it again.
    pub fn begin_login(&self, jar: CookieJar, login: PendingLogin, secure: bool) -> CookieJar {
        let mut sessions = self.lock();
        if let Some((ends_at, Session::LoggingIn(pending))) = key(&jar).and_then(|key| sessions.get_mut(key)) {
            if pending.len() == LOGINS_AT_ONCE {
                pending.remove(0);
            }
            pending.push(login);
            *ends_at = Instant::now() + LOGIN_LIFETIME;
            return jar;
        }
        drop(sessions);
        self.replace(jar, Session::LoggingIn(vec![login]), LOGIN_LIFETIME, secure)
    }

    /// The login with this `state`, if this very browser began it. It can be taken once.
    pub fn take_login(&self, jar: &CookieJar, state: &str) -> Option<PendingLogin> {
        let mut sessions = self.lock();
        let (_, session) = sessions.get_mut(key(jar)?)?;
        let Session::LoggingIn(pending) = session else { return None };
        let position = pending.iter().position(|login| login.state.secret() == state)?;
        Some(pending.remove(position))
    }

    /// Signs the member in under a new key, so that a key planted before the login opens nothing (session fixation).
    pub fn sign_in(&self, jar: CookieJar, member: Member, secure: bool) -> CookieJar {
        self.replace(jar, Session::Member(Box::new(member)), MEMBER_LIFETIME, secure)
    }

    pub fn member(&self, jar: &CookieJar) -> Option<Member> {
        match self.lock().get(key(jar)?) {
            Some((ends_at, Session::Member(member))) if *ends_at > Instant::now() => Some(Member::clone(member)),
            _ => None,
        }
    }

    /// Signs the member out of the portal and waits for the provider to send the browser back with `state`.
    pub fn sign_out(&self, jar: CookieJar, state: CsrfToken, secure: bool) -> CookieJar {
        self.replace(jar, Session::LoggingOut { state }, LOGIN_LIFETIME, secure)
    }

    /// Whether this browser went to log out with this `state`.
    pub fn was_logging_out(&self, jar: &CookieJar, state: &str) -> bool {
        let sessions = self.lock();
        matches!(key(jar).and_then(|key| sessions.get(key)),
                 Some((_, Session::LoggingOut { state: expected })) if expected.secret() == state)
    }

    fn replace(&self, jar: CookieJar, session: Session, lifetime: Duration, secure: bool) -> CookieJar {
        let now = Instant::now();
        let new_key = CsrfToken::new_random_len(32).secret().clone();
        let mut sessions = self.lock();
        if let Some(old_key) = key(&jar) {
            sessions.remove(old_key);
        }
        sessions.retain(|_, (ends_at, _)| *ends_at > now);
        sessions.insert(new_key.clone(), (now + lifetime, session));
        // Lax, not Strict: the way back from the provider is a click that began on another site.
        let cookie = Cookie::build((COOKIE, new_key)).path("/").http_only(true).same_site(SameSite::Lax).secure(secure);
        jar.add(cookie)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, Session)>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(jar: &CookieJar) -> Option<&str> {
    jar.get(COOKIE).map(Cookie::value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(state: &str) -> PendingLogin {
        PendingLogin {
            state: CsrfToken::new(state.to_owned()),
            nonce: Nonce::new_random(),
            pkce_verifier: PkceCodeVerifier::new("v".repeat(43)),
        }
    }

    #[test]
    fn an_answer_is_taken_once_and_only_by_the_browser_that_asked() {
        let sessions = Sessions::default();
        let asked = sessions.begin_login(CookieJar::new(), login("one"), false);
        let stranger = sessions.begin_login(CookieJar::new(), login("two"), false);

        assert!(sessions.take_login(&stranger, "one").is_none());
        assert!(sessions.take_login(&CookieJar::new(), "one").is_none());
        assert!(sessions.take_login(&asked, "one").is_some());
        assert!(sessions.take_login(&asked, "one").is_none());
    }

    #[test]
    fn two_tabs_can_log_in_side_by_side_but_not_without_end() {
        let sessions = Sessions::default();
        let mut jar = CookieJar::new();
        for tab in 0..=LOGINS_AT_ONCE {
            jar = sessions.begin_login(jar, login(&tab.to_string()), false);
        }
        assert!(sessions.take_login(&jar, "0").is_none(), "the oldest made room");
        assert!(sessions.take_login(&jar, "1").is_some());
        assert!(sessions.take_login(&jar, "5").is_some());
    }

    #[test]
    fn logging_out_moves_to_a_new_key_and_knows_its_own_state() {
        let sessions = Sessions::default();
        let before = sessions.begin_login(CookieJar::new(), login("one"), true);
        let after = sessions.sign_out(before.clone(), CsrfToken::new("bye".to_owned()), true);

        assert_ne!(key(&before), key(&after));
        assert!(sessions.take_login(&before, "one").is_none(), "the old key opens nothing");
        assert!(sessions.was_logging_out(&after, "bye"));
        assert!(!sessions.was_logging_out(&after, "other"));
        let cookie = after.get(COOKIE).unwrap();
        assert_eq!((cookie.http_only(), cookie.secure()), (Some(true), Some(true)));
    }
}
