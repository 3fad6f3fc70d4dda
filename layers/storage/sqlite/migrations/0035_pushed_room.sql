-- How much room the requests that each client pushed take up, by the minute in which they do so no more.
CREATE TABLE towergate_pushed_room (
    client TEXT    NOT NULL,
    minute INTEGER NOT NULL,
    taken  INTEGER NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (client, minute)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_pushed_room_by_minute ON towergate_pushed_room (minute);

-- One takes up room for 20 minutes past its end.
INSERT INTO towergate_pushed_room (client, minute, taken)
    SELECT json_extract(request, '$.client_id'), (expires_at + 1259999) / 60000, count(*)
    FROM towergate_pushed_requests GROUP BY 1, 2;
