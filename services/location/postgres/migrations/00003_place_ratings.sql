-- +goose Up
-- What travellers gave a place, as its provider told it last: searches are ordered by it.
CREATE TABLE place_rating (
	place_id     text PRIMARY KEY,
	rating       double precision NOT NULL,
	rating_count integer NOT NULL,
	provider     text NOT NULL,
	attribution  text NOT NULL,
	simulated    boolean NOT NULL,
	fetch_time   timestamptz NOT NULL
);

-- +goose Down
DROP TABLE place_rating;
