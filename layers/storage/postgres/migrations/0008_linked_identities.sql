-- Accounts elsewhere that open people's accounts here. Tokens are sealed under a key that is not here.
CREATE TABLE towergate_linked_identities (
    id           uuid   PRIMARY KEY,
    user_id      uuid   NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    provider     text   COLLATE "C" NOT NULL,
    issuer       text   COLLATE "C" NOT NULL CHECK (octet_length(issuer) BETWEEN 1 AND 255),
    subject      text   COLLATE "C" NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 255),
    label        text   NOT NULL,
    tokens       bytea,
    linked_at    bigint NOT NULL,
    last_used_at bigint
);

CREATE UNIQUE INDEX towergate_linked_identities_by_account ON towergate_linked_identities (issuer, subject);
CREATE INDEX towergate_linked_identities_by_person ON towergate_linked_identities (user_id, linked_at, id);

-- People who were sent to a provider and are to come back.
CREATE TABLE towergate_provider_visits (
    id         uuid    PRIMARY KEY,
    digest     bytea   NOT NULL CHECK (octet_length(digest) = 32),
    browser    bytea   NOT NULL CHECK (octet_length(browser) = 32),
    provider   text    COLLATE "C" NOT NULL,
    user_id    uuid    REFERENCES towergate_users (id) ON DELETE CASCADE,
    session_id uuid,
    remember   boolean NOT NULL,
    return_to  text    NOT NULL,
    created_at bigint  NOT NULL,
    expires_at bigint  NOT NULL,
    CHECK ((user_id IS NULL) = (session_id IS NULL))
);

CREATE INDEX towergate_provider_visits_by_end ON towergate_provider_visits (expires_at);
CREATE INDEX towergate_provider_visits_by_browser ON towergate_provider_visits (browser, id);
CREATE INDEX towergate_provider_visits_by_person ON towergate_provider_visits (user_id) WHERE user_id IS NOT NULL;
