-- Messages that were taken back before they went out, and those that were sent anew
-- after they failed.

-- +goose Up

ALTER TABLE messages ADD COLUMN canceled_at timestamptz;
-- Each failed message is sent anew once at most: both name each other.
ALTER TABLE messages ADD COLUMN retry_of_id uuid;
ALTER TABLE messages ADD COLUMN retried_by_id uuid;
