-- Records are documents; whatever they are found by stands in lookups.
CREATE TABLE records (
    kind    TEXT    NOT NULL,
    account TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    expires INTEGER,
    PRIMARY KEY (kind, account, region, id)
) STRICT;

CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL;

CREATE TABLE lookups (
    kind      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    account   TEXT    NOT NULL,
    region    TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    is_unique INTEGER NOT NULL,
    PRIMARY KEY (kind, name, value, account, region, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX lookups_by_record ON lookups (kind, account, region, id);

-- A record stands here once, at its newest change: the log never outgrows the records there ever were.
-- AUTOINCREMENT, because a sequence that was seen must never come again.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    id       TEXT NOT NULL,
    UNIQUE (kind, account, region, id)
) STRICT;
