-- Written to find out whether the database can be written to: a row for each process that asks.
CREATE TABLE write_probes (
    node       TEXT   NOT NULL PRIMARY KEY,
    written_at BIGINT NOT NULL
);
