-- What is written for addresses that nobody may prove, so that asking costs what it does for somebody's: rows of the same size and
-- with the same indices as in the tables beside them. Nothing is read from here but how many mails count.
CREATE TABLE towergate_email_tokens_in_vain (
    id         uuid   PRIMARY KEY,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),
    code       bytea  NOT NULL CHECK (octet_length(code) = 32),
    browser    bytea  CHECK (octet_length(browser) = 32),
    user_id    uuid   NOT NULL,
    email      text   COLLATE "C" NOT NULL,
    purpose    text   COLLATE "C" NOT NULL,
    password   text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    tries      bigint NOT NULL CHECK (tries BETWEEN 0 AND 255),
    state      text   COLLATE "C" NOT NULL CHECK (state IN ('open', 'replaced'))
);

CREATE INDEX towergate_email_tokens_in_vain_open ON towergate_email_tokens_in_vain (user_id, purpose)
    WHERE state = 'open';
CREATE INDEX towergate_email_tokens_in_vain_by_purpose ON towergate_email_tokens_in_vain (user_id, purpose, created_at);
CREATE INDEX towergate_email_tokens_in_vain_by_end ON towergate_email_tokens_in_vain (expires_at);

CREATE TABLE towergate_mails_in_vain (
    id           uuid   PRIMARY KEY,
    user_id      uuid   NOT NULL,
    kind         text   COLLATE "C" NOT NULL,
    domain       text   COLLATE "C" NOT NULL,
    sealed       bytea  NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    attempt      bigint NOT NULL CHECK (attempt BETWEEN 0 AND 4294967295),
    forgiven     bigint NOT NULL CHECK (forgiven BETWEEN 0 AND attempt),
    counts_until bigint NOT NULL
);

CREATE INDEX towergate_mails_in_vain_by_end ON towergate_mails_in_vain (counts_until, id);
CREATE INDEX towergate_mails_in_vain_by_person ON towergate_mails_in_vain (user_id, kind, created_at);
