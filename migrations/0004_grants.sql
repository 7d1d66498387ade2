-- What a member let a client have at one time. awaiting_consent -> approved -> redeemed; each may end.
CREATE TABLE authorization_grants (
    grant_id           TEXT   NOT NULL PRIMARY KEY,
    client_id          TEXT   NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    member_id          TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    session_id         TEXT   NOT NULL REFERENCES browser_sessions (session_id) ON DELETE CASCADE,
    scope              TEXT   NOT NULL,                   -- what the member let the client have
    resources          TEXT   NOT NULL,                   -- what its tokens may be for: URIs, divided by spaces
    stage              TEXT   NOT NULL,
    request            TEXT   NOT NULL,                   -- JSON: the authorization request
    authenticated_at   BIGINT NOT NULL,
    assurance          TEXT   NOT NULL,                   -- domain::login::assurance
    page_digest        TEXT   UNIQUE,                     -- of the consent page's address
    code_digest        TEXT   UNIQUE,
    code_expires_at    BIGINT,
    created_at         BIGINT NOT NULL,
    redeemed_at        BIGINT,
    refresh_generation BIGINT,                            -- of the one live refresh token; NULL when there is none
    refreshed_at       BIGINT,
    kept_until         BIGINT NOT NULL,                   -- nothing issued from it is valid after this; every refresh moves it
    review_at          BIGINT NOT NULL,                   -- when the clean-up looks at it: store/retention.rs
    ended_at           BIGINT
);
CREATE INDEX authorization_grants_by_member ON authorization_grants (member_id);
CREATE INDEX authorization_grants_by_client ON authorization_grants (client_id);
CREATE INDEX authorization_grants_by_session ON authorization_grants (session_id);
CREATE INDEX authorization_grants_by_review ON authorization_grants (review_at);

-- Access tokens that were revoked one by one before they expired (RFC 7009).
CREATE TABLE revoked_access_tokens (
    token_id   TEXT   NOT NULL PRIMARY KEY,               -- the `jti` claim
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_access_tokens_by_expiry ON revoked_access_tokens (expires_at);
