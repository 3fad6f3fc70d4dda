ALTER TABLE towergate_clients ADD COLUMN sealed_secret BLOB;
ALTER TABLE towergate_clients ADD COLUMN registration_access_token BLOB CHECK (length(registration_access_token) = 32);
ALTER TABLE towergate_clients ADD COLUMN registered_at INTEGER;

ALTER TABLE towergate_grants ADD COLUMN claims TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(claims));

-- A code may have no challenge; codes live for a minute, so that whoever holds one may as well ask again.
DROP TABLE towergate_codes;

CREATE TABLE towergate_codes (
    id                    BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest                BLOB    NOT NULL CHECK (length(digest) = 32),
    grant_id              BLOB    NOT NULL REFERENCES towergate_grants (id),
    redirect_uri          TEXT    NOT NULL,
    redirect_uri_was_sent INTEGER NOT NULL CHECK (redirect_uri_was_sent IN (0, 1)),
    code_challenge        BLOB    CHECK (length(code_challenge) = 32),
    nonce                 TEXT,
    expires_at            INTEGER NOT NULL,
    spent_at              INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_codes_by_grant ON towergate_codes (grant_id);
CREATE INDEX towergate_codes_unspent_by_end ON towergate_codes (expires_at) WHERE spent_at IS NULL;
