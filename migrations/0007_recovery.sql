-- What somebody has asked for who can't log in. It is answered beside the request, so that the page tells nothing.
CREATE TABLE recovery_requests (
    request_id  TEXT   NOT NULL PRIMARY KEY,
    wanted      TEXT   NOT NULL,
    user_id_key TEXT   NOT NULL,                          -- as looked up; '' when the user ID is wanted
    address     TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

-- Links to a new password: each once, and only the last one of a member.
CREATE TABLE password_links (
    link_digest     TEXT   NOT NULL PRIMARY KEY,
    member_id       TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    password_digest TEXT   NOT NULL,                      -- of the stored hash: the link ends when it changes
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    taken_at        BIGINT
);
CREATE INDEX password_links_by_member ON password_links (member_id);
CREATE INDEX password_links_by_expiry ON password_links (expires_at);

-- How far members have come who lost what they show beside the password (src/domain/login/lost_methods.rs). One row a member;
-- the next reset by mail takes its place, and using it deletes it.
CREATE TABLE lost_methods (
    member_id       TEXT   NOT NULL PRIMARY KEY REFERENCES members (member_id) ON DELETE CASCADE,
    stage           TEXT   NOT NULL,
    password_digest TEXT   NOT NULL,                      -- of the hash that the reset has set: another password ends it
    since           BIGINT NOT NULL,                      -- the stage's beginning
    ready_at        BIGINT,                               -- asked: the end of the waiting time; NULL: staff decide
    cancel_digest   TEXT,                                 -- asked, approved: of the link that cancels
    expires_at      BIGINT NOT NULL
);
CREATE INDEX lost_methods_by_link ON lost_methods (cancel_digest);
CREATE INDEX lost_methods_by_expiry ON lost_methods (expires_at);
