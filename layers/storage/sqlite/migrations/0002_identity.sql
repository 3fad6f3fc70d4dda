CREATE TABLE towergate_users (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    email      TEXT    NOT NULL UNIQUE,
    password   TEXT,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE towergate_sessions (
    id                  BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest              BLOB    NOT NULL CHECK (length(digest) = 32),
    sign_in             BLOB    NOT NULL CHECK (length(sign_in) = 16),
    user_id             BLOB    NOT NULL REFERENCES towergate_users (id),
    stage               TEXT    NOT NULL CHECK (stage IN ('complete', 'awaits_second_factor')),
    methods             TEXT    NOT NULL CHECK (json_valid(methods)),
    authenticated_at    INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    last_seen_at        INTEGER NOT NULL,
    idle_expires_at     INTEGER NOT NULL,
    absolute_expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_sessions_by_user ON towergate_sessions (user_id, created_at);
CREATE INDEX towergate_sessions_by_end ON towergate_sessions (idle_expires_at);

CREATE TABLE towergate_session_values (
    session_id BLOB NOT NULL REFERENCES towergate_sessions (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (session_id, name)
) STRICT, WITHOUT ROWID;
