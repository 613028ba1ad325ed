-- +goose Up
-- The event from elsewhere that an entry tells of: one that comes again is not told again.
ALTER TABLE change ADD COLUMN event text;
CREATE UNIQUE INDEX change_event ON change (event) WHERE event IS NOT NULL;

-- +goose Down
DROP INDEX change_event;
ALTER TABLE change DROP COLUMN event;
