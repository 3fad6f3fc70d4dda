ALTER TABLE towergate_clients ADD COLUMN document_refresh_at INTEGER;
ALTER TABLE towergate_clients ADD COLUMN document_ends_at INTEGER;

CREATE INDEX towergate_clients_by_themselves ON towergate_clients (registration_access_token)
    WHERE registration_access_token IS NOT NULL;
CREATE INDEX towergate_clients_by_document ON towergate_clients (document_ends_at) WHERE document_ends_at IS NOT NULL;

CREATE INDEX towergate_consents_by_client ON towergate_consents (client);
CREATE INDEX towergate_interactions_open_by_client ON towergate_interactions (json_extract(request, '$.client_id'))
    WHERE state = 'open';
