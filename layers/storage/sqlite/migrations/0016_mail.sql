-- What is mailed to prove an address.
CREATE TABLE towergate_email_tokens (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    code       BLOB    NOT NULL CHECK (length(code) = 32),
    browser    BLOB    CHECK (browser IS NULL OR length(browser) = 32),
    user_id    BLOB    NOT NULL REFERENCES towergate_users (id),
    email      TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    password   TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    state      TEXT    NOT NULL CHECK (state IN ('open', 'replaced', 'spent'))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX towergate_email_tokens_open ON towergate_email_tokens (user_id, purpose) WHERE state = 'open';
CREATE INDEX towergate_email_tokens_by_end ON towergate_email_tokens (expires_at);

-- Mail that waits, sealed under a key that is not here; or that is finished, and has lost its text.
CREATE TABLE towergate_mails (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id     BLOB    NOT NULL REFERENCES towergate_users (id),
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

CREATE INDEX towergate_mails_due ON towergate_mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_mails_by_person ON towergate_mails (user_id, kind, created_at);
CREATE INDEX towergate_mails_by_end ON towergate_mails (finished_at) WHERE finished_at IS NOT NULL;
