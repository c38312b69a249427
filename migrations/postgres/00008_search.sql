-- Full-text search: an entry for each message that has a text, and for each contact on
-- each channel.
-- Apart from messages, because these are written again for every status, and a GIN
-- index would be written with them. store/search.go writes and reads it.

-- +goose Up

CREATE TABLE search_entries (
    organization_id uuid NOT NULL,
    kind            text NOT NULL,
    happened_at     timestamptz NOT NULL,
    id              uuid NOT NULL,
    channel_id      uuid NOT NULL,
    words           tsvector NOT NULL,
    -- The newest entries, looked through for words that are not rare.
    PRIMARY KEY (organization_id, kind, happened_at, id, channel_id)
);
-- Rare words. Without the list of pending entries, whose clean-up would hold up whoever
-- happens to fill it by some hundred milliseconds.
CREATE INDEX search_entries_words_idx ON search_entries USING gin (words) WITH (fastupdate = off);
