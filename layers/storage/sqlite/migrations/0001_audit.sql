CREATE TABLE towergate_audit_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    request     BLOB    NOT NULL CHECK (length(request) = 16),
    action      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL CHECK (outcome IN ('succeeded', 'refused', 'failed')),
    actor_kind  TEXT    NOT NULL,
    actor_id    TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target_id   TEXT    NOT NULL,
    reason      TEXT,
    details     TEXT    NOT NULL CHECK (json_valid(details))
) STRICT;
