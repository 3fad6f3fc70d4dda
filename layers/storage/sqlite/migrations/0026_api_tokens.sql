-- Tokens that people made for their programs: what is known of them, and nothing by which one could be shown.
CREATE TABLE towergate_api_tokens (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    permissions  TEXT    NOT NULL CHECK (json_valid(permissions)),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_api_tokens_by_person ON towergate_api_tokens (user_id, created_at, id);
CREATE INDEX towergate_api_tokens_by_end ON towergate_api_tokens (expires_at);
