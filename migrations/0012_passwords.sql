-- What comparing a password costs: of each kind of hash the dearest that was ever stored. A failed attempt takes as long.
CREATE TABLE password_costs (
    kind   TEXT   NOT NULL PRIMARY KEY,
    work   BIGINT NOT NULL,                               -- comparable within the kind only
    sample TEXT   NOT NULL                                -- a hash of this cost that belongs to nobody, to be measured
);

-- The peppers that new hashes were ever made with, by the name that stands in the hashes.
CREATE TABLE password_peppers (
    name    TEXT   NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL
);

-- Former passwords of members, which they may not choose again; the oldest go.
CREATE TABLE password_history (
    member_id   TEXT   NOT NULL REFERENCES members (member_id) ON DELETE CASCADE,
    hash        TEXT   NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (member_id, hash)
);
