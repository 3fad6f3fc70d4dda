-- Requests that clients pushed, until they are answered.
CREATE TABLE towergate_pushed_requests (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    request    TEXT    NOT NULL CHECK (json_valid(request)),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_pushed_requests_by_end ON towergate_pushed_requests (expires_at);

-- Of all interactions that began from one pushed request, the first that is answered closes the others.
ALTER TABLE towergate_interactions ADD COLUMN pushed BLOB CHECK (pushed IS NULL OR length(pushed) = 16);

CREATE INDEX towergate_interactions_open_by_pushed ON towergate_interactions (pushed)
    WHERE pushed IS NOT NULL AND state = 'open';
