-- How far members have come who lost what they show beside the password (src/domain/login/lost_methods.rs). One row a member;
-- the next reset by mail takes its place, and using it deletes it.
CREATE TABLE lost_methods (
    member_id       TEXT   NOT NULL PRIMARY KEY REFERENCES members (member_id) ON DELETE CASCADE,
    stage           TEXT   NOT NULL CHECK (stage IN ('reset', 'asked', 'approved', 'cancelled')),
    password_digest TEXT   NOT NULL,                      -- of the hash that the reset has set: another password ends it
    since           BIGINT NOT NULL,                      -- the stage's beginning
    ready_at        BIGINT,                               -- asked: the end of the waiting time; NULL: staff decide
    cancel_digest   TEXT,                                 -- asked, approved: of the link that cancels
    expires_at      BIGINT NOT NULL
);
CREATE INDEX lost_methods_by_link ON lost_methods (cancel_digest);
CREATE INDEX lost_methods_by_expiry ON lost_methods (expires_at);

-- Of events of one second: how many of the member's were there before. NULL in rows of versions before this one.
ALTER TABLE account_events ADD COLUMN place BIGINT;
