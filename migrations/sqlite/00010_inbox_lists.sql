-- The lists, sorts and counts of the team's inbox.

-- +goose Up

-- Unread, newest first.
CREATE INDEX conversations_unread_idx ON conversations (organization_id, last_message_at, id) WHERE unread_count > 0;
-- Who waits, by how long.
CREATE INDEX conversations_waiting_idx ON conversations (organization_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
-- Open ones by the end of their window, and those whose window closes soon.
CREATE INDEX conversations_window_idx ON conversations (organization_id, window_expires_at, id) WHERE status = 'OPEN' AND window_expires_at IS NOT NULL;

-- How many messages of the customer there were; a reader's place is counted in them.
ALTER TABLE conversations ADD COLUMN inbound_count bigint NOT NULL DEFAULT 0;
UPDATE conversations SET inbound_count = (
    SELECT count(*) FROM messages AS m
    WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id
        AND m.direction = 'INBOUND' AND m.kind NOT IN ('system', 'edit', 'revoke', 'request_welcome')
);

CREATE TABLE conversation_reads (
    organization_id text NOT NULL,
    user_id         text NOT NULL,
    conversation_id text NOT NULL,
    read_count      bigint NOT NULL,
    read_at         datetime NOT NULL,
    PRIMARY KEY (organization_id, user_id, conversation_id)
);
-- The readers of a conversation that goes up in another one.
CREATE INDEX conversation_reads_conversation_idx ON conversation_reads (organization_id, conversation_id);

-- How many conversations there are per channel and assignee; the all-zero id is nobody.
CREATE TABLE inbox_counters (
    organization_id text NOT NULL,
    channel_id      text NOT NULL,
    assignee_id     text NOT NULL,
    open_count      bigint NOT NULL,
    unread_count    bigint NOT NULL,
    waiting_count   bigint NOT NULL,
    snoozed_count   bigint NOT NULL,
    PRIMARY KEY (organization_id, channel_id, assignee_id)
);
INSERT INTO inbox_counters (organization_id, channel_id, assignee_id, open_count, unread_count, waiting_count, snoozed_count)
SELECT organization_id, channel_id, coalesce(assignee_id, '00000000-0000-0000-0000-000000000000'), count(*),
    sum(CASE WHEN unread_count > 0 THEN 1 ELSE 0 END), sum(CASE WHEN waiting_since IS NOT NULL THEN 1 ELSE 0 END),
    sum(CASE WHEN snoozed_until IS NOT NULL THEN 1 ELSE 0 END)
FROM conversations WHERE status = 'OPEN'
GROUP BY organization_id, channel_id, assignee_id;
