-- What has been applied, with a digest of its text.
CREATE TABLE migrations (
    number BIGINT NOT NULL PRIMARY KEY,
    name   TEXT   NOT NULL,
    digest TEXT   NOT NULL
);

-- One row a member of the society. Times are Unix seconds; a time that is not NULL says that, and when, it happened.
CREATE TABLE members (
    member_id                TEXT   NOT NULL PRIMARY KEY, -- the `sub` claim: random, for ever
    user_id                  TEXT   NOT NULL,             -- as the society wrote it
    user_id_key              TEXT   NOT NULL UNIQUE,      -- as it is looked up: width, case and spaces folded
    role                     TEXT   NOT NULL,
    name                     TEXT,
    email                    TEXT,                        -- families share one: not unique
    email_key                TEXT,                        -- as it is looked up: ASCII capitals folded, whatever the locale
    email_verified_at        BIGINT,
    phone_number             TEXT,
    phone_number_verified_at BIGINT,
    profile                  TEXT   NOT NULL,             -- JSON: the other standard claims (OpenID Connect Core 1.0, 5.1)
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL,
    authentication_method    TEXT,                        -- domain::member::authentication_method; NULL: none chosen
    email_method_at          BIGINT,                      -- codes by e-mail are enrolled as a method
    first_login_at           BIGINT,                      -- the first login is complete
    notices_off_at           BIGINT,                      -- the member wants no portals' notices since; NULL: they come
    account_locked_at        BIGINT,
    account_locked_until     BIGINT,                      -- NULL: until staff lift the account lock
    disabled_at              BIGINT
);
CREATE INDEX members_by_email ON members (email);
CREATE INDEX members_by_address ON members (email_key);

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
    untold_since BIGINT,                                  -- the lock fell then, and nobody was told yet
    PRIMARY KEY (account_key, device)
);
CREATE INDEX password_failures_untold ON password_failures (untold_since) WHERE untold_since IS NOT NULL;
CREATE INDEX password_failures_by_member ON password_failures (member_id);
CREATE INDEX password_failures_by_time ON password_failures (last_at);
CREATE INDEX password_failures_of_nobody ON password_failures (last_at) WHERE member_id IS NULL;

-- Browsers in which a member has logged in: strangers' failures can't lock the member out of them.
CREATE TABLE known_devices (
    device_digest TEXT   NOT NULL,
    member_id     TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    first_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    trusted_until BIGINT,                                 -- asked for no second factor until then
    PRIMARY KEY (device_digest, member_id)
);
CREATE INDEX known_devices_by_member ON known_devices (member_id);
CREATE INDEX known_devices_by_last_use ON known_devices (last_at);

-- What comparing a password costs: of each kind of hash the dearest that was ever stored. A failed attempt takes as long.
CREATE TABLE password_costs (
    kind   TEXT   NOT NULL PRIMARY KEY,
    work   BIGINT NOT NULL,                               -- comparable within the kind only
    sample TEXT   NOT NULL                                -- a hash of this cost that belongs to nobody, to be measured
);

-- The peppers that new hashes were ever made with, by the name that stands in the hashes.
CREATE TABLE password_peppers (
    name    TEXT   NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL
);

-- Former passwords of members, which they may not choose again; the oldest go.
CREATE TABLE password_history (
    member_id   TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    hash        TEXT   NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (member_id, hash)
);

-- What happened to an account, for its owner.
CREATE TABLE account_events (
    event_id  TEXT   NOT NULL PRIMARY KEY,
    member_id TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    event     TEXT   NOT NULL,                            -- JSON: domain::member::account_event::AccountEvent
    actor     TEXT   NOT NULL,                            -- domain::actor: who did it
    device    TEXT,                                       -- domain::login::device, of a member in a browser
    at        BIGINT NOT NULL,
    place     BIGINT NOT NULL                             -- of events of one second: how many there were before
);
CREATE INDEX account_events_by_member ON account_events (member_id, at);
CREATE INDEX account_events_by_time ON account_events (at);
