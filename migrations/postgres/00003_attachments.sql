-- Files: what customers send and what the team uploads to send.

-- +goose Up

-- One row per file. The bytes are in the blob store, under the keys; a row is
-- PENDING until they are there and checked.
CREATE TABLE attachments (
    organization_id   uuid NOT NULL,
    id                uuid NOT NULL,
    source            text NOT NULL,
    channel_id        uuid,
    uploader_id       uuid,
    status            text NOT NULL,
    kind              text NOT NULL,
    voice             boolean NOT NULL,
    animated          boolean NOT NULL,
    mime_type         text NOT NULL,
    file_name         text NOT NULL,
    byte_size         bigint NOT NULL,
    sha256            bytea,
    width             bigint,
    height            bigint,
    duration_ms       bigint,
    blob_key          text NOT NULL,
    thumbnail_key     text NOT NULL,
    media_id          text NOT NULL,
    failure           text,
    attempts          bigint NOT NULL,
    upload_expires_at timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
-- Clean-up of uploads that were begun and never completed.
CREATE INDEX attachments_status_created_at_idx ON attachments (status, created_at);

-- Meta's ids of files that were handed to it, per number, as long as they live.
CREATE TABLE media_handles (
    organization_id uuid NOT NULL,
    attachment_id   uuid NOT NULL,
    channel_id      uuid NOT NULL,
    media_id        text NOT NULL,
    expires_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, attachment_id, channel_id)
);
-- Clean-up of ids that Meta has forgotten.
CREATE INDEX media_handles_expires_at_idx ON media_handles (expires_at);

ALTER TABLE messages ADD COLUMN attachment_id uuid;
-- The messages that a file belongs to: who may see it, and whom to tell when it has arrived.
CREATE INDEX messages_attachment_idx ON messages (organization_id, attachment_id) WHERE attachment_id IS NOT NULL;
