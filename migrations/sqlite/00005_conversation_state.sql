-- What the team's lists of conversations are filtered and sorted by, and several
-- conversations per contact and channel.

-- +goose Up

-- What becomes of a message of a customer whose conversation is closed.
ALTER TABLE channels ADD COLUMN reopen_policy text NOT NULL DEFAULT 'REOPEN';

ALTER TABLE conversations ADD COLUMN current boolean NOT NULL DEFAULT true;
ALTER TABLE conversations ADD COLUMN origin text NOT NULL DEFAULT 'CUSTOMER';
ALTER TABLE conversations ADD COLUMN first_message_at datetime;
ALTER TABLE conversations ADD COLUMN last_team_message_at datetime;
ALTER TABLE conversations ADD COLUMN last_written_at datetime;
ALTER TABLE conversations ADD COLUMN last_message_by text;
ALTER TABLE conversations ADD COLUMN waiting_since datetime;
ALTER TABLE conversations ADD COLUMN window_expires_at datetime;
ALTER TABLE conversations ADD COLUMN last_referral_at datetime;
ALTER TABLE conversations ADD COLUMN free_entry_expires_at datetime;
ALTER TABLE conversations ADD COLUMN snoozed_until datetime;
ALTER TABLE conversations ADD COLUMN muted boolean NOT NULL DEFAULT false;
ALTER TABLE conversations ADD COLUMN close_reason text NOT NULL DEFAULT '';

-- A contact has one current conversation on a channel, which is also how it is found
-- for an inbound message; those before it are closed for good.
DROP INDEX conversations_contact_key;
CREATE UNIQUE INDEX conversations_contact_key ON conversations (organization_id, channel_id, contact_id) WHERE current;
-- Those before it, of a contact.
CREATE INDEX conversations_superseded_idx ON conversations (organization_id, contact_id) WHERE NOT current;

-- The summaries of what is there already.
UPDATE conversations SET
    last_team_message_at = (
        SELECT max(m.sent_at) FROM messages AS m
        WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id AND m.direction = 'OUTBOUND'
    ),
    first_message_at = (
        SELECT min(m.sent_at) FROM messages AS m
        WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id
            AND m.kind NOT IN ('system', 'edit', 'revoke', 'request_welcome')
    ),
    last_written_at = (
        SELECT max(m.sent_at) FROM messages AS m
        WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id
            AND m.kind NOT IN ('system', 'edit', 'revoke', 'request_welcome')
    ),
    window_expires_at = rtrim(rtrim(strftime('%Y-%m-%d %H:%M:%f', last_customer_message_at, '+24 hours'), '0'), '.') || '+00:00';
UPDATE conversations SET
    origin = CASE WHEN EXISTS (
        SELECT 1 FROM messages AS m
        WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id
            AND m.sent_at = conversations.first_message_at AND m.direction = 'INBOUND'
    ) OR first_message_at IS NULL THEN 'CUSTOMER' ELSE 'BUSINESS' END,
    last_message_by = CASE
        WHEN last_team_message_at = last_written_at THEN 'TEAM'
        WHEN last_written_at IS NOT NULL THEN 'CUSTOMER'
    END,
    waiting_since = (
        SELECT min(m.sent_at) FROM messages AS m
        WHERE m.organization_id = conversations.organization_id AND m.conversation_id = conversations.id
            AND m.direction = 'INBOUND' AND m.kind NOT IN ('system', 'edit', 'revoke', 'request_welcome')
            AND (conversations.last_team_message_at IS NULL OR m.sent_at > conversations.last_team_message_at)
            AND conversations.status = 'OPEN'
    );
