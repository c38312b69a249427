-- The main job: who is asking, the numbers they answer on, the conversations,
-- and what every change leaves behind.
--
-- Rows that are written for every message start with organization_id and carry it in
-- every key, so that the tables can be distributed by it.

-- +goose Up

CREATE TABLE organizations (
    id         uuid NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);

-- One row per organization, locked by every commit that records events: that lock is
-- what makes positions free of holes. Apart from organizations, so that it collides
-- with nothing else.
CREATE TABLE feed_heads (
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (organization_id),
    CONSTRAINT fk_feed_heads_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);

CREATE TABLE profiles (
    id              uuid NOT NULL,
    organization_id uuid NOT NULL,
    name            text NOT NULL,
    administrator   boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_profiles_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
CREATE UNIQUE INDEX profiles_organization_id_name_key ON profiles (organization_id, name);

CREATE TABLE users (
    id              uuid NOT NULL,
    organization_id uuid NOT NULL,
    profile_id      uuid NOT NULL,
    email           text NOT NULL,
    name            text NOT NULL,
    password_hash   text NOT NULL,
    active          boolean NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_users_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_users_profile FOREIGN KEY (profile_id) REFERENCES profiles (id)
);
-- Sign-in knows only the email.
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_organization_id_idx ON users (organization_id);

CREATE TABLE sessions (
    id              uuid NOT NULL,
    organization_id uuid NOT NULL,
    user_id         uuid NOT NULL,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    revoked_reason  text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
-- Clean-up of sessions that are over.
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (token_hash),
    CONSTRAINT fk_refresh_tokens_session FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);

CREATE TABLE channels (
    id                     uuid NOT NULL,
    organization_id        uuid NOT NULL,
    name                   text NOT NULL,
    phone_number_id        text NOT NULL,
    waba_id                text NOT NULL,
    display_number         text NOT NULL,
    status                 text NOT NULL,
    status_reason          text NOT NULL,
    access_token           bytea,
    access_token_hint      text NOT NULL,
    last_assignee_position bigint NOT NULL,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT fk_channels_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
-- A webhook knows only the number's id, and a number belongs to one organization.
CREATE UNIQUE INDEX channels_phone_number_id_key ON channels (phone_number_id);
CREATE INDEX channels_organization_id_idx ON channels (organization_id);

CREATE TABLE channel_assignees (
    organization_id uuid NOT NULL,
    channel_id      uuid NOT NULL,
    user_id         uuid NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (channel_id, user_id),
    CONSTRAINT fk_channel_assignees_channel FOREIGN KEY (channel_id) REFERENCES channels (id),
    CONSTRAINT fk_channel_assignees_user FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE UNIQUE INDEX channel_assignees_channel_id_position_key ON channel_assignees (channel_id, position);

CREATE TABLE channel_permissions (
    organization_id uuid NOT NULL,
    profile_id      uuid NOT NULL,
    channel_id      uuid NOT NULL,
    level           text NOT NULL,
    PRIMARY KEY (profile_id, channel_id),
    CONSTRAINT fk_channel_permissions_profile FOREIGN KEY (profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_channel_permissions_channel FOREIGN KEY (channel_id) REFERENCES channels (id)
);
CREATE INDEX channel_permissions_channel_id_idx ON channel_permissions (channel_id);

CREATE TABLE contacts (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    name            text NOT NULL,
    name_seen_at    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_contacts_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);

CREATE TABLE contact_identities (
    organization_id uuid NOT NULL,
    channel_id      uuid NOT NULL,
    kind            text NOT NULL,
    value           text NOT NULL,
    match_key       text NOT NULL,
    contact_id      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, channel_id, kind, value),
    CONSTRAINT fk_contact_identities_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id)
);
-- Who is this sender? Asked for every inbound message, under every form of the number.
CREATE INDEX contact_identities_match_idx ON contact_identities (organization_id, kind, match_key);
-- The identities of a contact.
CREATE INDEX contact_identities_contact_idx ON contact_identities (organization_id, contact_id);

CREATE TABLE conversations (
    organization_id          uuid NOT NULL,
    id                       uuid NOT NULL,
    channel_id               uuid NOT NULL,
    contact_id               uuid NOT NULL,
    status                   text NOT NULL,
    assignee_id              uuid,
    unread_count             bigint NOT NULL,
    last_message_id          uuid,
    last_message_at          timestamptz NOT NULL,
    last_customer_message_at timestamptz,
    customer_wa_id           text NOT NULL,
    customer_wa_id_seen_at   timestamptz,
    customer_user_id         text NOT NULL,
    customer_user_id_seen_at timestamptz,
    closed_at                timestamptz,
    closed_by_id             uuid,
    version                  bigint NOT NULL,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_conversations_channel FOREIGN KEY (channel_id) REFERENCES channels (id),
    CONSTRAINT fk_conversations_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
    CONSTRAINT fk_conversations_assignee FOREIGN KEY (assignee_id) REFERENCES users (id)
);
-- One conversation per customer and number; also finds it for an inbound message.
CREATE UNIQUE INDEX conversations_contact_key ON conversations (organization_id, channel_id, contact_id);
-- The inbox, newest first: everything; what is open; one channel; mine and unassigned.
CREATE INDEX conversations_recent_idx ON conversations (organization_id, last_message_at, id);
CREATE INDEX conversations_open_idx ON conversations (organization_id, last_message_at, id) WHERE status = 'OPEN';
CREATE INDEX conversations_channel_idx ON conversations (organization_id, channel_id, last_message_at, id);
CREATE INDEX conversations_assignee_idx ON conversations (organization_id, assignee_id, last_message_at, id);

CREATE TABLE messages (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    channel_id      uuid NOT NULL,
    conversation_id uuid NOT NULL,
    direction       text NOT NULL,
    kind            text NOT NULL,
    body            text NOT NULL,
    preview_url     boolean NOT NULL,
    raw             bytea,
    wamid           text,
    reply_to_wamid  text,
    sender_id       uuid,
    status          text NOT NULL,
    sent_at         timestamptz NOT NULL,
    accepted_at     timestamptz,
    left_at         timestamptz,
    delivered_at    timestamptz,
    read_at         timestamptz,
    played_at       timestamptz,
    failed_at       timestamptz,
    failure         text,
    attempts        bigint NOT NULL,
    attempted_at    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_messages_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id)
);
-- What Meta delivers twice is stored once; also finds the message of a status or of a reply.
CREATE UNIQUE INDEX messages_channel_id_wamid_key ON messages (organization_id, channel_id, wamid);
-- A conversation, page by page.
CREATE INDEX messages_conversation_idx ON messages (organization_id, conversation_id, sent_at, id);

-- Steps of messages that have not turned up yet.
CREATE TABLE parked_statuses (
    organization_id uuid NOT NULL,
    channel_id      uuid NOT NULL,
    wamid           text NOT NULL,
    status          text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    failure         text,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, channel_id, wamid, status)
);
-- Clean-up of steps whose message never came.
CREATE INDEX parked_statuses_created_at_idx ON parked_statuses (created_at);

