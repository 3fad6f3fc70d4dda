-- No number is used twice.
CREATE SEQUENCE towergate_audit_events_numbers AS bigint;

-- Whoever takes a number has a transaction that others see under way (CASE is worked out in order), so that they can wait for it: a number
-- that is not there when all those have ended never comes.
CREATE TABLE towergate_audit_events (
    id          bigint PRIMARY KEY DEFAULT
                CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('towergate_audit_events_numbers') END,
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

ALTER SEQUENCE towergate_audit_events_numbers OWNED BY towergate_audit_events.id;

-- What happened to somebody's account.
CREATE INDEX towergate_audit_events_by_actor ON towergate_audit_events (actor_id, id) WHERE actor_kind = 'user';
CREATE INDEX towergate_audit_events_upon ON towergate_audit_events (target_id, id) WHERE target_kind = 'user';

-- Holds no row: steps that lost their race twice lock it, and so come one after the other.
CREATE TABLE towergate_gate (
    nothing boolean
);
