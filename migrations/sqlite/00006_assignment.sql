-- Who takes a conversation: how much each user has and wants, the queue of what nobody
-- could take, and the reasons of every decision.

-- +goose Up

CREATE TABLE workloads (
    organization_id         text NOT NULL,
    user_id                 text NOT NULL,
    availability            text NOT NULL,
    availability_changed_at datetime,
    ceiling                 bigint,
    open_count              bigint NOT NULL,
    PRIMARY KEY (organization_id, user_id),
    CONSTRAINT fk_workloads_user FOREIGN KEY (user_id) REFERENCES users (id)
);
INSERT INTO workloads (organization_id, user_id, availability, open_count)
SELECT organization_id, assignee_id, 'ONLINE', count(*) FROM conversations
WHERE status = 'OPEN' AND assignee_id IS NOT NULL
GROUP BY organization_id, assignee_id;

ALTER TABLE conversations ADD COLUMN queued_at datetime;
-- The queue, oldest first; also finds the organizations that have one.
CREATE INDEX conversations_queue_idx ON conversations (organization_id, queued_at, id) WHERE queued_at IS NOT NULL;

CREATE TABLE assignment_entries (
    organization_id text NOT NULL,
    id              text NOT NULL,
    conversation_id text NOT NULL,
    cause           text NOT NULL,
    assignee_id     text,
    previous_id     text,
    decided_by_id   text,
    skipped         text,
    created_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_assignment_entries_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id)
);
-- A conversation's log, newest first.
CREATE INDEX assignment_entries_conversation_idx ON assignment_entries (organization_id, conversation_id, created_at, id);
