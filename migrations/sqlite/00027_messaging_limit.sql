-- How many people an organization writes to first in 24 hours, against Meta's limit.

-- +goose Up

ALTER TABLE conversations ADD COLUMN last_outreach_at datetime;
-- Whom the numbers of a business wrote to first since a time, and when the earliest of them was.
CREATE INDEX conversations_outreach_idx ON conversations (organization_id, channel_id, last_outreach_at, contact_id)
    WHERE current AND last_outreach_at IS NOT NULL;
