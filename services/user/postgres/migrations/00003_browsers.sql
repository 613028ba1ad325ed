-- +goose Up

-- By which browser's log-in a session was begun, so that logging out of the session ends that log-in.
ALTER TABLE codes ADD COLUMN browser bytea;
ALTER TABLE sessions ADD COLUMN browser bytea;

-- +goose Down
ALTER TABLE sessions DROP COLUMN browser;
ALTER TABLE codes DROP COLUMN browser;
