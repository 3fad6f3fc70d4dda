-- Public keys of people, none of which is a secret.
CREATE TABLE towergate_passkeys (
    id              BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    credential_id   BLOB    NOT NULL CHECK (length(credential_id) BETWEEN 1 AND 1023),
    name            TEXT    NOT NULL,
    credential      TEXT    NOT NULL,
    count           INTEGER NOT NULL CHECK (count >= 0),
    aaguid          BLOB    NOT NULL CHECK (length(aaguid) = 16),
    transports      TEXT    NOT NULL,
    verifies        INTEGER NOT NULL CHECK (verifies IN (0, 1)),
    backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up       INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX towergate_passkeys_by_credential ON towergate_passkeys (credential_id);
CREATE INDEX towergate_passkeys_by_person ON towergate_passkeys (user_id, created_at, id);

-- Challenges that wait for their answer.
CREATE TABLE towergate_passkey_ceremonies (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    browser    BLOB    NOT NULL CHECK (length(browser) = 32),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('register', 'second_factor', 'sign_in')),
    user_id    BLOB    REFERENCES towergate_users (id) ON DELETE CASCADE,
    session_id BLOB    CHECK (session_id IS NULL OR length(session_id) = 16),
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) = (purpose = 'sign_in')),
    CHECK ((session_id IS NULL) = (purpose = 'sign_in'))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_passkey_ceremonies_by_end ON towergate_passkey_ceremonies (expires_at);
CREATE INDEX towergate_passkey_ceremonies_by_person ON towergate_passkey_ceremonies (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX towergate_passkey_ceremonies_by_session
    ON towergate_passkey_ceremonies (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX towergate_passkey_ceremonies_by_browser
    ON towergate_passkey_ceremonies (browser, id) WHERE session_id IS NULL;
CREATE INDEX towergate_passkey_ceremonies_of_strangers
    ON towergate_passkey_ceremonies (expires_at) WHERE session_id IS NULL;

ALTER TABLE towergate_sessions ADD COLUMN passkey BLOB CHECK (passkey IS NULL OR length(passkey) = 16);
