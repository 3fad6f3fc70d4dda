-- Whoever is leaving, or gone, is so by the last two columns.
CREATE TABLE towergate_users (
    id           uuid   PRIMARY KEY,
    email        text   COLLATE "C" NOT NULL UNIQUE,
    password     text,
    state        text   COLLATE "C" NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at   bigint NOT NULL,
    confirmed_at bigint,
    delete_at    bigint,
    deleted_at   bigint
);

CREATE INDEX towergate_users_leaving ON towergate_users (delete_at, id) WHERE delete_at IS NOT NULL;

CREATE TABLE towergate_sessions (
    id                  uuid    PRIMARY KEY,
    digest              bytea   NOT NULL CHECK (octet_length(digest) = 32),
    sign_in             uuid    NOT NULL,
    user_id             uuid    NOT NULL REFERENCES towergate_users (id),
    stage               text    COLLATE "C" NOT NULL
                        CHECK (stage IN ('complete', 'awaits_enrolment', 'awaits_second_factor', 'leaving')),
    methods             text    NOT NULL CHECK (methods::json IS NOT NULL),
    authenticated_at    bigint  NOT NULL,
    created_at          bigint  NOT NULL,
    last_seen_at        bigint  NOT NULL,
    idle_expires_at     bigint  NOT NULL,
    absolute_expires_at bigint  NOT NULL,
    passkey             uuid,
    agent               text,
    network             text,
    place               text,
    began_at            bigint,
    remembered          uuid,
    asked               boolean NOT NULL DEFAULT false
);

CREATE INDEX towergate_sessions_by_user ON towergate_sessions (user_id, created_at, id);
CREATE INDEX towergate_sessions_by_end ON towergate_sessions (idle_expires_at);
CREATE INDEX towergate_sessions_by_sign_in ON towergate_sessions (sign_in);
CREATE INDEX towergate_sessions_by_family ON towergate_sessions (remembered) WHERE remembered IS NOT NULL;

CREATE TABLE towergate_session_values (
    session_id uuid NOT NULL REFERENCES towergate_sessions (id) ON DELETE CASCADE,
    name       text COLLATE "C" NOT NULL,
    value      text NOT NULL,
    PRIMARY KEY (session_id, name)
);

-- Identifiers that sessions went by before.
CREATE TABLE towergate_replaced_sessions (
    id         uuid   PRIMARY KEY,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),
    sign_in    uuid   NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX towergate_replaced_sessions_by_end ON towergate_replaced_sessions (expires_at);

-- Which classes of credential there are is the program's to know.
CREATE TABLE towergate_tries (
    class    text   COLLATE "C" NOT NULL,
    whose    bytea  NOT NULL CHECK (octet_length(whose) IN (16, 32)),
    in_a_row bigint NOT NULL CHECK (in_a_row BETWEEN 0 AND 4294967295),
    lately   bigint NOT NULL CHECK (lately BETWEEN 0 AND 4294967295),
    last_at  bigint NOT NULL,
    PRIMARY KEY (class, whose)
);

CREATE INDEX towergate_tries_of_nobody ON towergate_tries (last_at) WHERE octet_length(whose) = 32;
CREATE INDEX towergate_tries_of_person ON towergate_tries (whose) WHERE octet_length(whose) = 16;
