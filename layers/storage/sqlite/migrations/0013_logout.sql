-- Which clients had a grant in a sign-in, however early the grant itself is thrown away.
CREATE TABLE towergate_sign_in_clients (
    sid     TEXT    NOT NULL,
    client  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (sid, client)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_sign_in_clients_by_age ON towergate_sign_in_clients (seen_at);

INSERT INTO towergate_sign_in_clients (sid, client, subject, seen_at)
    SELECT sid, client, subject, max(created_at) FROM towergate_grants WHERE sid IS NOT NULL GROUP BY sid, client;

-- Clients to be told that a sign-in ended: due at some moment, or finished.
CREATE TABLE towergate_logout_notices (
    sid         TEXT    NOT NULL,
    client      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    ended_at    INTEGER NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt >= 0),
    due_at      INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (sid, client),
    CHECK ((due_at IS NULL) <> (finished_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_logout_notices_due ON towergate_logout_notices (due_at, sid, client) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_logout_notices_by_end ON towergate_logout_notices (finished_at) WHERE finished_at IS NOT NULL;
