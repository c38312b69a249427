-- +goose Up

-- The uploads that are under way, of a user and of an organization; there may be only so many.
CREATE INDEX attachments_uploads_idx ON attachments (organization_id, uploader_id) WHERE status = 'PENDING' AND source = 'UPLOAD';
