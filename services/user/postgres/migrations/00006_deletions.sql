-- +goose Up

-- The deletion that an account is locked for.
ALTER TABLE accounts ADD COLUMN deletion text;

-- Deletions outlive their accounts: what was removed where is the proof. Nothing in it tells a name.
CREATE TABLE deletions (
    id         text PRIMARY KEY,
    account_id text        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('holding', 'undoing', 'undone', 'forgetting', 'done')),
    requested  timestamptz NOT NULL,
    ended      timestamptz,
    -- By service: what was removed, and when.
    forgotten  jsonb       NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX deletions_open_key ON deletions (account_id) WHERE ended IS NULL;
CREATE INDEX deletions_unfinished ON deletions (id) WHERE ended IS NULL;

-- Whom a mail is for, where it has to go with the account.
ALTER TABLE mails ADD COLUMN account_id text REFERENCES accounts ON DELETE CASCADE;

-- The processes that run sagas, by their last sign of life.
CREATE TABLE executor (
    id   text PRIMARY KEY,
    seen timestamptz NOT NULL
);

-- +goose Down
DROP TABLE executor;
ALTER TABLE mails DROP COLUMN account_id;
DROP TABLE deletions;
ALTER TABLE accounts DROP COLUMN deletion;
