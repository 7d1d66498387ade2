-- What somebody has asked for who can't log in. It is answered beside the request, so that the page tells nothing. Where there is
-- nothing to mail the row is written once more and taken once more, as a mail is: who is known shows in no number of writes.
CREATE TABLE recovery_requests (
    request_id    TEXT   NOT NULL PRIMARY KEY,
    stage         TEXT   NOT NULL,                        -- asked, or blank: there was nothing to mail
    wanted        TEXT   NOT NULL,
    user_id_key   TEXT   NOT NULL,                        -- as looked up; '' when the user ID is wanted
    address       TEXT   NOT NULL,
    address_key   TEXT   NOT NULL,                        -- a digest of the address without regard to case
    language      TEXT   NOT NULL,
    attempts      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    claimed_until BIGINT,                                 -- a node is at it
    expires_at    BIGINT NOT NULL                         -- an answer is of no use after this
);
-- Asked again while it waits, it is one request.
CREATE UNIQUE INDEX recovery_requests_once ON recovery_requests (wanted, user_id_key, address_key) WHERE stage = 'asked';
CREATE INDEX recovery_requests_due ON recovery_requests (next_at);

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
