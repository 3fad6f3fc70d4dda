CREATE TABLE towergate_keys (
    kid            text   COLLATE "C" PRIMARY KEY,
    algorithm      text   NOT NULL,
    sealed_private bytea  NOT NULL,
    public_jwk     text   NOT NULL CHECK (public_jwk::json IS NOT NULL),
    state          text   NOT NULL CHECK (state IN ('published', 'active', 'retiring', 'retired')),
    created_at     bigint NOT NULL,
    since          bigint NOT NULL
);

CREATE INDEX towergate_keys_in_use ON towergate_keys (created_at, kid) WHERE state <> 'retired';

-- One key of an algorithm signs, and one waits to.
CREATE UNIQUE INDEX towergate_keys_one_of_each ON towergate_keys (algorithm, state)
    WHERE state IN ('published', 'active');
