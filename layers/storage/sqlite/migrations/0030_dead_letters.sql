-- What was given up is kept apart from what was sent, so that an operator can see it and have it sent again.
CREATE TABLE towergate_mails_new (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id     BLOB    NOT NULL CHECK (length(user_id) = 16),
    kind        TEXT    NOT NULL,
    domain      TEXT    NOT NULL,
    sealed      BLOB,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt >= 0),
    forgiven    INTEGER NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    due_at      INTEGER,
    finished_at INTEGER,
    died_at     INTEGER,
    reason      TEXT,
    CHECK ((due_at IS NOT NULL) + (finished_at IS NOT NULL) + (died_at IS NOT NULL) = 1),
    CHECK ((sealed IS NULL) = (finished_at IS NOT NULL)),
    CHECK ((reason IS NULL) = (died_at IS NULL))
) STRICT, WITHOUT ROWID;

-- A mail that goes to somebody whose row is gone has no domain that is known here; it is sent all the same.
INSERT INTO towergate_mails_new
    (id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven, due_at, finished_at)
    SELECT m.id, m.user_id, m.kind, coalesce(lower(substr(u.email, instr(u.email, '@') + 1)), ''), m.sealed, m.created_at,
           m.expires_at, m.attempt, 0, m.due_at, m.finished_at
    FROM towergate_mails m LEFT JOIN towergate_users u ON u.id = m.user_id;

DROP TABLE towergate_mails;
ALTER TABLE towergate_mails_new RENAME TO towergate_mails;

CREATE INDEX towergate_mails_due ON towergate_mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_mails_by_person ON towergate_mails (user_id, kind, created_at);
CREATE INDEX towergate_mails_by_end ON towergate_mails (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX towergate_mails_dead ON towergate_mails (died_at, id) WHERE died_at IS NOT NULL;

CREATE TABLE towergate_logout_notices_new (
    sid         TEXT    NOT NULL,
    client      TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    ended_at    INTEGER NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt >= 0),
    forgiven    INTEGER NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    due_at      INTEGER,
    finished_at INTEGER,
    died_at     INTEGER,
    reason      TEXT,
    PRIMARY KEY (sid, client),
    CHECK ((due_at IS NOT NULL) + (finished_at IS NOT NULL) + (died_at IS NOT NULL) = 1),
    CHECK ((reason IS NULL) = (died_at IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO towergate_logout_notices_new
    (sid, client, host, subject, ended_at, attempt, forgiven, due_at, finished_at)
    SELECT sid, client, host, subject, ended_at, attempt, 0, due_at, finished_at FROM towergate_logout_notices;

DROP TABLE towergate_logout_notices;
ALTER TABLE towergate_logout_notices_new RENAME TO towergate_logout_notices;

CREATE INDEX towergate_logout_notices_due ON towergate_logout_notices (due_at, sid, client) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_logout_notices_by_end ON towergate_logout_notices (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX towergate_logout_notices_dead ON towergate_logout_notices (died_at, sid, client) WHERE died_at IS NOT NULL;
