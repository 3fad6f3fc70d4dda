-- What was allowed before was seen without single claims and without named APIs.
ALTER TABLE towergate_consents ADD COLUMN claims TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(claims));
ALTER TABLE towergate_consents ADD COLUMN resource TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(resource));
