-- Credits: what messages cost, what organizations have bought, and a ledger in which
-- every credit is in exactly one account.

-- +goose Up

-- The balances, kept; a test holds them against the postings. An organization's rows are
-- locked together, which puts its movements in order.
CREATE TABLE credit_accounts (
    organization_id uuid NOT NULL,
    account         text NOT NULL,
    balance         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, account),
    CONSTRAINT fk_credit_accounts_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT credit_accounts_not_below_zero CHECK (balance >= 0 OR account NOT IN ('AVAILABLE', 'HELD', 'SPENT'))
);

CREATE TABLE credit_entries (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    cause           text NOT NULL,
    reference       text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
-- Nothing is booked twice.
CREATE UNIQUE INDEX credit_entries_cause_key ON credit_entries (organization_id, cause, reference);
-- The ledger, page by page.
CREATE INDEX credit_entries_recent_idx ON credit_entries (organization_id, created_at, id);

CREATE TABLE credit_postings (
    organization_id uuid NOT NULL,
    entry_id        uuid NOT NULL,
    account         text NOT NULL,
    amount          bigint NOT NULL,
    PRIMARY KEY (organization_id, entry_id, account),
    CONSTRAINT fk_credit_postings_entry FOREIGN KEY (organization_id, entry_id) REFERENCES credit_entries (organization_id, id)
);

CREATE TABLE rate_cards (
    id         uuid NOT NULL,
    name       text NOT NULL,
    model      text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX rate_cards_name_key ON rate_cards (name);

CREATE TABLE rates (
    card_id        uuid NOT NULL,
    category       text NOT NULL,
    country        text NOT NULL,
    effective_from timestamptz NOT NULL,
    price          bigint NOT NULL,
    PRIMARY KEY (card_id, category, country, effective_from),
    CONSTRAINT fk_rates_card FOREIGN KEY (card_id) REFERENCES rate_cards (id)
);

CREATE TABLE rate_allowances (
    card_id        uuid NOT NULL,
    category       text NOT NULL,
    effective_from timestamptz NOT NULL,
    scope          text NOT NULL,
    monthly        bigint NOT NULL,
    PRIMARY KEY (card_id, category, effective_from),
    CONSTRAINT fk_rate_allowances_card FOREIGN KEY (card_id) REFERENCES rate_cards (id)
);

-- Which card an organization is on, from when on. No row: the product's own.
CREATE TABLE organization_rate_cards (
    organization_id uuid NOT NULL,
    effective_from  timestamptz NOT NULL,
    card_id         uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, effective_from),
    CONSTRAINT fk_organization_rate_cards_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_organization_rate_cards_card FOREIGN KEY (card_id) REFERENCES rate_cards (id)
);

CREATE TABLE credit_prices (
    currency       text NOT NULL,
    effective_from timestamptz NOT NULL,
    minor          bigint NOT NULL,
    digits         bigint NOT NULL,
    PRIMARY KEY (currency, effective_from)
);

CREATE TABLE credit_sessions (
    organization_id    uuid NOT NULL,
    id                 uuid NOT NULL,
    channel_id         uuid NOT NULL,
    contact_id         uuid NOT NULL,
    category           text NOT NULL,
    expires_at         timestamptz NOT NULL,
    paid_by_message_id uuid,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
-- Is a session of the category open with this person?
CREATE INDEX credit_sessions_open_idx ON credit_sessions (organization_id, channel_id, contact_id, category, expires_at);

CREATE TABLE credit_holds (
    organization_id uuid NOT NULL,
    message_id      uuid NOT NULL,
    channel_id      uuid NOT NULL,
    contact_id      uuid NOT NULL,
    card_id         uuid NOT NULL,
    category        text NOT NULL,
    country         text NOT NULL,
    template_name   text NOT NULL,
    session_id      uuid,
    basis           text NOT NULL,
    quoted          bigint NOT NULL,
    amount          bigint NOT NULL,
    status          text NOT NULL,
    delivered_at    timestamptz,
    pricing         text,
    charged         bigint NOT NULL,
    release_reason  text NOT NULL,
    due_at          timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, message_id),
    CONSTRAINT fk_credit_holds_card FOREIGN KEY (card_id) REFERENCES rate_cards (id)
);
-- The job that ends holds whose time has passed, of all organizations.
CREATE INDEX credit_holds_due_idx ON credit_holds (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE credit_allowance_uses (
    organization_id uuid NOT NULL,
    month           timestamptz NOT NULL,
    channel_id      uuid NOT NULL,
    model           text NOT NULL,
    category        text NOT NULL,
    used            bigint NOT NULL,
    reserved        bigint NOT NULL,
    PRIMARY KEY (organization_id, month, channel_id, model, category)
);

-- What was delivered and charged, by day and by what people ask for: the report reads one
-- row where the holds have thousands.
CREATE TABLE credit_usages (
    organization_id uuid NOT NULL,
    day             timestamptz NOT NULL,
    channel_id      uuid NOT NULL,
    category        text NOT NULL,
    country         text NOT NULL,
    template_name   text NOT NULL,
    messages        bigint NOT NULL,
    billable        bigint NOT NULL,
    charged         bigint NOT NULL,
    PRIMARY KEY (organization_id, day, channel_id, category, country, template_name)
);

CREATE TABLE credit_reconciliations (
    organization_id uuid NOT NULL,
    day             timestamptz NOT NULL,
    waba_id         text NOT NULL,
    category        text NOT NULL,
    country         text NOT NULL,
    ours            bigint NOT NULL,
    metas           bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, day, waba_id, category, country)
);

CREATE TABLE payment_methods (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    provider        text NOT NULL,
    customer_ref    text NOT NULL,
    method_ref      text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_payment_methods_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
CREATE UNIQUE INDEX payment_methods_method_key ON payment_methods (organization_id, provider, method_ref);

CREATE TABLE credit_settings (
    organization_id    uuid NOT NULL,
    low_balance        bigint NOT NULL,
    recharge_enabled   boolean NOT NULL,
    recharge_threshold bigint NOT NULL,
    recharge_amount    bigint NOT NULL,
    recharge_ceiling   bigint NOT NULL,
    recharge_currency  text NOT NULL,
    payment_method_id  uuid,
    recharge_stopped   text NOT NULL,
    ceiling_month      timestamptz,
    version            bigint NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    PRIMARY KEY (organization_id),
    CONSTRAINT fk_credit_settings_organization FOREIGN KEY (organization_id) REFERENCES organizations (id),
    CONSTRAINT fk_credit_settings_payment_method FOREIGN KEY (organization_id, payment_method_id) REFERENCES payment_methods (organization_id, id)
);

CREATE TABLE credit_purchases (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    origin          text NOT NULL,
    provider        text NOT NULL,
    status          text NOT NULL,
    credits         bigint NOT NULL,
    currency        text NOT NULL,
    minor           bigint NOT NULL,
    digits          bigint NOT NULL,
    reference       text NOT NULL,
    payment_url     text NOT NULL,
    failure_code    text NOT NULL,
    requested_by_id uuid,
    attempts        bigint NOT NULL,
    next_attempt_at timestamptz,
    paid_at         timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT fk_credit_purchases_organization FOREIGN KEY (organization_id) REFERENCES organizations (id)
);
-- Purchases and receipts, page by page; also what auto-recharge bought this month.
CREATE INDEX credit_purchases_recent_idx ON credit_purchases (organization_id, created_at, id);
-- Auto-recharge buys once per crossing, whoever sees it.
CREATE UNIQUE INDEX credit_purchases_recharge_key ON credit_purchases (organization_id) WHERE next_attempt_at IS NOT NULL;

CREATE TABLE payment_events (
    provider   text NOT NULL,
    event_id   text NOT NULL,
    kind       text NOT NULL,
    outcome    text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (provider, event_id)
);

-- What a credit costs.
INSERT INTO credit_prices (currency, effective_from, minor, digits) VALUES
    ('USD', '2020-01-01 00:00:00+00', 200, 2),
    ('BRL', '2020-01-01 00:00:00+00', 1100, 2),
    ('EUR', '2020-01-01 00:00:00+00', 190, 2),
    ('GBP', '2020-01-01 00:00:00+00', 160, 2),
    ('MXN', '2020-01-01 00:00:00+00', 3900, 2),
    ('INR', '2020-01-01 00:00:00+00', 17000, 2),
    ('CLP', '2020-01-01 00:00:00+00', 1900, 0);

-- The product's own card, and Meta's model of October 2026 (reference/whatsapp-cloud-api.md
-- §12.1). Meta publishes its rates as files and has no call for them: those below are start
-- values, in micro-credits of US$ 2, which the operator replaces by newer ones.
-- Those of Argentina, Brazil, Chile and Colombia agree with what others published of Meta's
-- card of that date; the others were not compared with a second list.
INSERT INTO rate_cards (id, name, model, created_at, updated_at) VALUES
    ('0199a000-0000-7000-8000-000000000001', 'Recado', 'PER_CONVERSATION', '2020-01-01 00:00:00+00', '2020-01-01 00:00:00+00'),
    ('0199a000-0000-7000-8000-000000000002', 'Meta per message', 'PER_MESSAGE', '2026-10-01 00:00:00+00', '2026-10-01 00:00:00+00');

INSERT INTO rate_allowances (card_id, category, effective_from, scope, monthly) VALUES
    ('0199a000-0000-7000-8000-000000000001', 'SERVICE', '2020-01-01 00:00:00+00', 'ORGANIZATION', 1000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', '2026-10-01 00:00:00+00', 'CHANNEL', 1000);

INSERT INTO rates (card_id, category, country, effective_from, price) VALUES
    ('0199a000-0000-7000-8000-000000000001', 'MARKETING', '', '2020-01-01 00:00:00+00', 1000000),
    ('0199a000-0000-7000-8000-000000000001', 'UTILITY', '', '2020-01-01 00:00:00+00', 1000000),
    ('0199a000-0000-7000-8000-000000000001', 'AUTHENTICATION', '', '2020-01-01 00:00:00+00', 1000000),
    ('0199a000-0000-7000-8000-000000000001', 'AUTHENTICATION_INTERNATIONAL', '', '2020-01-01 00:00:00+00', 1000000),
    ('0199a000-0000-7000-8000-000000000001', 'SERVICE', '', '2020-01-01 00:00:00+00', 0),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', '', '2026-10-01 00:00:00+00', 30200),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', '', '2026-10-01 00:00:00+00', 3850),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', '', '2026-10-01 00:00:00+00', 3850),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION_INTERNATIONAL', '', '2026-10-01 00:00:00+00', 15200),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', '', '2026-10-01 00:00:00+00', 3850),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'BR', '2026-10-01 00:00:00+00', 31250),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'BR', '2026-10-01 00:00:00+00', 3400),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'BR', '2026-10-01 00:00:00+00', 3400),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'BR', '2026-10-01 00:00:00+00', 3400),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'US', '2026-10-01 00:00:00+00', 12500),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'US', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'US', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'US', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'CA', '2026-10-01 00:00:00+00', 12500),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'CA', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'CA', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'CA', '2026-10-01 00:00:00+00', 1700),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'IN', '2026-10-01 00:00:00+00', 5900),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'IN', '2026-10-01 00:00:00+00', 700),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'IN', '2026-10-01 00:00:00+00', 700),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION_INTERNATIONAL', 'IN', '2026-10-01 00:00:00+00', 14000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'IN', '2026-10-01 00:00:00+00', 700),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'MX', '2026-10-01 00:00:00+00', 15250),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'MX', '2026-10-01 00:00:00+00', 4250),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'MX', '2026-10-01 00:00:00+00', 4250),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'MX', '2026-10-01 00:00:00+00', 4250),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'AR', '2026-10-01 00:00:00+00', 30900),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'AR', '2026-10-01 00:00:00+00', 13000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'AR', '2026-10-01 00:00:00+00', 13000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'AR', '2026-10-01 00:00:00+00', 13000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'CO', '2026-10-01 00:00:00+00', 6250),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'CO', '2026-10-01 00:00:00+00', 400),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'CO', '2026-10-01 00:00:00+00', 400),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'CO', '2026-10-01 00:00:00+00', 400),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'CL', '2026-10-01 00:00:00+00', 44450),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'CL', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'CL', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'CL', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'PE', '2026-10-01 00:00:00+00', 35150),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'PE', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'PE', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'PE', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'GB', '2026-10-01 00:00:00+00', 26450),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'GB', '2026-10-01 00:00:00+00', 11000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'GB', '2026-10-01 00:00:00+00', 11000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'GB', '2026-10-01 00:00:00+00', 11000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'DE', '2026-10-01 00:00:00+00', 68250),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'DE', '2026-10-01 00:00:00+00', 27500),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'DE', '2026-10-01 00:00:00+00', 27500),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'DE', '2026-10-01 00:00:00+00', 27500),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'FR', '2026-10-01 00:00:00+00', 42950),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'FR', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'FR', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'FR', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'ES', '2026-10-01 00:00:00+00', 30750),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'ES', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'ES', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'ES', '2026-10-01 00:00:00+00', 10000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'IT', '2026-10-01 00:00:00+00', 34550),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'IT', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'IT', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'IT', '2026-10-01 00:00:00+00', 15000),
    ('0199a000-0000-7000-8000-000000000002', 'MARKETING', 'PT', '2026-10-01 00:00:00+00', 29600),
    ('0199a000-0000-7000-8000-000000000002', 'UTILITY', 'PT', '2026-10-01 00:00:00+00', 8550),
    ('0199a000-0000-7000-8000-000000000002', 'AUTHENTICATION', 'PT', '2026-10-01 00:00:00+00', 8550),
    ('0199a000-0000-7000-8000-000000000002', 'SERVICE', 'PT', '2026-10-01 00:00:00+00', 8550);
