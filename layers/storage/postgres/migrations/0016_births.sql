CREATE TABLE towergate_births (
    name    text COLLATE "C" PRIMARY KEY,
    trusted bytea  NOT NULL CHECK (octet_length(trusted) = 32),
    doubted bytea  CHECK (octet_length(doubted) = 32),
    until   bigint CHECK ((until IS NULL) = (doubted IS NULL))
);
