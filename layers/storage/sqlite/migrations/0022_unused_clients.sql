-- Clients that registered themselves and have got nothing yet. Those that are there already may have: they stay.
CREATE TABLE towergate_unused_clients (
    client        TEXT    NOT NULL PRIMARY KEY,
    registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_unused_clients_by_age ON towergate_unused_clients (registered_at, client);
