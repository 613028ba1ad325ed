-- +goose Up

-- Personal data stands in sealed columns only; *_index columns are keyed hashes to look it up by.
CREATE TABLE accounts (
    id             text PRIMARY KEY,
    login_index    bytea       NOT NULL,
    email_index    bytea       NOT NULL,
    profile        bytea       NOT NULL,
    password_hash  text        NOT NULL,
    email_verified boolean     NOT NULL DEFAULT false,
    language       text        NOT NULL,
    terms_version  text        NOT NULL,
    terms_accepted timestamptz NOT NULL,
    avatar_version integer     NOT NULL DEFAULT 0,
    created        timestamptz NOT NULL,
    revision       bigint      NOT NULL,
    CONSTRAINT accounts_login_index_key UNIQUE (login_index),
    CONSTRAINT accounts_email_index_key UNIQUE (email_index)
);

CREATE TABLE avatars (
    account_id text PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    version    integer NOT NULL,
    picture    bytea   NOT NULL,
    thumbnail  bytea   NOT NULL
);

-- One open confirmation an account; a new one supersedes it.
CREATE TABLE confirmations (
    account_id text PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    code_hash  bytea       NOT NULL UNIQUE,
    pending    boolean     NOT NULL,
    expires    timestamptz NOT NULL
);

-- Mails wait here until the mail server has taken them.
CREATE TABLE mails (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text        NOT NULL,
    content  bytea       NOT NULL,
    attempts integer     NOT NULL DEFAULT 0,
    due      timestamptz NOT NULL
);
CREATE INDEX mails_due ON mails (due);

-- Failed log-ins in a row, also for ids that no account has.
CREATE TABLE login_attempts (
    login_index  bytea PRIMARY KEY,
    failures     integer     NOT NULL,
    locked_until timestamptz,
    last         timestamptz NOT NULL
);
CREATE INDEX login_attempts_last ON login_attempts (last);

-- The journal of security events. Nothing can change or remove a line of it.
CREATE TABLE journal (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL,
    account_id  text,
    session_id  text,
    client_id   text,
    detail      text,
    by_session  text,
    by_client   text,
    from_index  bytea
);
CREATE INDEX journal_account ON journal (account_id, id) WHERE account_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

-- +goose Down
DROP TABLE journal, login_attempts, mails, confirmations, avatars, accounts;
DROP FUNCTION journal_is_append_only;
