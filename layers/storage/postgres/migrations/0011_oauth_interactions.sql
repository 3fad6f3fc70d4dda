CREATE TABLE towergate_interactions (
    id            uuid   PRIMARY KEY,
    browser       bytea  NOT NULL CHECK (octet_length(browser) = 32),
    request       text   NOT NULL CHECK (request::json IS NOT NULL),
    subject       text   COLLATE "C",
    sign_in_after bigint,
    created_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    state         text   NOT NULL CHECK (state IN ('open', 'approved', 'denied'))
);

CREATE INDEX towergate_interactions_by_end ON towergate_interactions (expires_at);
CREATE INDEX towergate_interactions_open_by_client
    ON towergate_interactions ((request::json ->> 'client_id')) WHERE state = 'open';

-- How many interactions wait, by the minute in which they end. Each minute has several rows, so that two that begin at
-- once seldom wait for each other.
CREATE TABLE towergate_interaction_room (
    minute bigint   NOT NULL,
    shard  smallint NOT NULL DEFAULT 0,
    taken  bigint   NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (minute, shard)
) WITH (fillfactor = 50);

CREATE TABLE towergate_consents (
    subject  text   COLLATE "C" NOT NULL,
    client   text   COLLATE "C" NOT NULL,
    scope    text   NOT NULL,
    claims   text   NOT NULL CHECK (claims::json IS NOT NULL),
    resource text   NOT NULL CHECK (resource::json IS NOT NULL),
    given_at bigint NOT NULL,
    PRIMARY KEY (subject, client)
);

CREATE INDEX towergate_consents_by_client ON towergate_consents (client);
