-- A login under way, from the password to its end.
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

CREATE TABLE browser_sessions (
    session_id       TEXT   NOT NULL PRIMARY KEY,         -- the `sid` claim
    token_digest     TEXT   NOT NULL UNIQUE,              -- of the cookie; changes at every login
    member_id        TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    device           TEXT   NOT NULL,                     -- domain::login::device
    assurance        TEXT   NOT NULL,                     -- domain::login::assurance
    flow_id          TEXT   NOT NULL,                     -- the login that authenticated last
    authenticated_at BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    last_used_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,                     -- whatever happens
    review_at        BIGINT NOT NULL,                     -- when the clean-up looks at it: store/retention.rs
    ended_at         BIGINT
);
CREATE INDEX browser_sessions_by_member ON browser_sessions (member_id);
CREATE INDEX browser_sessions_by_review ON browser_sessions (review_at);
