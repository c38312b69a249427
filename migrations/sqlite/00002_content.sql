-- Messages of every kind, with reactions, edits and deletions, and people who change
-- their number.

-- +goose Up

-- What a message says beyond its text, where it was written, and what became of it.
ALTER TABLE messages ADD COLUMN content text;
ALTER TABLE messages ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN forwarded boolean NOT NULL DEFAULT false;
ALTER TABLE messages ADD COLUMN frequently_forwarded boolean NOT NULL DEFAULT false;
ALTER TABLE messages ADD COLUMN from_history boolean NOT NULL DEFAULT false;
ALTER TABLE messages ADD COLUMN edited_at datetime;
ALTER TABLE messages ADD COLUMN deleted_at datetime;
UPDATE messages SET source = CASE direction WHEN 'INBOUND' THEN 'CUSTOMER' ELSE 'AGENT' END;

ALTER TABLE conversations ADD COLUMN early_until datetime;

-- Reactions hang on the message's id of Meta's, so that they may be there first. Read with a page of messages.
CREATE TABLE message_reactions (
    organization_id text NOT NULL,
    channel_id      text NOT NULL,
    wamid           text NOT NULL,
    direction       text NOT NULL,
    emoji           text NOT NULL,
    reaction_wamid  text NOT NULL,
    sender_id       text,
    reacted_at      datetime NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, channel_id, wamid, direction)
);

-- Edits and deletions, likewise, and what edited messages said at first.
CREATE TABLE message_revisions (
    organization_id text NOT NULL,
    channel_id      text NOT NULL,
    wamid           text NOT NULL,
    id              text NOT NULL,
    deletion        boolean NOT NULL,
    direction       text NOT NULL,
    body            text NOT NULL,
    content         text,
    revised_at      datetime NOT NULL,
    created_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, channel_id, wamid, id)
);

-- Numbers and user ids that their owners gave up, with the time. Asked when a sender is not recognized.
CREATE TABLE released_identities (
    organization_id text NOT NULL,
    kind            text NOT NULL,
    match_key       text NOT NULL,
    released_at     datetime NOT NULL,
    replaced_by     text NOT NULL,
    contact_id      text NOT NULL,
    created_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, kind, match_key, released_at),
    CONSTRAINT fk_released_identities_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
);
-- Those of a contact, when two contacts turn out to be one.
CREATE INDEX released_identities_contact_idx ON released_identities (organization_id, contact_id);
