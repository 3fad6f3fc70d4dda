CREATE TABLE towergate_replaced_sessions (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    sign_in    BLOB    NOT NULL CHECK (length(sign_in) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_replaced_sessions_by_end ON towergate_replaced_sessions (expires_at);
CREATE INDEX towergate_sessions_by_sign_in ON towergate_sessions (sign_in);
