-- Connecting numbers: what an edition includes, what Meta says of a number, its
-- health, and connections on their way.

-- +goose Up

CREATE TABLE editions (
    name          text NOT NULL,
    channel_limit bigint,
    PRIMARY KEY (name)
);
-- How many numbers may be connected at a time; NULL: any number.
INSERT INTO editions (name, channel_limit) VALUES ('FREE', 0), ('EXPRESS', NULL), ('PREMIER', NULL), ('BIGIN_360', NULL);
-- Whoever is here already has connected numbers.
ALTER TABLE organizations ADD COLUMN edition text NOT NULL DEFAULT 'EXPRESS';

ALTER TABLE channels ADD COLUMN facts text;
ALTER TABLE channels ADD COLUMN problems text;
ALTER TABLE channels ADD COLUMN last_webhook_at timestamptz;
ALTER TABLE channels ADD COLUMN token_expires_at timestamptz;
ALTER TABLE channels ADD COLUMN token_user_id text NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN token_source text NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN pin bytea;
ALTER TABLE channels ADD COLUMN connected_at timestamptz;
ALTER TABLE channels ADD COLUMN disconnected_at timestamptz;
ALTER TABLE channels ADD COLUMN checked_at timestamptz;
UPDATE channels SET connected_at = created_at;

CREATE TABLE channel_connections (
    organization_id   uuid NOT NULL,
    id                uuid NOT NULL,
    started_by_id     uuid NOT NULL,
    method            text NOT NULL,
    status            text NOT NULL,
    reached           text NOT NULL,
    nonce             bytea,
    return_url        text NOT NULL,
    access_token      bytea,
    access_token_hint text NOT NULL,
    token_user_id     text NOT NULL,
    token_expires_at  timestamptz,
    accounts          text,
    waba_id           text NOT NULL,
    phone_number_id   text NOT NULL,
    subscribed        boolean NOT NULL,
    pin               bytea,
    failure           text,
    channel_id        uuid,
    expires_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_channel_connections_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_channel_connections_started_by FOREIGN KEY (started_by_id) REFERENCES users (id)
);
-- An organization's connections, newest first.
CREATE INDEX channel_connections_created_at_idx ON channel_connections (organization_id, created_at, id);
-- Those that are to be cleaned up.
CREATE INDEX channel_connections_expires_at_idx ON channel_connections (expires_at) WHERE ended_at IS NULL;
