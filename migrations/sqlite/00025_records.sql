-- Records: companies, pipelines and deals, what the team keeps of contacts, and custom
-- fields of all of them.

-- +goose Up

CREATE TABLE companies (
    organization_id text NOT NULL,
    id              text NOT NULL,
    name            text NOT NULL,
    sort_name       text NOT NULL,
    phone           text NOT NULL,
    website         text NOT NULL,
    custom_values   text,
    version         bigint NOT NULL,
    created_by_id   text NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_companies_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_companies_created_by FOREIGN KEY (created_by_id) REFERENCES users (id)
);
-- The list of companies by name, page by page, and the search by its beginning.
CREATE INDEX companies_name_idx ON companies (organization_id, sort_name, id);

-- Beside the contacts, which messages write all the time.
CREATE TABLE contact_records (
    organization_id text NOT NULL,
    contact_id      text NOT NULL,
    company_id      text,
    custom_values   text,
    version         bigint NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, contact_id),
    CONSTRAINT fk_contact_records_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
    CONSTRAINT fk_contact_records_company FOREIGN KEY (organization_id, company_id) REFERENCES companies (organization_id, id)
);
-- The contacts of a company.
CREATE INDEX contact_records_company_idx ON contact_records (organization_id, company_id, contact_id) WHERE company_id IS NOT NULL;

CREATE TABLE pipelines (
    organization_id text NOT NULL,
    id              text NOT NULL,
    name            text NOT NULL,
    name_key        text NOT NULL,
    position        bigint NOT NULL,
    is_default      numeric NOT NULL,
    version         bigint NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_pipelines_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
-- A name is used once, however it is spelled; also the pipelines of an organization.
CREATE UNIQUE INDEX pipelines_name_key ON pipelines (organization_id, name_key);
-- An organization has one default.
CREATE UNIQUE INDEX pipelines_default_key ON pipelines (organization_id) WHERE is_default;

CREATE TABLE pipeline_stages (
    organization_id text NOT NULL,
    id              text NOT NULL,
    pipeline_id     text NOT NULL,
    name            text NOT NULL,
    name_key        text NOT NULL,
    kind            text NOT NULL,
    position        bigint NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_pipeline_stages_pipeline FOREIGN KEY (organization_id, pipeline_id) REFERENCES pipelines (organization_id, id)
);
-- A name is used once in a pipeline; also the stages of a pipeline and of all.
CREATE UNIQUE INDEX pipeline_stages_name_key ON pipeline_stages (organization_id, pipeline_id, name_key);

CREATE TABLE deals (
    organization_id  text NOT NULL,
    id               text NOT NULL,
    name             text NOT NULL,
    pipeline_id      text NOT NULL,
    stage_id         text NOT NULL,
    amount           bigint,
    currency         text NOT NULL,
    closing_date     text,
    owner_id         text,
    contact_id       text,
    company_id       text,
    conversation_id  text,
    custom_values    text,
    stage_changed_at datetime NOT NULL,
    closed_at        datetime,
    version          bigint NOT NULL,
    created_by_id    text,
    created_at       datetime NOT NULL,
    updated_at       datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_deals_pipeline FOREIGN KEY (organization_id, pipeline_id) REFERENCES pipelines (organization_id, id),
    CONSTRAINT fk_deals_stage FOREIGN KEY (organization_id, stage_id) REFERENCES pipeline_stages (organization_id, id),
    CONSTRAINT fk_deals_owner FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT fk_deals_contact FOREIGN KEY (organization_id, contact_id) REFERENCES contacts (organization_id, id),
    CONSTRAINT fk_deals_company FOREIGN KEY (organization_id, company_id) REFERENCES companies (organization_id, id),
    CONSTRAINT fk_deals_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id),
    CONSTRAINT fk_deals_created_by FOREIGN KEY (created_by_id) REFERENCES users (id)
);
-- The lists of deals, newest first: all, a pipeline's, a stage's, an owner's, and of what
-- there are few, a contact's, a company's and a conversation's. Whether they are open is
-- looked at on the way.
CREATE INDEX deals_recent_idx ON deals (organization_id, created_at, id);
CREATE INDEX deals_pipeline_idx ON deals (organization_id, pipeline_id, created_at, id);
CREATE INDEX deals_stage_idx ON deals (organization_id, stage_id, created_at, id);
CREATE INDEX deals_owner_idx ON deals (organization_id, owner_id, created_at, id);
CREATE INDEX deals_contact_idx ON deals (organization_id, contact_id, created_at, id) WHERE contact_id IS NOT NULL;
CREATE INDEX deals_company_idx ON deals (organization_id, company_id, created_at, id) WHERE company_id IS NOT NULL;
CREATE INDEX deals_conversation_idx ON deals (organization_id, conversation_id, created_at, id) WHERE conversation_id IS NOT NULL;
-- The open ones, which are few among those of years: all, a pipeline's, an owner's.
CREATE INDEX deals_open_idx ON deals (organization_id, created_at, id) WHERE closed_at IS NULL;
CREATE INDEX deals_open_pipeline_idx ON deals (organization_id, pipeline_id, created_at, id) WHERE closed_at IS NULL;
CREATE INDEX deals_open_owner_idx ON deals (organization_id, owner_id, created_at, id) WHERE closed_at IS NULL;

-- No foreign keys to what was made: it may be deleted, and is not made again.
CREATE TABLE rule_records (
    organization_id text NOT NULL,
    conversation_id text NOT NULL,
    rule_id         text NOT NULL,
    deal_id         text NOT NULL,
    created_at      datetime NOT NULL,
    -- Also what was made for a conversation.
    PRIMARY KEY (organization_id, conversation_id, rule_id),
    CONSTRAINT fk_rule_records_conversation FOREIGN KEY (organization_id, conversation_id) REFERENCES conversations (organization_id, id)
);

CREATE TABLE custom_fields (
    organization_id text NOT NULL,
    id              text NOT NULL,
    record_type     text NOT NULL,
    key             text NOT NULL,
    folded_key      text NOT NULL,
    label           text NOT NULL,
    kind            text NOT NULL,
    options         text,
    version         bigint NOT NULL,
    created_by_id   text NOT NULL,
    created_at      datetime NOT NULL,
    updated_at      datetime NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_custom_fields_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_custom_fields_created_by FOREIGN KEY (created_by_id) REFERENCES users (id)
);
-- A key is used once for a record type, whatever the case; also the fields of one.
CREATE UNIQUE INDEX custom_fields_key ON custom_fields (organization_id, record_type, folded_key);
