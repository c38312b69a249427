-- Full-text search: an entry for each message that has a text, and for each contact on
-- each channel.
-- Apart from messages, because these are written again for every status, and a GIN
-- index would be written with them. store/search.go writes and reads it.

-- +goose Up

CREATE TABLE search_entries (
    entry           integer PRIMARY KEY,
    organization_id text NOT NULL,
    kind            text NOT NULL,
    happened_at     datetime NOT NULL,
    id              text NOT NULL,
    channel_id      text NOT NULL
);
-- The entry of a message or contact, and results in their order.
CREATE UNIQUE INDEX search_entries_key ON search_entries (organization_id, kind, happened_at, id, channel_id);

-- The words of entries, by entry: those of the text, and those about it. They were
-- made by package fulltext, so the tokenizer only has to see the spaces between them.
CREATE VIRTUAL TABLE search_words USING fts5 (about, words, tokenize = 'ascii', content = '', contentless_delete = 1);
