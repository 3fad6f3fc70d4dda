-- Which clients had a grant in a sign-in, however early the grant itself is thrown away.
CREATE TABLE towergate_sign_in_clients (
    sid     text   COLLATE "C" NOT NULL,
    client  text   COLLATE "C" NOT NULL,
    subject text   COLLATE "C" NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (sid, client)
);

CREATE INDEX towergate_sign_in_clients_by_age ON towergate_sign_in_clients (seen_at);

-- Clients to be told that a sign-in ended: due at some moment, finished, or given up until an operator has them told again.
CREATE TABLE towergate_logout_notices (
    sid         text   COLLATE "C" NOT NULL,
    client      text   COLLATE "C" NOT NULL,
    host        text   COLLATE "C" NOT NULL,
    subject     text   COLLATE "C" NOT NULL,
    ended_at    bigint NOT NULL,
    attempt     bigint NOT NULL CHECK (attempt >= 0),
    forgiven    bigint NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    due_at      bigint,
    finished_at bigint,
    died_at     bigint,
    reason      text   COLLATE "C",
    PRIMARY KEY (sid, client),
    CHECK (num_nonnulls(due_at, finished_at, died_at) = 1),
    CHECK ((reason IS NULL) = (died_at IS NULL))
);

CREATE INDEX towergate_logout_notices_due ON towergate_logout_notices (due_at, sid, client) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_logout_notices_by_end ON towergate_logout_notices (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX towergate_logout_notices_dead ON towergate_logout_notices (died_at, sid, client)
    WHERE died_at IS NOT NULL;
