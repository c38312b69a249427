-- Every list of conversations walks an index of just its rows, or looks at a bounded
-- number of rows per page; see inbox/route.go and docs/decisions/0007.

-- +goose Up

-- A state, a channel, an assignee or nobody, each newest first. With the status before
-- the time, what is open is found without walking through what was closed; a list of
-- both states is merged from two walks.
DROP INDEX conversations_open_idx;
CREATE INDEX conversations_status_idx ON conversations (organization_id, status, last_message_at, id);
DROP INDEX conversations_channel_idx;
CREATE INDEX conversations_channel_idx ON conversations (organization_id, channel_id, status, last_message_at, id);
DROP INDEX conversations_assignee_idx;
CREATE INDEX conversations_assignee_idx ON conversations (organization_id, assignee_id, status, last_message_at, id);
-- What is put off, newest first.
CREATE INDEX conversations_snoozed_idx ON conversations (organization_id, last_message_at, id) WHERE snoozed_until IS NOT NULL;
-- What the business began, newest first.
CREATE INDEX conversations_business_idx ON conversations (organization_id, last_message_at, id) WHERE origin = 'BUSINESS';
