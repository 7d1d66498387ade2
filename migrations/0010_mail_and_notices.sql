-- What staff ask of mails that did not arrive.
ALTER TABLE mail_outbox ADD COLUMN server    TEXT;                     -- whom it was last given or offered to
ALTER TABLE mail_outbox ADD COLUMN resent_at BIGINT;                   -- staff had it tried again: it is given up that much later
ALTER TABLE mail_outbox ADD COLUMN rank      BIGINT NOT NULL DEFAULT 0; -- 1: a portal's notice, which waits behind all others
CREATE INDEX mail_outbox_due_by_rank ON mail_outbox (rank, next_at) WHERE state = 'queued';
CREATE INDEX mail_outbox_kept ON mail_outbox (expires_at) WHERE content IS NOT NULL AND state <> 'queued';

-- Notices that portals have mailed to members. What became of one stands in mail_outbox under the same ID.
ALTER TABLE clients ADD COLUMN member_notices_at BIGINT;               -- staff let it send them since; NULL: it may not
ALTER TABLE members ADD COLUMN notices_off_at    BIGINT;               -- the member wants none since; NULL: they come
CREATE TABLE member_notices (
    notice_id      TEXT   NOT NULL PRIMARY KEY,
    client_id      TEXT   NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    key_digest     TEXT   NOT NULL,                       -- of the client's Idempotency-Key: one key, one mail
    content_digest TEXT   NOT NULL,                       -- of what the key was first used for
    created_at     BIGINT NOT NULL,
    UNIQUE (client_id, key_digest)
);
CREATE INDEX member_notices_by_time ON member_notices (created_at);
