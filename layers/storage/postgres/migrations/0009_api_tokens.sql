-- Tokens that people made for their programs: what is known of them, and nothing by which one could be shown.
CREATE TABLE towergate_api_tokens (
    id           uuid   PRIMARY KEY,
    user_id      uuid   NOT NULL REFERENCES towergate_users (id) ON DELETE CASCADE,
    name         text   NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    permissions  text   NOT NULL CHECK (permissions::json IS NOT NULL),
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL,
    last_used_at bigint
);

CREATE INDEX towergate_api_tokens_by_person ON towergate_api_tokens (user_id, created_at, id);
CREATE INDEX towergate_api_tokens_by_end ON towergate_api_tokens (expires_at);
