-- +goose Up
-- What recommendations cost, by the day (UTC) of the asking: they belong to no generation.
CREATE TABLE advice_spend (
    day       date NOT NULL,
    client_id text NOT NULL,
    micro_usd bigint NOT NULL,
    PRIMARY KEY (day, client_id)
);

-- +goose Down
DROP TABLE advice_spend;
