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
    updated_at                 BIGINT NOT NULL,
    revision                   BIGINT NOT NULL DEFAULT 1  -- counts the changes: who edits says which one they saw
);
CREATE INDEX clients_by_second_factor ON clients (second_factor) WHERE second_factor IS NOT NULL;

-- Interfaces that access tokens are for (RFC 8707), and the scopes that are theirs alone.
CREATE TABLE resource_servers (
    resource   TEXT   NOT NULL PRIMARY KEY,               -- its identifier, a URI: the `aud` claim
    name       TEXT   NOT NULL,
    client_id  TEXT   REFERENCES clients (client_id) ON DELETE SET NULL, -- may introspect tokens for it
    created_at BIGINT NOT NULL
);
CREATE INDEX resource_servers_by_client ON resource_servers (client_id);

CREATE TABLE resource_scopes (
    scope    TEXT NOT NULL PRIMARY KEY,
    resource TEXT NOT NULL REFERENCES resource_servers (resource) ON DELETE CASCADE
);
CREATE INDEX resource_scopes_by_resource ON resource_scopes (resource);

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

-- Counts the changes of clients and resource servers, which every node holds in memory.
CREATE TABLE registry (
    one        TEXT   NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL
);
INSERT INTO registry (one, generation) VALUES ('registry', 1);
