-- +goose Up

-- An address belongs to whoever has verified it. Before that, anybody may have typed it, by mistake or to keep its owner
-- out: it is held against nobody.
ALTER TABLE accounts DROP CONSTRAINT accounts_email_index_key;
CREATE UNIQUE INDEX accounts_verified_email_key ON accounts (email_index) WHERE email_verified;

-- +goose Down
DROP INDEX accounts_verified_email_key;
ALTER TABLE accounts ADD CONSTRAINT accounts_email_index_key UNIQUE (email_index);
