-- +goose Up
-- What ops did about dead letters; the letters themselves are in Kafka.
CREATE TABLE dead_letter (
    partition     integer NOT NULL,
    letter_offset bigint NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('replayed', 'dropped')),
    handle_time   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, letter_offset)
);

-- +goose Down
DROP TABLE dead_letter;
