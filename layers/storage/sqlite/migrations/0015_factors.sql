CREATE TABLE towergate_tries (
    class    TEXT    NOT NULL CHECK (class IN ('backup_code', 'password', 'totp')),
    whose    BLOB    NOT NULL CHECK (length(whose) IN (16, 32)),
    in_a_row INTEGER NOT NULL,
    lately   INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (class, whose)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_tries_of_nobody ON towergate_tries (last_at) WHERE length(whose) = 32;

CREATE TABLE towergate_totp (
    user_id    BLOB    PRIMARY KEY REFERENCES towergate_users (id) ON DELETE CASCADE,
    sealed     BLOB    NOT NULL,
    last_step  INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE towergate_backup_codes (
    user_id BLOB NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    digest  BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;
