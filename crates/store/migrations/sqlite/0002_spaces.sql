-- What many rows share stands once, and rows name it by a number: a million records of one kind make indexes that fit into
-- memory. Lookups name their record by its number, which grows, so that what is written together lies together.
ALTER TABLE records RENAME TO records_1;
ALTER TABLE lookups RENAME TO lookups_1;
ALTER TABLE changes RENAME TO changes_1;
DROP INDEX records_by_expiry;
DROP INDEX lookups_by_record;

-- A kind of records in one account and region.
CREATE TABLE spaces (
    number  INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    UNIQUE (kind, account, region)
) STRICT;

INSERT INTO spaces (kind, account, region)
    SELECT kind, account, region FROM records_1 UNION SELECT kind, account, region FROM changes_1;

CREATE TABLE records (
    number  INTEGER PRIMARY KEY,
    space   INTEGER NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    expires INTEGER,
    UNIQUE (space, id)
) STRICT;

INSERT INTO records (space, id, version, body, expires)
    SELECT s.number, r.id, r.version, r.body, r.expires
    FROM spaces s JOIN records_1 r ON r.kind = s.kind AND r.account = s.account AND r.region = s.region
    ORDER BY s.number, r.id;

CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL;

-- What the records of a kind are found by.
CREATE TABLE fields (
    number INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    UNIQUE (kind, name)
) STRICT;

INSERT INTO fields (kind, name) SELECT DISTINCT kind, name FROM lookups_1;

CREATE TABLE lookups (
    field     INTEGER NOT NULL,
    value     TEXT    NOT NULL,
    record    INTEGER NOT NULL,
    is_unique INTEGER NOT NULL,
    PRIMARY KEY (field, value, record)
) STRICT, WITHOUT ROWID;

-- API keys are found by the first 96 bits of their hash, which no two of any number of keys share.
INSERT INTO lookups (field, value, record, is_unique)
    SELECT f.number,
        CASE WHEN l.kind = 'apigateway-api-key' AND l.name = 'api-key-value' THEN substr(l.value, 1, 16) ELSE l.value END,
        r.number, l.is_unique
    FROM lookups_1 l
    JOIN fields f ON f.kind = l.kind AND f.name = l.name
    JOIN spaces s ON s.kind = l.kind AND s.account = l.account AND s.region = l.region
    JOIN records r ON r.space = s.number AND r.id = l.id
    ORDER BY 1, 2, 3;

CREATE INDEX lookups_by_record ON lookups (record);

-- A record stands here once, at its newest change: the log never outgrows the records there ever were.
-- AUTOINCREMENT, because a sequence that was seen must never come again.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    space    INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    UNIQUE (space, id)
) STRICT;

INSERT INTO changes (sequence, space, id)
    SELECT c.sequence, s.number, c.id
    FROM changes_1 c JOIN spaces s ON s.kind = c.kind AND s.account = c.account AND s.region = c.region
    ORDER BY c.sequence;

DELETE FROM sqlite_sequence WHERE name = 'changes';
INSERT INTO sqlite_sequence (name, seq) SELECT 'changes', seq FROM sqlite_sequence WHERE name = 'changes_1';

DROP TABLE lookups_1;
DROP TABLE records_1;
DROP TABLE changes_1;
