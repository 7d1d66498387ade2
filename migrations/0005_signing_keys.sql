CREATE TABLE signing_keys (
    key_id          TEXT   NOT NULL PRIMARY KEY,          -- the `kid`
    algorithm       TEXT   NOT NULL,
    public_jwk      TEXT   NOT NULL,                      -- JSON
    private_jwk     TEXT   NOT NULL,                      -- JSON, sealed
    created_at      BIGINT NOT NULL,
    signs_from      BIGINT NOT NULL,
    published_until BIGINT                                -- set when a successor takes over
);
