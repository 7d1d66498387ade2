-- Mails: queued in the transaction of what caused them, sent beside the requests, remembered for staff.
CREATE TABLE mail_outbox (
    mail_id       TEXT   NOT NULL PRIMARY KEY,            -- also the left part of its Message-ID
    cause         TEXT   NOT NULL UNIQUE,                 -- a digest: one cause, one mail
    member_id     TEXT   REFERENCES members (member_id) ON DELETE CASCADE,
    kind          TEXT   NOT NULL,
    recipient     TEXT   NOT NULL,
    recipient_key TEXT   NOT NULL,                        -- a digest of the address without regard to case
    language      TEXT   NOT NULL,
    content       TEXT,                                   -- sealed; taken away when nothing more is to be done
    state         TEXT   NOT NULL,
    attempts      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    claimed_until BIGINT,                                 -- a node is at it
    expires_at    BIGINT,                                 -- what it says is of no use after this
    finished_at   BIGINT,
    answer        TEXT,                                   -- the mail server's last words
    server        TEXT,                                   -- whom it was last given or offered to
    resent_at     BIGINT,                                 -- staff had it tried again: it is given up that much later
    rank          BIGINT NOT NULL,                        -- what leaves first: 1 waits behind 0, and 2 behind both
    merged        BIGINT NOT NULL                         -- so many more were asked for soon after it, and not queued
);
CREATE INDEX mail_outbox_due ON mail_outbox (rank, next_at) WHERE state = 'queued';
CREATE INDEX mail_outbox_kept ON mail_outbox (expires_at) WHERE content IS NOT NULL AND state <> 'queued';
CREATE INDEX mail_outbox_by_member ON mail_outbox (member_id, created_at);
CREATE INDEX mail_outbox_by_recipient ON mail_outbox (recipient_key, created_at);
CREATE INDEX mail_outbox_by_time ON mail_outbox (created_at);

-- Notices that portals have mailed to members. What became of one stands in mail_outbox under the same ID.
CREATE TABLE member_notices (
    notice_id      TEXT   NOT NULL PRIMARY KEY,
    client_id      TEXT   NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    key_digest     TEXT   NOT NULL,                       -- of the client's Idempotency-Key: one key, one mail
    content_digest TEXT   NOT NULL,                       -- of what the key was first used for
    created_at     BIGINT NOT NULL,
    UNIQUE (client_id, key_digest)
);
CREATE INDEX member_notices_by_time ON member_notices (created_at);
