-- How full each bucket is: all that is kept of one is when it will be empty.
CREATE TABLE towergate_rate_limits (
    name     TEXT    NOT NULL,
    scope    TEXT    NOT NULL CHECK (scope IN ('account', 'address', 'network', 'unknown')),
    whose    BLOB    NOT NULL CHECK (length(whose) <= 32),
    empty_at INTEGER NOT NULL,
    PRIMARY KEY (name, scope, whose)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_rate_limits_by_end ON towergate_rate_limits (empty_at);
