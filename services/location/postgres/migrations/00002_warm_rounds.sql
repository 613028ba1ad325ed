-- +goose Up
-- The rounds that keep popular places warm: one an hour, whoever claims it.
CREATE TABLE warm_round (
    hour timestamptz PRIMARY KEY
);

-- +goose Down
DROP TABLE warm_round;
