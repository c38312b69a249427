-- Tags of conversations, and events that are for one user only.

-- +goose Up

CREATE TABLE tags (
    organization_id text NOT NULL,
    id              text NOT NULL,
    name            text NOT NULL,
    name_key        text NOT NULL,
    color           text NOT NULL,
    version         bigint NOT NULL,
    created_by_id   text NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_tags_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
-- A name is used once, however it is spelled; also the list of tags, by name.
CREATE UNIQUE INDEX tags_name_key ON tags (organization_id, name_key);

-- The primary key serves a conversation's tags.
CREATE TABLE conversation_tags (
    organization_id text NOT NULL,
    conversation_id text NOT NULL,
    tag_id          text NOT NULL,
    created_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, conversation_id, tag_id),
    CONSTRAINT fk_conversation_tags_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
    CONSTRAINT fk_conversation_tags_tag FOREIGN KEY (organization_id, tag_id) REFERENCES tags (organization_id, id)
);
-- The conversations with a tag.
CREATE INDEX conversation_tags_tag_idx ON conversation_tags (organization_id, tag_id, conversation_id);

-- Whom an event is for; NULL: everybody who may see its channel.
ALTER TABLE events ADD COLUMN user_id text;
