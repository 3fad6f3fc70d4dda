-- Where a session is, since when its sign-in goes on, and the browser it came from that stays signed in.
ALTER TABLE towergate_sessions ADD COLUMN agent TEXT;
ALTER TABLE towergate_sessions ADD COLUMN network TEXT;
ALTER TABLE towergate_sessions ADD COLUMN place TEXT;
ALTER TABLE towergate_sessions ADD COLUMN began_at INTEGER;
ALTER TABLE towergate_sessions ADD COLUMN remembered BLOB;
ALTER TABLE towergate_sessions ADD COLUMN asked INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1));

CREATE INDEX towergate_sessions_by_family ON towergate_sessions (remembered) WHERE remembered IS NOT NULL;

-- Browsers that stay signed in: digests of the newest cookie and of the one before it.
CREATE TABLE towergate_remembered (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    traded       BLOB    CHECK (traded IS NULL OR length(traded) = 32),
    traded_at    INTEGER,
    sealed       BLOB,
    user_id      BLOB    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    sign_in      BLOB    NOT NULL CHECK (length(sign_in) = 16),
    methods      TEXT    NOT NULL CHECK (json_valid(methods)),
    proven_at    INTEGER NOT NULL,
    trusted_by   BLOB    CHECK (trusted_by IS NULL OR length(trusted_by) = 16),
    agent        TEXT,
    network      TEXT,
    place        TEXT,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    CHECK ((traded IS NULL) = (traded_at IS NULL) AND (traded IS NULL) = (sealed IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_remembered_by_person ON towergate_remembered (user_id, last_seen_at);
CREATE INDEX towergate_remembered_by_end ON towergate_remembered (expires_at);

-- Browsers in which somebody signed in before, and those that are not asked for the second factor.
CREATE TABLE towergate_browsers (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id       BLOB    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    digest        BLOB    NOT NULL CHECK (length(digest) = 32),
    agent         TEXT,
    network       TEXT,
    place         TEXT,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    trusted_until INTEGER,
    UNIQUE (user_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_browsers_by_cookie ON towergate_browsers (digest);
CREATE INDEX towergate_browsers_by_end ON towergate_browsers (last_seen_at);

-- What happened to somebody's account.
CREATE INDEX towergate_audit_events_by_actor ON towergate_audit_events (actor_id, id) WHERE actor_kind = 'user';
CREATE INDEX towergate_audit_events_upon ON towergate_audit_events (target_id, id) WHERE target_kind = 'user';
