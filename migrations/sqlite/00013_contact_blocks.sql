-- Whom the team does not want to hear from, per channel, and what Meta made of it.

-- +goose Up

CREATE TABLE contact_blocks (
    organization_id text NOT NULL,
    contact_id      text NOT NULL,
    channel_id      text NOT NULL,
    blocked         numeric NOT NULL,
    status          text NOT NULL,
    failure         text,
    held            numeric NOT NULL,
    address         text NOT NULL,
    attempts        bigint NOT NULL,
    attempted_at    datetime,
    version         bigint NOT NULL,
    decided_by_id   text NOT NULL,
    decided_at      datetime NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    -- Also the blocks of a contact.
    PRIMARY KEY (organization_id, contact_id, channel_id),
    CONSTRAINT fk_contact_blocks_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
    CONSTRAINT fk_contact_blocks_channel FOREIGN KEY (channel_id) REFERENCES channels (id),
    CONSTRAINT fk_contact_blocks_decided_by FOREIGN KEY (decided_by_id) REFERENCES users (id)
);

-- Kept in the conversation as well, so that receiving and sending need not look it up.
ALTER TABLE conversations ADD COLUMN blocked numeric NOT NULL DEFAULT false;
