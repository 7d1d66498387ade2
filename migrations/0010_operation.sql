-- Written to find out whether the database can be written to: a row for each process that asks.
CREATE TABLE write_probes (
    node       TEXT   NOT NULL PRIMARY KEY,
    written_at BIGINT NOT NULL
);

-- What the clean-up did last, on whichever node.
CREATE TABLE clean_up_runs (
    one      TEXT   NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    deleted  BIGINT NOT NULL,
    backlog  BIGINT NOT NULL                              -- due and left for the next round
);

-- Which versions may use these tables (docs/decisions/neighbouring-versions.md). Also the row that is held by who makes what
-- must exist once.
CREATE TABLE compatibility (
    one              TEXT   NOT NULL PRIMARY KEY,
    oldest_migration BIGINT NOT NULL                      -- the least that a program must know
);
INSERT INTO compatibility (one, oldest_migration) VALUES ('tables', 10);
