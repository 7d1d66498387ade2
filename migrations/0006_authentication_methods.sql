-- What members show beside the password, and the logins in which they show it.
ALTER TABLE members ADD COLUMN authentication_method TEXT CHECK (authentication_method IN ('email', 'totp', 'passkey'));
ALTER TABLE members ADD COLUMN email_method_at BIGINT;       -- codes by e-mail are enrolled as a method
ALTER TABLE members ADD COLUMN account_locked_until BIGINT;  -- NULL: until staff lift the account lock
ALTER TABLE members ADD COLUMN first_login_at BIGINT;        -- the first login is complete

ALTER TABLE browser_sessions ADD COLUMN assurance TEXT NOT NULL DEFAULT 'password';   -- domain::login::assurance
ALTER TABLE browser_sessions ADD COLUMN device    TEXT NOT NULL DEFAULT 'other other'; -- domain::login::device
ALTER TABLE known_devices    ADD COLUMN trusted_until BIGINT; -- asked for no second factor until then

-- A login under way, from the password to its end. It takes the place of login_steps, whose rows lived for minutes.
DROP TABLE login_steps;
CREATE TABLE logins (
    login_digest   TEXT   NOT NULL PRIMARY KEY,           -- of the token in the addresses of its pages
    browser_digest TEXT   NOT NULL,                       -- no other browser may go on with it
    member_id      TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    proved         TEXT   NOT NULL,                       -- JSON: domain::login::next_step::Proved
    flow           TEXT   NOT NULL,                       -- JSON: domain::login::flow::Flow
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    taken_at       BIGINT
);
CREATE INDEX logins_by_member ON logins (member_id);
CREATE INDEX logins_by_expiry ON logins (expires_at);

-- Authenticator apps.
CREATE TABLE totp_devices (
    device_id    TEXT   NOT NULL PRIMARY KEY,
    member_id    TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,                         -- the member's own
    sealed_key   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    last_step    BIGINT NOT NULL                          -- codes of this step and before are used up (RFC 6238, 5.2)
);
CREATE INDEX totp_devices_by_member ON totp_devices (member_id);

-- Wrong one-time passwords in a row.
CREATE TABLE one_time_password_failures (
    member_id TEXT   NOT NULL PRIMARY KEY REFERENCES members (member_id) ON DELETE CASCADE,
    failures  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);

-- Codes sent by e-mail: each belongs to one purpose in one browser, and only the last one sent for it counts.
CREATE TABLE email_codes (
    place       TEXT   NOT NULL PRIMARY KEY,              -- digest: the login or session, and what the code is for
    member_id   TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    address     TEXT   NOT NULL,
    code_digest TEXT   NOT NULL,                          -- keyed: six digits could be guessed from a plain one
    tries       BIGINT NOT NULL,
    sent_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    taken_at    BIGINT
);
CREATE INDEX email_codes_by_member ON email_codes (member_id);
CREATE INDEX email_codes_by_expiry ON email_codes (expires_at);

CREATE TABLE recovery_codes (
    code_digest TEXT   NOT NULL,                          -- keyed
    member_id   TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    used_at     BIGINT,
    PRIMARY KEY (member_id, code_digest)
);

-- What happened to an account, for its owner.
CREATE TABLE account_events (
    event_id  TEXT   NOT NULL PRIMARY KEY,
    member_id TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    event     TEXT   NOT NULL,                            -- JSON: domain::member::account_event::AccountEvent
    device    TEXT,                                       -- domain::login::device; NULL: not by the member
    at        BIGINT NOT NULL
);
CREATE INDEX account_events_by_member ON account_events (member_id, at);
CREATE INDEX account_events_by_time ON account_events (at);

ALTER TABLE authorization_grants ADD COLUMN assurance TEXT NOT NULL DEFAULT 'password'; -- domain::login::assurance
