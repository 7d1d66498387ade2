-- One row a member of the society. Times are Unix seconds; a time that is not NULL says that, and when, it happened.
CREATE TABLE members (
    member_id                TEXT   NOT NULL PRIMARY KEY, -- the `sub` claim: random, for ever
    user_id                  TEXT   NOT NULL,             -- as the society wrote it
    user_id_key              TEXT   NOT NULL UNIQUE,      -- as it is looked up: width, case and spaces folded
    role                     TEXT   NOT NULL CHECK (role IN ('member', 'owner')),
    name                     TEXT,
    email                    TEXT,                        -- families share one: not unique
    email_verified_at        BIGINT,
    phone_number             TEXT,
    phone_number_verified_at BIGINT,
    profile                  TEXT   NOT NULL,             -- JSON: the other standard claims (OpenID Connect Core 1.0, 5.1)
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL,
    account_locked_at        BIGINT,
    disabled_at              BIGINT
);
CREATE INDEX members_by_email ON members (email);

CREATE TABLE member_passwords (
    member_id     TEXT   NOT NULL PRIMARY KEY REFERENCES members (member_id) ON DELETE CASCADE,
    hash          TEXT   NOT NULL,                        -- PHC string
    set_at        BIGINT NOT NULL,
    initial_until BIGINT                                  -- given out by the society, to be changed at the first login
);

-- Wrong passwords in a row. IDs that belong to nobody are counted just the same (member_id is NULL), up to a bound.
CREATE TABLE password_failures (
    account_key TEXT   NOT NULL,                          -- a keyed digest of the user ID as looked up
    device      TEXT   NOT NULL,                          -- a known device's digest; '' for all others together
    member_id   TEXT   REFERENCES members (member_id) ON DELETE CASCADE,
    failures    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (account_key, device)
);
CREATE INDEX password_failures_by_member ON password_failures (member_id);
CREATE INDEX password_failures_of_nobody ON password_failures (last_at) WHERE member_id IS NULL;

-- Browsers in which a member has logged in: strangers' failures can't lock the member out of them.
CREATE TABLE known_devices (
    device_digest TEXT   NOT NULL,
    member_id     TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    first_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    PRIMARY KEY (device_digest, member_id)
);
CREATE INDEX known_devices_by_member ON known_devices (member_id);
CREATE INDEX known_devices_by_last_use ON known_devices (last_at);
