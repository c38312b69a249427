-- Templates: messages that Meta has to approve before they can begin conversations,
-- and what happened to each of them.

-- +goose Up

CREATE TABLE templates (
    organization_id    text NOT NULL,
    id                 text NOT NULL,
    waba_id            text NOT NULL,
    meta_id            text,
    name               text NOT NULL,
    language           text NOT NULL,
    category           text NOT NULL,
    parameter_format   text NOT NULL,
    content            text NOT NULL,
    draft              text,
    draft_category     text NOT NULL,
    foreign_parts      blob,
    status             text NOT NULL,
    status_at          datetime NOT NULL,
    submitted_at       datetime,
    approved_at        datetime,
    rejection          text,
    pause_title        text NOT NULL,
    refusal            text,
    request            text NOT NULL,
    requested_at       datetime,
    requested_by_id    text,
    quality            text NOT NULL,
    quality_at         datetime,
    past_category      text NOT NULL,
    coming_category    text NOT NULL,
    coming_category_at datetime,
    category_at        datetime,
    version            bigint NOT NULL,
    created_by_id      text,
    synced_at          datetime,
    deleted_at         datetime,
    created_at         datetime NOT NULL,
    updated_at         datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_templates_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_templates_created_by FOREIGN KEY (created_by_id) REFERENCES users (id),
    CONSTRAINT fk_templates_requested_by FOREIGN KEY (requested_by_id) REFERENCES users (id)
);
-- The list of an organization, newest first. There are some hundred per account.
CREATE INDEX templates_list_idx ON templates (organization_id, created_at, id);
-- A name stands once per language in an account; also those of an account, when they
-- are counted and when Meta's list is taken over.
CREATE UNIQUE INDEX templates_name_key ON templates (organization_id, waba_id, name, language) WHERE deleted_at IS NULL;
-- Which template a webhook is about.
CREATE UNIQUE INDEX templates_meta_id_key ON templates (meta_id, organization_id) WHERE meta_id IS NOT NULL;

-- What Meta tells may come twice: a step is there once, by its key.
CREATE TABLE template_steps (
    organization_id text NOT NULL,
    template_id     text NOT NULL,
    kind            text NOT NULL,
    value           text NOT NULL,
    at              datetime NOT NULL,
    id              text NOT NULL,
    detail          text NOT NULL,
    user_id         text,
    created_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, template_id, kind, value, at),
    CONSTRAINT fk_template_steps_template FOREIGN KEY (organization_id, template_id) REFERENCES templates (organization_id, id),
    CONSTRAINT fk_template_steps_user FOREIGN KEY (user_id) REFERENCES users (id)
);
-- The history of a template, newest first.
CREATE INDEX template_steps_history_idx ON template_steps (organization_id, template_id, at, id);

-- The numbers of an account: for what Meta tells of it and of its templates, and for its
-- tokens.
CREATE INDEX channels_waba_id_idx ON channels (waba_id);
