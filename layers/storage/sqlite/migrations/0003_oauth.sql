CREATE TABLE towergate_clients (
    id       TEXT PRIMARY KEY,
    state    TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    secret   BLOB CHECK (length(secret) = 32),
    metadata TEXT NOT NULL CHECK (json_valid(metadata))
) STRICT, WITHOUT ROWID;

CREATE TABLE towergate_interactions (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
    browser       BLOB    NOT NULL CHECK (length(browser) = 32),
    request       TEXT    NOT NULL CHECK (json_valid(request)),
    subject       TEXT,
    sign_in_after INTEGER,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'approved', 'denied'))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_interactions_by_end ON towergate_interactions (expires_at);

CREATE TABLE towergate_consents (
    subject  TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    scope    TEXT    NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (subject, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE towergate_grants (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    client     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    audience   TEXT    NOT NULL CHECK (json_valid(audience)),
    auth_time  INTEGER NOT NULL,
    acr        TEXT,
    amr        TEXT    NOT NULL CHECK (json_valid(amr)),
    sid        TEXT,
    created_at INTEGER NOT NULL,
    offline    INTEGER NOT NULL CHECK (offline IN (0, 1)),
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_grants_alive_by_subject ON towergate_grants (subject, client) WHERE revoked_at IS NULL;
CREATE INDEX towergate_grants_alive_by_client ON towergate_grants (client) WHERE revoked_at IS NULL;
CREATE INDEX towergate_grants_alive_by_sid ON towergate_grants (sid)
    WHERE revoked_at IS NULL AND offline = 0 AND sid IS NOT NULL;

CREATE TABLE towergate_codes (
    id                    BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest                BLOB    NOT NULL CHECK (length(digest) = 32),
    grant_id              BLOB    NOT NULL REFERENCES towergate_grants (id),
    redirect_uri          TEXT    NOT NULL,
    redirect_uri_was_sent INTEGER NOT NULL CHECK (redirect_uri_was_sent IN (0, 1)),
    code_challenge        BLOB    NOT NULL CHECK (length(code_challenge) = 32),
    nonce                 TEXT,
    expires_at            INTEGER NOT NULL,
    spent_at              INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_codes_by_grant ON towergate_codes (grant_id);
CREATE INDEX towergate_codes_unspent_by_end ON towergate_codes (expires_at) WHERE spent_at IS NULL;

CREATE TABLE towergate_access_tokens (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB CHECK (length(digest) = 32),
    grant_id   BLOB REFERENCES towergate_grants (id),
    client     TEXT    NOT NULL,
    subject    TEXT,
    scope      TEXT    NOT NULL,
    audience   TEXT    NOT NULL CHECK (json_valid(audience)),
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_access_tokens_by_grant ON towergate_access_tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX towergate_access_tokens_by_end ON towergate_access_tokens (expires_at);

CREATE TABLE towergate_refresh_tokens (
    id                  BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest              BLOB    NOT NULL CHECK (length(digest) = 32),
    grant_id            BLOB    NOT NULL REFERENCES towergate_grants (id),
    generation          INTEGER NOT NULL,
    issued_at           INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    absolute_expires_at INTEGER NOT NULL,
    rotated_at          INTEGER,
    successor           BLOB CHECK (length(successor) = 16),
    sealed_answer       BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_refresh_tokens_by_grant ON towergate_refresh_tokens (grant_id);
CREATE INDEX towergate_refresh_tokens_by_end ON towergate_refresh_tokens (absolute_expires_at);

CREATE TABLE towergate_keys (
    kid            TEXT    PRIMARY KEY,
    algorithm      TEXT    NOT NULL,
    sealed_private BLOB    NOT NULL,
    public_jwk     TEXT    NOT NULL CHECK (json_valid(public_jwk)),
    state          TEXT    NOT NULL CHECK (state IN ('published', 'active', 'retiring', 'retired')),
    created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_keys_in_use ON towergate_keys (created_at, kid) WHERE state <> 'retired';
