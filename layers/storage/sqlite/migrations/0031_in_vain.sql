-- What is written for addresses that nobody may prove, so that asking costs what it does for somebody's: rows of the same size and
-- with the same indices as in the tables beside them. Nothing is read from here but how many mails count.
CREATE TABLE towergate_email_tokens_in_vain (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    code       BLOB    NOT NULL CHECK (length(code) = 32),
    browser    BLOB    CHECK (browser IS NULL OR length(browser) = 32),
    user_id    BLOB    NOT NULL CHECK (length(user_id) = 16),
    email      TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    password   TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    state      TEXT    NOT NULL CHECK (state IN ('open', 'replaced'))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_email_tokens_in_vain_open ON towergate_email_tokens_in_vain (user_id, purpose) WHERE state = 'open';
CREATE INDEX towergate_email_tokens_in_vain_by_purpose ON towergate_email_tokens_in_vain (user_id, purpose, created_at);
CREATE INDEX towergate_email_tokens_in_vain_by_person ON towergate_email_tokens_in_vain (user_id);
CREATE INDEX towergate_email_tokens_in_vain_by_end ON towergate_email_tokens_in_vain (expires_at);

CREATE TABLE towergate_mails_in_vain (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL CHECK (length(user_id) = 16),
    kind         TEXT    NOT NULL,
    domain       TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    attempt      INTEGER NOT NULL CHECK (attempt >= 0),
    forgiven     INTEGER NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    counts_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_mails_in_vain_by_end ON towergate_mails_in_vain (counts_until, id);
CREATE INDEX towergate_mails_in_vain_by_person ON towergate_mails_in_vain (user_id, kind, created_at);
