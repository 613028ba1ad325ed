-- +goose Up
-- An event is not sent before it is due: a generation that is tried again waits here, and not in the topic.
ALTER TABLE outbox ADD COLUMN due_time timestamptz NOT NULL DEFAULT now();

-- +goose Down
ALTER TABLE outbox DROP COLUMN due_time;
