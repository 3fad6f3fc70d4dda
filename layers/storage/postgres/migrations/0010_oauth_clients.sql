CREATE TABLE towergate_clients (
    id                        text   COLLATE "C" PRIMARY KEY,
    state                     text   NOT NULL CHECK (state IN ('active', 'disabled')),
    secret                    bytea  CHECK (octet_length(secret) = 32),
    sealed_secret             bytea,
    registration_access_token bytea  CHECK (octet_length(registration_access_token) = 32),
    registered_at             bigint,
    document_refresh_at       bigint,
    document_ends_at          bigint,
    metadata                  text   NOT NULL CHECK (metadata::json IS NOT NULL)
);

CREATE INDEX towergate_clients_by_themselves ON towergate_clients (registration_access_token)
    WHERE registration_access_token IS NOT NULL;
CREATE INDEX towergate_clients_by_document ON towergate_clients (document_ends_at) WHERE document_ends_at IS NOT NULL;

-- Clients that registered themselves and have got nothing yet.
CREATE TABLE towergate_unused_clients (
    client        text   COLLATE "C" PRIMARY KEY REFERENCES towergate_clients (id) ON DELETE CASCADE,
    registered_at bigint NOT NULL
);

CREATE INDEX towergate_unused_clients_by_age ON towergate_unused_clients (registered_at, client);
