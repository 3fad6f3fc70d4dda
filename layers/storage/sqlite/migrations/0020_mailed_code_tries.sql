-- Which classes of credential there are is the program's to know.
CREATE TABLE towergate_tries_of_any_class (
    class    TEXT    NOT NULL,
    whose    BLOB    NOT NULL CHECK (length(whose) IN (16, 32)),
    in_a_row INTEGER NOT NULL,
    lately   INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (class, whose)
) STRICT, WITHOUT ROWID;

INSERT INTO towergate_tries_of_any_class (class, whose, in_a_row, lately, last_at)
    SELECT class, whose, in_a_row, lately, last_at FROM towergate_tries;
DROP TABLE towergate_tries;
ALTER TABLE towergate_tries_of_any_class RENAME TO towergate_tries;

CREATE INDEX towergate_tries_of_nobody ON towergate_tries (last_at) WHERE length(whose) = 32;