-- Every webhook POST as it came.
CREATE TABLE webhook_deliveries (
    id          uuid NOT NULL,
    body        bytea NOT NULL,
    outcome     text NOT NULL,
    reason      text NOT NULL,
    attempts    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    applied_at  timestamptz,
    PRIMARY KEY (id)
);
-- Clean-up after the retention time.
CREATE INDEX webhook_deliveries_received_at_idx ON webhook_deliveries (received_at);
-- The operator's list of what went wrong.
CREATE INDEX webhook_deliveries_failed_idx ON webhook_deliveries (received_at) WHERE outcome = 'FAILED';

-- The change feed.
CREATE TABLE events (
    organization_id uuid NOT NULL,
    position        bigint NOT NULL,
    id              uuid NOT NULL,
    kind            text NOT NULL,
    channel_id      uuid NOT NULL,
    conversation_id uuid NOT NULL,
    payload         bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, position)
);
-- Clean-up after the retention time.
CREATE INDEX events_created_at_idx ON events (created_at);

CREATE TABLE idempotency_records (
    organization_id uuid NOT NULL,
    actor_id        uuid NOT NULL,
    mutation        text NOT NULL,
    key             text NOT NULL,
    input_hash      bytea NOT NULL,
    result_id       uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, actor_id, mutation, key)
);
-- Clean-up after a day.
CREATE INDEX idempotency_records_created_at_idx ON idempotency_records (created_at);
