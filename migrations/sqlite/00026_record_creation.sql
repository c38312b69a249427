-- Which records a channel makes of a customer's first message, besides the contact.

-- +goose Up

ALTER TABLE channels ADD COLUMN record_creation text;
