-- How full each bucket is: all that is kept of one is when it will be empty.
CREATE TABLE towergate_rate_limits (
    name     text COLLATE "C" NOT NULL,
    scope    text COLLATE "C" NOT NULL CHECK (scope IN ('account', 'address', 'network', 'unknown')),
    whose    bytea  NOT NULL CHECK (length(whose) <= 32),
    empty_at bigint NOT NULL,
    PRIMARY KEY (name, scope, whose)
);

CREATE INDEX towergate_rate_limits_by_end ON towergate_rate_limits (empty_at);
