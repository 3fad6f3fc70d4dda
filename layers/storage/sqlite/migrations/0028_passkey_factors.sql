-- Who wants to be asked for a passkey at every sign-in.
CREATE TABLE towergate_passkey_factors (
    user_id    BLOB    PRIMARY KEY REFERENCES towergate_users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who wants to stay signed in in the browser in which they come back.
ALTER TABLE towergate_provider_visits ADD COLUMN remember INTEGER NOT NULL DEFAULT 0 CHECK (remember IN (0, 1));
