-- +goose Up

-- What clients have used, by day in UTC.
CREATE TABLE usage (
    client_id text   NOT NULL,
    day       date   NOT NULL,
    metric    text   NOT NULL,
    amount    bigint NOT NULL,
    PRIMARY KEY (client_id, day, metric)
);

-- Batches of counts that were taken, so that none is counted twice.
CREATE TABLE usage_batches (
    id    text PRIMARY KEY,
    taken timestamptz NOT NULL
);
CREATE INDEX usage_batches_taken ON usage_batches (taken);

-- +goose Down
DROP TABLE usage_batches, usage;
