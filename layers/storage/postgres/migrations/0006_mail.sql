-- What is mailed to prove an address.
CREATE TABLE towergate_email_tokens (
    id         uuid   PRIMARY KEY,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),
    code       bytea  NOT NULL CHECK (octet_length(code) = 32),
    browser    bytea  CHECK (octet_length(browser) = 32),
    user_id    uuid   NOT NULL REFERENCES towergate_users (id),
    email      text   COLLATE "C" NOT NULL,
    purpose    text   COLLATE "C" NOT NULL,
    password   text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    tries      bigint NOT NULL CHECK (tries BETWEEN 0 AND 255),
    state      text   COLLATE "C" NOT NULL CHECK (state IN ('open', 'replaced', 'spent'))
);

-- Several ways back may be open at once, each to an older address; of everything else the newest proof alone is.
CREATE UNIQUE INDEX towergate_email_tokens_open ON towergate_email_tokens (user_id, purpose)
    WHERE state = 'open' AND purpose <> 'undo_email_change';
CREATE INDEX towergate_email_tokens_by_purpose ON towergate_email_tokens (user_id, purpose, created_at);
CREATE INDEX towergate_email_tokens_by_end ON towergate_email_tokens (expires_at);

-- Addresses that are kept for whom they may be put back.
CREATE INDEX towergate_email_tokens_kept ON towergate_email_tokens (email)
    WHERE state = 'open' AND purpose = 'undo_email_change';

-- Mail that waits, sealed under a key that is not here; that was sent, and has lost its text; or that was given up, until an
-- operator has it sent again. Mail that tells somebody that they are gone outlives their row.
CREATE TABLE towergate_mails (
    id          uuid   PRIMARY KEY,
    user_id     uuid   NOT NULL,
    kind        text   COLLATE "C" NOT NULL,
    domain      text   COLLATE "C" NOT NULL,
    sealed      bytea,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    attempt     bigint NOT NULL CHECK (attempt BETWEEN 0 AND 4294967295),
    forgiven    bigint NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    due_at      bigint,
    finished_at bigint,
    died_at     bigint,
    reason      text   COLLATE "C",
    CHECK (num_nonnulls(due_at, finished_at, died_at) = 1),
    CHECK ((sealed IS NULL) = (finished_at IS NOT NULL)),
    CHECK ((reason IS NULL) = (died_at IS NULL))
);

CREATE INDEX towergate_mails_due ON towergate_mails (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX towergate_mails_by_person ON towergate_mails (user_id, kind, created_at);
CREATE INDEX towergate_mails_by_end ON towergate_mails (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX towergate_mails_dead ON towergate_mails (died_at, id) WHERE died_at IS NOT NULL;
