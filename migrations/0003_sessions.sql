-- Between the right password and the end of the login: a step is taken once.
CREATE TABLE login_steps (
    step_digest    TEXT   NOT NULL PRIMARY KEY,
    browser_digest TEXT   NOT NULL,
    member_id      TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    step           TEXT   NOT NULL CHECK (step IN ('change_initial_password')),
    flow           TEXT   NOT NULL,                       -- JSON: domain::login::flow::Flow
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    taken_at       BIGINT
);
CREATE INDEX login_steps_by_member ON login_steps (member_id);
CREATE INDEX login_steps_by_expiry ON login_steps (expires_at);

CREATE TABLE browser_sessions (
    session_id       TEXT   NOT NULL PRIMARY KEY,         -- the `sid` claim
    token_digest     TEXT   NOT NULL UNIQUE,              -- of the cookie; changes at every login
    member_id        TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    flow_id          TEXT   NOT NULL,                     -- the login that authenticated last
    authenticated_at BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    last_used_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,                     -- whatever happens
    ended_at         BIGINT
);
CREATE INDEX browser_sessions_by_member ON browser_sessions (member_id);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);
