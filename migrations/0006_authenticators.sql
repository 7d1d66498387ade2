-- What members show beside the password.
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

-- What authenticators know a member by (WebAuthn, user handle): random, given with the first passkey, kept for all others.
CREATE TABLE passkey_users (
    member_id   TEXT   NOT NULL PRIMARY KEY REFERENCES members (member_id) ON DELETE CASCADE,
    user_handle TEXT   NOT NULL UNIQUE,                   -- base64url
    created_at  BIGINT NOT NULL
);

CREATE TABLE passkeys (
    passkey_id       TEXT   NOT NULL PRIMARY KEY,         -- random: in our pages' addresses
    member_id        TEXT   NOT NULL REFERENCES passkey_users (member_id) ON DELETE CASCADE,
    credential_id    TEXT   NOT NULL UNIQUE,              -- base64url
    record           TEXT   NOT NULL,                     -- JSON: public key, signature counter, flags
    name             TEXT   NOT NULL,                     -- by the member
    created_at       BIGINT NOT NULL,
    last_used_at     BIGINT,
    last_used_device TEXT,                                -- browser and system
    cloned_at        BIGINT                               -- its counter went backwards: it logs nobody in any more
);
CREATE INDEX passkeys_by_member ON passkeys (member_id);

-- Challenges that have been answered, until they would have expired.
CREATE TABLE used_webauthn_challenges (
    challenge_digest TEXT   NOT NULL PRIMARY KEY,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX used_webauthn_challenges_by_expiry ON used_webauthn_challenges (expires_at);
