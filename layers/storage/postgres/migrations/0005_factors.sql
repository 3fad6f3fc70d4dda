-- Authenticator apps: the secret is sealed under a key that is not here.
CREATE TABLE towergate_totp (
    user_id    uuid   PRIMARY KEY REFERENCES towergate_users (id) ON DELETE CASCADE,
    sealed     bytea  NOT NULL,
    last_step  bigint,
    created_at bigint NOT NULL
);

CREATE TABLE towergate_backup_codes (
    user_id    uuid   NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, digest)
);
