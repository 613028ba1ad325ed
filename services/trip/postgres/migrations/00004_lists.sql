-- +goose Up
-- Trips without a start date come last; with a date in their place a next page begins in the middle of the index.
CREATE INDEX trip_by_start ON trip (owner, coalesce(start_date, 'infinity'), id) WHERE deleted IS NULL;
DROP INDEX trip_start;
-- One's deleted trips are found without looking at everybody's.
CREATE INDEX trip_deleted_newest ON trip (owner, id DESC) WHERE deleted IS NOT NULL;

-- +goose Down
DROP INDEX trip_deleted_newest;
CREATE INDEX trip_start ON trip (owner, start_date, id) WHERE deleted IS NULL;
DROP INDEX trip_by_start;
