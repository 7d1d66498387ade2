-- Relying parties.
CREATE TABLE clients (
    client_id                  TEXT   NOT NULL PRIMARY KEY,
    metadata                   TEXT   NOT NULL,           -- JSON: domain::protocol::client::Client
    secret_digest              TEXT,
    previous_secret_digest     TEXT,                      -- still taken until previous_secret_until, after a rotation
    previous_secret_until      BIGINT,
    second_factor              TEXT,                      -- as in metadata, to be asked for by itself; NULL: as in the settings
    member_notices_at          BIGINT,                    -- staff let it send members notices since; NULL: it may not
    registration_token_digest  TEXT,                      -- of clients that registered themselves (RFC 7592)
    created_at                 BIGINT NOT NULL,
    updated_at                 BIGINT NOT NULL
);
CREATE INDEX clients_by_second_factor ON clients (second_factor) WHERE second_factor IS NOT NULL;

CREATE TABLE initial_access_tokens (
    token_digest TEXT   NOT NULL PRIMARY KEY,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT                                   -- each registers one client
);

CREATE TABLE consents (
    member_id TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    client_id TEXT   NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    scope     TEXT   NOT NULL,                            -- all that was ever agreed to
    given_at  BIGINT NOT NULL,
    PRIMARY KEY (member_id, client_id)
);
