-- Browsers that stay signed in: digests of the newest cookie and of the one before it.
CREATE TABLE towergate_remembered (
    id           uuid   PRIMARY KEY,
    digest       bytea  NOT NULL CHECK (octet_length(digest) = 32),
    traded       bytea  CHECK (octet_length(traded) = 32),
    traded_at    bigint,
    sealed       bytea,
    user_id      uuid   NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    sign_in      uuid   NOT NULL,
    methods      text   NOT NULL CHECK (methods::json IS NOT NULL),
    proven_at    bigint NOT NULL,
    trusted_by   uuid,
    agent        text,
    network      text,
    place        text,
    created_at   bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at   bigint NOT NULL,
    CHECK ((traded IS NULL) = (traded_at IS NULL) AND (traded IS NULL) = (sealed IS NULL))
);

CREATE INDEX towergate_remembered_by_person ON towergate_remembered (user_id, last_seen_at, id);
CREATE INDEX towergate_remembered_by_end ON towergate_remembered (expires_at);

-- Browsers in which somebody signed in before, and those that are not asked for the second factor.
CREATE TABLE towergate_browsers (
    id            uuid   PRIMARY KEY,
    user_id       uuid   NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    digest        bytea  NOT NULL CHECK (octet_length(digest) = 32),
    agent         text,
    network       text,
    place         text,
    first_seen_at bigint NOT NULL,
    last_seen_at  bigint NOT NULL,
    trusted_until bigint,
    UNIQUE (user_id, digest)
);

CREATE INDEX towergate_browsers_by_cookie ON towergate_browsers (digest);
CREATE INDEX towergate_browsers_by_end ON towergate_browsers (last_seen_at);
