-- +goose Up
-- What a generation's planning took, with its size: the cost model learns from it. 0 where it was not a whole search.
ALTER TABLE generation
    ADD COLUMN days          integer NOT NULL DEFAULT 0,
    ADD COLUMN members       integer NOT NULL DEFAULT 0,
    ADD COLUMN destinations  integer NOT NULL DEFAULT 0,
    ADD COLUMN work_seconds  double precision NOT NULL DEFAULT 0;
CREATE INDEX generation_measured ON generation (made_time) WHERE work_seconds > 0;

-- +goose Down
DROP INDEX generation_measured;
ALTER TABLE generation DROP COLUMN days, DROP COLUMN members, DROP COLUMN destinations, DROP COLUMN work_seconds;
