-- +goose Up
-- Extracts that were imported; the revision goes up with each import, so that services notice.
CREATE TABLE extract (
    name        text PRIMARY KEY,
    revision    bigint GENERATED ALWAYS AS IDENTITY,
    place_count integer NOT NULL,
    import_time timestamptz NOT NULL
);

CREATE TABLE imported_place (
    extract text NOT NULL REFERENCES extract (name) ON DELETE CASCADE,
    id      text NOT NULL,
    body    jsonb NOT NULL,
    PRIMARY KEY (extract, id)
);

-- How often a place is used, by day of UTC: what is popular is kept warm.
CREATE TABLE place_use (
    place_id text NOT NULL,
    day      date NOT NULL,
    uses     bigint NOT NULL,
    PRIMARY KEY (place_id, day)
);
CREATE INDEX place_use_day ON place_use (day);

-- +goose Down
DROP TABLE place_use;
DROP TABLE imported_place;
DROP TABLE extract;
