-- How much room the requests that each client pushed take up, by the minute in which they do so no more, in several rows as
-- in towergate_interaction_room.
CREATE TABLE towergate_pushed_room (
    client text     COLLATE "C" NOT NULL,
    minute bigint   NOT NULL,
    shard  smallint NOT NULL DEFAULT 0,
    taken  bigint   NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (client, minute, shard)
) WITH (fillfactor = 50);

CREATE INDEX towergate_pushed_room_by_minute ON towergate_pushed_room (minute);

-- One takes up room for 20 minutes past its end. Its row is that by which it gives its room back: the end of its identifier.
INSERT INTO towergate_pushed_room (client, minute, shard, taken)
    SELECT request::json ->> 'client_id', (expires_at + 1259999) / 60000, get_byte(uuid_send(id), 15) % 16, count(*)
    FROM towergate_pushed_requests GROUP BY 1, 2, 3;
