-- What a team keeps beside the messages: notes in conversations, notifications of
-- its members, and quick replies.

-- +goose Up

CREATE TABLE conversation_notes (
    organization_id text NOT NULL,
    id              text NOT NULL,
    channel_id      text NOT NULL,
    conversation_id text NOT NULL,
    author_id       text NOT NULL,
    body            text NOT NULL,
    mentions        text,
    version         bigint NOT NULL,
    edited_at       datetime,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_conversation_notes_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
    CONSTRAINT fk_conversation_notes_author FOREIGN KEY (author_id) REFERENCES users (id)
);
-- The notes of a conversation, page by page.
CREATE INDEX conversation_notes_conversation_idx ON conversation_notes (organization_id, conversation_id, created_at, id);

CREATE TABLE notifications (
    organization_id text NOT NULL,
    id              text NOT NULL,
    user_id         text NOT NULL,
    kind            text NOT NULL,
    channel_id      text NOT NULL,
    conversation_id text NOT NULL,
    note_id         text,
    message_id      text,
    actor_id        text,
    read_at         datetime,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
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
    organization_id text NOT NULL,
    user_id         text NOT NULL,
    channel_id      text NOT NULL,
    unread          bigint NOT NULL,
    PRIMARY KEY (organization_id, user_id, channel_id)
);

CREATE TABLE quick_replies (
    organization_id text NOT NULL,
    id              text NOT NULL,
    owner_id        text,
    shortcut        text NOT NULL,
    body            text NOT NULL,
    attachment_id   text,
    version         bigint NOT NULL,
    created_by_id   text NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_quick_replies_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_quick_replies_owner FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT fk_quick_replies_attachment FOREIGN KEY (organization_id, attachment_id) REFERENCES attachments (organization_id, id)
);
-- A shortcut stands for one shared text, and for one of each user's own; also the
-- search by its beginning.
CREATE UNIQUE INDEX quick_replies_shared_key ON quick_replies (organization_id, shortcut) WHERE owner_id IS NULL;
CREATE UNIQUE INDEX quick_replies_personal_key ON quick_replies (organization_id, owner_id, shortcut) WHERE owner_id IS NOT NULL;
-- Whether a file is one of a quick reply.
CREATE INDEX quick_replies_attachment_idx ON quick_replies (organization_id, attachment_id) WHERE attachment_id IS NOT NULL;
