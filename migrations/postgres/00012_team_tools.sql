-- What a team keeps beside the messages: notes in conversations, and notifications
-- of its members.

-- +goose Up

CREATE TABLE conversation_notes (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    channel_id      uuid NOT NULL,
    conversation_id uuid NOT NULL,
    author_id       uuid NOT NULL,
    body            text NOT NULL,
    mentions        text,
    version         bigint NOT NULL,
    edited_at       timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_conversation_notes_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
    CONSTRAINT fk_conversation_notes_author FOREIGN KEY (author_id) REFERENCES users (id)
);
-- The notes of a conversation, page by page.
CREATE INDEX conversation_notes_conversation_idx ON conversation_notes (organization_id, conversation_id, created_at, id);

CREATE TABLE notifications (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    user_id         uuid NOT NULL,
    kind            text NOT NULL,
    channel_id      uuid NOT NULL,
    conversation_id uuid NOT NULL,
    note_id         uuid,
    message_id      uuid,
    actor_id        uuid,
    read_at         timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_notifications_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
    CONSTRAINT fk_notifications_user FOREIGN KEY (user_id) REFERENCES users (id)
);
-- A user's notifications, newest first: all, and the unread ones.
CREATE INDEX notifications_user_idx ON notifications (organization_id, user_id, created_at, id);
CREATE INDEX notifications_unread_idx ON notifications (organization_id, user_id, created_at, id) WHERE read_at IS NULL;
-- Those of a conversation, when it is read or merged.
CREATE INDEX notifications_conversation_idx ON notifications (organization_id, conversation_id);
-- Clean-up after the retention time.
CREATE INDEX notifications_created_at_idx ON notifications (created_at);

-- How many unread notifications a user has on a channel: kept, so that showing the
-- number does not count.
CREATE TABLE notification_counts (
    organization_id uuid NOT NULL,
    user_id         uuid NOT NULL,
    channel_id      uuid NOT NULL,
    unread          bigint NOT NULL,
    PRIMARY KEY (organization_id, user_id, channel_id)
);
