-- Public keys of people, none of which is a secret.
CREATE TABLE towergate_passkeys (
    id              uuid    PRIMARY KEY,
    user_id         uuid    NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    credential_id   bytea   NOT NULL CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    name            text    NOT NULL,
    credential      text    NOT NULL,
    count           bigint  NOT NULL CHECK (count BETWEEN 0 AND 4294967295),
    aaguid          uuid    NOT NULL,
    transports      text    NOT NULL,
    verifies        boolean NOT NULL,
    backup_eligible boolean NOT NULL,
    backed_up       boolean NOT NULL,
    created_at      bigint  NOT NULL,
    last_used_at    bigint
);

CREATE UNIQUE INDEX towergate_passkeys_by_credential ON towergate_passkeys (credential_id);
CREATE INDEX towergate_passkeys_by_person ON towergate_passkeys (user_id, created_at, id);

-- Challenges that wait for their answer.
CREATE TABLE towergate_passkey_ceremonies (
    id         uuid   PRIMARY KEY,
    browser    bytea  NOT NULL CHECK (octet_length(browser) = 32),
    purpose    text   COLLATE "C" NOT NULL CHECK (purpose IN ('register', 'second_factor', 'sign_in')),
    user_id    uuid   REFERENCES towergate_users (id) ON DELETE CASCADE,
    session_id uuid,
    state      text   COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    CHECK ((user_id IS NULL) = (purpose = 'sign_in')),
    CHECK ((session_id IS NULL) = (purpose = 'sign_in'))
);

CREATE INDEX towergate_passkey_ceremonies_by_end ON towergate_passkey_ceremonies (expires_at);
CREATE INDEX towergate_passkey_ceremonies_by_person
    ON towergate_passkey_ceremonies (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX towergate_passkey_ceremonies_by_session
    ON towergate_passkey_ceremonies (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX towergate_passkey_ceremonies_by_browser
    ON towergate_passkey_ceremonies (browser, id) WHERE session_id IS NULL;
CREATE INDEX towergate_passkey_ceremonies_of_strangers
    ON towergate_passkey_ceremonies (expires_at) WHERE session_id IS NULL;

-- Who wants to be asked for a passkey at every sign-in.
CREATE TABLE towergate_passkey_factors (
    user_id    uuid   PRIMARY KEY REFERENCES towergate_users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL
);
