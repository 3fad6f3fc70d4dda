-- Accounts elsewhere that open people's accounts here. Tokens are sealed under a key that is not in this file.
CREATE TABLE towergate_linked_identities (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    provider     TEXT    NOT NULL,
    issuer       TEXT    NOT NULL CHECK (length(issuer) BETWEEN 1 AND 255),
    subject      TEXT    NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    label        TEXT    NOT NULL,
    tokens       BLOB,
    linked_at    INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX towergate_linked_identities_by_account ON towergate_linked_identities (issuer, subject);
CREATE INDEX towergate_linked_identities_by_person ON towergate_linked_identities (user_id, linked_at, id);

-- People who were sent to a provider and are to come back.
CREATE TABLE towergate_provider_visits (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    browser    BLOB    NOT NULL CHECK (length(browser) = 32),
    provider   TEXT    NOT NULL,
    user_id    BLOB    REFERENCES towergate_users (id) ON DELETE CASCADE,
    session_id BLOB    CHECK (session_id IS NULL OR length(session_id) = 16),
    return_to  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) = (session_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_provider_visits_by_end ON towergate_provider_visits (expires_at);
CREATE INDEX towergate_provider_visits_by_browser ON towergate_provider_visits (browser, id);
CREATE INDEX towergate_provider_visits_by_person ON towergate_provider_visits (user_id) WHERE user_id IS NOT NULL;
