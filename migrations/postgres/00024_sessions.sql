-- Conversations that the business begins: when a template was last sent, and whether the
-- customer wants marketing.

-- +goose Up

ALTER TABLE conversations ADD COLUMN last_template_at timestamptz;
ALTER TABLE conversations ADD COLUMN marketing_stopped boolean NOT NULL DEFAULT false;
ALTER TABLE conversations ADD COLUMN marketing_said_at timestamptz;
ALTER TABLE conversations ADD COLUMN marketing_said_by text NOT NULL DEFAULT '';

-- What customers write to stop marketing.
ALTER TABLE organizations ADD COLUMN marketing_words text;
