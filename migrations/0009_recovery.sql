-- What somebody has asked for who can't log in. It is answered beside the request, so that the page tells nothing.
CREATE TABLE recovery_requests (
    request_id  TEXT   NOT NULL PRIMARY KEY,
    wanted      TEXT   NOT NULL CHECK (wanted IN ('password', 'user_id')),
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

CREATE INDEX members_by_address ON members (lower(email));
