-- +goose Up
-- When the world was last looked at for the newest itinerary, from when on a view calls for a new look (null for
-- never), and when the trip is to be looked after next (null for never).
ALTER TABLE trip ADD COLUMN looked timestamptz, ADD COLUMN stale_from timestamptz, ADD COLUMN look_due timestamptz;
UPDATE trip SET look_due = now(), stale_from = now() WHERE itinerary > 0 AND deleted IS NULL AND ends > now();
CREATE INDEX trip_look ON trip (look_due) WHERE look_due IS NOT NULL;

-- Alerts that the traveller chose to live with are not raised again.
ALTER TABLE alert ADD COLUMN kept boolean NOT NULL DEFAULT false;
CREATE INDEX alert_known ON alert (trip_id, id) WHERE resolved IS NULL OR kept;
DROP INDEX alert_open;

-- +goose Down
DROP INDEX alert_known;
CREATE INDEX alert_open ON alert (trip_id, id) WHERE resolved IS NULL;
ALTER TABLE alert DROP COLUMN kept;
ALTER TABLE trip DROP COLUMN looked, DROP COLUMN stale_from, DROP COLUMN look_due;
