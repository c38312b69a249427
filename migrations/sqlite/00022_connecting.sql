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
ALTER TABLE channels ADD COLUMN last_webhook_at datetime;
ALTER TABLE channels ADD COLUMN token_expires_at datetime;
ALTER TABLE channels ADD COLUMN token_user_id text NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN token_source text NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN pin blob;
ALTER TABLE channels ADD COLUMN connected_at datetime;
ALTER TABLE channels ADD COLUMN disconnected_at datetime;
ALTER TABLE channels ADD COLUMN checked_at datetime;
UPDATE channels SET connected_at = created_at;

CREATE TABLE channel_connections (
    organization_id   text NOT NULL,
    id                text NOT NULL,
    started_by_id     text NOT NULL,
    method            text NOT NULL,
    status            text NOT NULL,
    reached           text NOT NULL,
    nonce             blob,
    return_url        text NOT NULL,
    access_token      blob,
    access_token_hint text NOT NULL,
    token_user_id     text NOT NULL,
    token_expires_at  datetime,
    accounts          text,
    waba_id           text NOT NULL,
    phone_number_id   text NOT NULL,
    subscribed        boolean NOT NULL,
    pin               blob,
    failure           text,
    channel_id        text,
    expires_at        datetime NOT NULL,
    ended_at          datetime,
    created_at        datetime NOT NULL,
    updated_at        datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_channel_connections_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_channel_connections_started_by FOREIGN KEY (started_by_id) REFERENCES users (id)
);
-- An organization's connections, newest first.
CREATE INDEX channel_connections_created_at_idx ON channel_connections (organization_id, created_at, id);
-- Those that are to be cleaned up.
CREATE INDEX channel_connections_expires_at_idx ON channel_connections (expires_at) WHERE ended_at IS NULL;
