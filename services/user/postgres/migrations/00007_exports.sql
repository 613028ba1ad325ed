-- +goose Up

-- Archives of all data of a person.
CREATE TABLE exports (
    id         text PRIMARY KEY,
    account_id text        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    state      text        NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    requested  timestamptz NOT NULL,
    ended      timestamptz,
    expires    timestamptz,
    -- By service: which attempt counts.
    parts      jsonb       NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX exports_running_key ON exports (account_id) WHERE ended IS NULL;
CREATE INDEX exports_account ON exports (account_id, id DESC);
CREATE INDEX exports_expires ON exports (expires) WHERE expires IS NOT NULL;

-- Their documents, packed and sealed.
CREATE TABLE export_documents (
    export_id text    NOT NULL REFERENCES exports ON DELETE CASCADE,
    service   text    NOT NULL,
    attempt   text    NOT NULL,
    number    integer NOT NULL,
    content   bytea   NOT NULL,
    PRIMARY KEY (export_id, service, attempt, number)
);

-- +goose Down
DROP TABLE export_documents, exports;
