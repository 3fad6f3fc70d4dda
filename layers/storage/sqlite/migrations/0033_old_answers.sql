-- What a repetition of a refresh is answered is worth seconds, and takes most of its row: the cleaner finds the rows that still have it.
CREATE INDEX towergate_refresh_tokens_answered ON towergate_refresh_tokens (rotated_at) WHERE sealed_answer <> x'';
