-- Who takes a conversation: how much each user has and wants, the queue of what nobody
-- could take, and the reasons of every decision.

-- +goose Up

CREATE TABLE workloads (
    organization_id         uuid NOT NULL,
    user_id                 uuid NOT NULL,
    availability            text NOT NULL,
    availability_changed_at timestamptz,
    ceiling                 bigint,
    open_count              bigint NOT NULL,
    PRIMARY KEY (organization_id, user_id),
    CONSTRAINT fk_workloads_user FOREIGN KEY (user_id) REFERENCES users (id)
);
INSERT INTO workloads (organization_id, user_id, availability, open_count)
SELECT organization_id, assignee_id, 'ONLINE', count(*) FROM conversations
WHERE status = 'OPEN' AND assignee_id IS NOT NULL
GROUP BY organization_id, assignee_id;

ALTER TABLE conversations ADD COLUMN queued_at timestamptz;
-- The queue, oldest first; also finds the organizations that have one.
CREATE INDEX conversations_queue_idx ON conversations (organization_id, queued_at, id) WHERE queued_at IS NOT NULL;

CREATE TABLE assignment_entries (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    conversation_id uuid NOT NULL,
    cause           text NOT NULL,
    assignee_id     uuid,
    previous_id     uuid,
    decided_by_id   uuid,
    skipped         text,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_assignment_entries_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id)
);
-- A conversation's log, newest first.
CREATE INDEX assignment_entries_conversation_idx ON assignment_entries (organization_id, conversation_id, created_at, id);
