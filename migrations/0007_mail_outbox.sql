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
    state         TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'refused', 'given_up', 'expired', 'withheld')),
    attempts      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    claimed_until BIGINT,                                 -- a node is at it
    expires_at    BIGINT,                                 -- what it says is of no use after this
    finished_at   BIGINT,
    answer        TEXT                                    -- the mail server's last words
);
CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE state = 'queued';
CREATE INDEX mail_outbox_by_member ON mail_outbox (member_id, created_at);
CREATE INDEX mail_outbox_by_recipient ON mail_outbox (recipient_key, created_at);
CREATE INDEX mail_outbox_by_time ON mail_outbox (created_at);
