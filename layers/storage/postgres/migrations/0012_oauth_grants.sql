CREATE TABLE towergate_grants (
    id         uuid    PRIMARY KEY,
    client     text    COLLATE "C" NOT NULL,
    subject    text    COLLATE "C" NOT NULL,
    scope      text    NOT NULL,
    audience   text    NOT NULL CHECK (audience::json IS NOT NULL),
    auth_time  bigint  NOT NULL,
    acr        text,
    amr        text    NOT NULL CHECK (amr::json IS NOT NULL),
    sid        text    COLLATE "C",
    created_at bigint  NOT NULL,
    offline    boolean NOT NULL,
    revoked_at bigint,
    claims     text    NOT NULL CHECK (claims::json IS NOT NULL)
);

CREATE INDEX towergate_grants_alive_by_subject ON towergate_grants (subject, client) WHERE revoked_at IS NULL;
CREATE INDEX towergate_grants_alive_by_client ON towergate_grants (client) WHERE revoked_at IS NULL;
CREATE INDEX towergate_grants_alive_by_sid ON towergate_grants (sid)
    WHERE revoked_at IS NULL AND NOT offline AND sid IS NOT NULL;

CREATE TABLE towergate_codes (
    id                    uuid    PRIMARY KEY,
    digest                bytea   NOT NULL CHECK (octet_length(digest) = 32),
    grant_id              uuid    NOT NULL REFERENCES towergate_grants (id),
    redirect_uri          text    NOT NULL,
    redirect_uri_was_sent boolean NOT NULL,
    code_challenge        bytea   CHECK (octet_length(code_challenge) = 32),
    nonce                 text,
    expires_at            bigint  NOT NULL,
    spent_at              bigint
);

CREATE INDEX towergate_codes_by_grant ON towergate_codes (grant_id);
CREATE INDEX towergate_codes_unspent_by_end ON towergate_codes (expires_at) WHERE spent_at IS NULL;

CREATE TABLE towergate_access_tokens (
    id         uuid   PRIMARY KEY,
    digest     bytea  CHECK (octet_length(digest) = 32),
    grant_id   uuid   REFERENCES towergate_grants (id),
    client     text   COLLATE "C" NOT NULL,
    subject    text   COLLATE "C",
    scope      text   NOT NULL,
    audience   text   NOT NULL CHECK (audience::json IS NOT NULL),
    issued_at  bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);

CREATE INDEX towergate_access_tokens_by_grant ON towergate_access_tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX towergate_access_tokens_by_end ON towergate_access_tokens (expires_at);

CREATE TABLE towergate_refresh_tokens (
    id                  uuid   PRIMARY KEY,
    digest              bytea  NOT NULL CHECK (octet_length(digest) = 32),
    grant_id            uuid   NOT NULL REFERENCES towergate_grants (id),
    generation          bigint NOT NULL CHECK (generation >= 0),
    issued_at           bigint NOT NULL,
    expires_at          bigint NOT NULL,
    absolute_expires_at bigint NOT NULL,
    rotated_at          bigint,
    successor           uuid,
    sealed_answer       bytea
) WITH (fillfactor = 90);

CREATE INDEX towergate_refresh_tokens_by_grant ON towergate_refresh_tokens (grant_id);
CREATE INDEX towergate_refresh_tokens_by_end ON towergate_refresh_tokens (absolute_expires_at);

-- Sign-ins that are over, remembered for as long as a request from before may still ask for a code.
CREATE TABLE towergate_ended_sign_ins (
    sid      text   COLLATE "C" PRIMARY KEY,
    ended_at bigint NOT NULL
);

CREATE INDEX towergate_ended_sign_ins_by_end ON towergate_ended_sign_ins (ended_at);
