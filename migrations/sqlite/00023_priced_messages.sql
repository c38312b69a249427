-- Messages know as what credits are held for them, so that the many that cost nothing
-- need no look-up, and a status that comes before its message keeps its price.

-- +goose Up

ALTER TABLE messages ADD COLUMN pricing_category text;
ALTER TABLE parked_statuses ADD COLUMN pricing text;
