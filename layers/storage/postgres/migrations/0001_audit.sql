CREATE TABLE towergate_audit_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          bigint NOT NULL,
    request     uuid   NOT NULL,
    action      text COLLATE "C" NOT NULL,
    outcome     text COLLATE "C" NOT NULL CHECK (outcome IN ('succeeded', 'refused', 'failed')),
    actor_kind  text COLLATE "C" NOT NULL,
    actor_id    text COLLATE "C" NOT NULL,
    target_kind text COLLATE "C" NOT NULL,
    target_id   text COLLATE "C" NOT NULL,
    reason      text COLLATE "C",
    details     text NOT NULL CHECK (details::json IS NOT NULL)
);

-- What happened to somebody's account.
CREATE INDEX towergate_audit_events_by_actor ON towergate_audit_events (actor_id, id) WHERE actor_kind = 'user';
CREATE INDEX towergate_audit_events_upon ON towergate_audit_events (target_id, id) WHERE target_kind = 'user';

-- Holds no row: steps that lost their race twice lock it, and so come one after the other.
CREATE TABLE towergate_gate (
    nothing boolean
);
