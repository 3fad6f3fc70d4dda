-- When somebody leaves, and since when they are gone.
ALTER TABLE towergate_users ADD COLUMN delete_at INTEGER;
ALTER TABLE towergate_users ADD COLUMN deleted_at INTEGER;

CREATE INDEX towergate_users_leaving ON towergate_users (delete_at, id) WHERE delete_at IS NOT NULL;

CREATE INDEX towergate_email_tokens_by_person ON towergate_email_tokens (user_id);
CREATE INDEX towergate_tries_of_person ON towergate_tries (whose) WHERE length(whose) = 16;

-- Sessions of people who are to enrol a second factor, or whose account is going to be deleted.
CREATE TABLE towergate_sessions_new (
    id                  BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest              BLOB    NOT NULL CHECK (length(digest) = 32),
    sign_in             BLOB    NOT NULL CHECK (length(sign_in) = 16),
    user_id             BLOB    NOT NULL REFERENCES towergate_users (id),
    stage               TEXT    NOT NULL
                        CHECK (stage IN ('complete', 'awaits_enrolment', 'awaits_second_factor', 'leaving')),
    methods             TEXT    NOT NULL CHECK (json_valid(methods)),
    authenticated_at    INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    last_seen_at        INTEGER NOT NULL,
    idle_expires_at     INTEGER NOT NULL,
    absolute_expires_at INTEGER NOT NULL,
    passkey             BLOB    CHECK (passkey IS NULL OR length(passkey) = 16)
) STRICT, WITHOUT ROWID;

INSERT INTO towergate_sessions_new
    (id, digest, sign_in, user_id, stage, methods, authenticated_at, created_at, last_seen_at, idle_expires_at,
     absolute_expires_at, passkey)
    SELECT id, digest, sign_in, user_id, stage, methods, authenticated_at, created_at, last_seen_at, idle_expires_at,
           absolute_expires_at, passkey
    FROM towergate_sessions;

CREATE TABLE towergate_session_values_new (
    session_id BLOB NOT NULL REFERENCES towergate_sessions_new (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (session_id, name)
) STRICT, WITHOUT ROWID;

INSERT INTO towergate_session_values_new (session_id, name, value)
    SELECT session_id, name, value FROM towergate_session_values;

DROP TABLE towergate_session_values;
DROP TABLE towergate_sessions;
ALTER TABLE towergate_sessions_new RENAME TO towergate_sessions;
ALTER TABLE towergate_session_values_new RENAME TO towergate_session_values;

CREATE INDEX towergate_sessions_by_user ON towergate_sessions (user_id, created_at);
CREATE INDEX towergate_sessions_by_end ON towergate_sessions (idle_expires_at);
CREATE INDEX towergate_sessions_by_sign_in ON towergate_sessions (sign_in);

-- Mail that tells somebody that they are gone outlives their row.
CREATE TABLE towergate_mails_new (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id     BLOB    NOT NULL CHECK (length(user_id) = 16),
    kind        TEXT    NOT NULL,
    sealed      BLOB,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt >= 0),
    due_at      INTEGER,
    finished_at INTEGER,
    CHECK ((due_at IS NULL) <> (finished_at IS NULL)),
    CHECK ((sealed IS NULL) = (due_at IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO towergate_mails_new
    (id, user_id, kind, sealed, created_at, expires_at, attempt, due_at, finished_at)
    SELECT id, user_id, kind, sealed, created_at, expires_at, attempt, due_at, finished_at FROM towergate_mails;

DROP TABLE towergate_mails;
ALTER TABLE towergate_mails_new RENAME TO towergate_mails;

CREATE INDEX towergate_mails_due ON towergate_mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_mails_by_person ON towergate_mails (user_id, kind, created_at);
CREATE INDEX towergate_mails_by_end ON towergate_mails (finished_at) WHERE finished_at IS NOT NULL;
