-- Requests that clients pushed, until they are answered.
CREATE TABLE towergate_pushed_requests (
    id         uuid   PRIMARY KEY,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),
    request    text   NOT NULL CHECK (request::json IS NOT NULL),
    expires_at bigint NOT NULL
);

CREATE INDEX towergate_pushed_requests_by_end ON towergate_pushed_requests (expires_at);

-- Of all interactions that began from one pushed request, the first that is answered closes the others.
ALTER TABLE towergate_interactions ADD COLUMN pushed uuid;

CREATE INDEX towergate_interactions_open_by_pushed ON towergate_interactions (pushed)
    WHERE pushed IS NOT NULL AND state = 'open';
