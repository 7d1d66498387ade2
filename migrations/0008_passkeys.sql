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
