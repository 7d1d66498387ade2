-- What staff have published of the help, over the files that come with Sekisho or lie in help.folder. Only added to.
CREATE TABLE help_revisions (
    path         TEXT   NOT NULL,                         -- ja/faq/password-locked.md
    number       BIGINT NOT NULL,                         -- 1, 2, 3 of each path; the last one counts
    content      TEXT,                                    -- NULL: back to the file
    base_digest  TEXT   NOT NULL,                         -- of the file then; '' where there was none
    author       TEXT   NOT NULL,
    note         TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (path, number)
);

-- What staff are writing: one draft of each file.
CREATE TABLE help_drafts (
    path       TEXT   NOT NULL PRIMARY KEY,
    content    TEXT   NOT NULL,
    author     TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Grows whenever something is published: every node compares it with what it has read.
CREATE TABLE help_generation (
    one        TEXT   NOT NULL PRIMARY KEY CHECK (one = 'help'),
    generation BIGINT NOT NULL
);
INSERT INTO help_generation (one, generation) VALUES ('help', 1);

-- When each content was first seen, so that all nodes date it alike.
CREATE TABLE help_versions (
    digest TEXT   NOT NULL PRIMARY KEY,
    since  BIGINT NOT NULL
);

-- Whether answers helped: counts, and nothing about who.
CREATE TABLE help_votes (
    question_id TEXT   NOT NULL,
    locale      TEXT   NOT NULL,
    helpful     BIGINT NOT NULL,
    unhelpful   BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (question_id, locale)
);

-- Queries that found nothing: counts, and nothing about who.
CREATE TABLE help_misses (
    locale  TEXT   NOT NULL,
    query   TEXT   NOT NULL,
    misses  BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (locale, query)
);
