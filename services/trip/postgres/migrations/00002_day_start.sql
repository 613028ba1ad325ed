-- +goose Up
-- When days start, in minutes, as the version was made with.
ALTER TABLE itinerary ADD COLUMN day_start integer NOT NULL DEFAULT 540;

-- +goose Down
ALTER TABLE itinerary DROP COLUMN day_start;
