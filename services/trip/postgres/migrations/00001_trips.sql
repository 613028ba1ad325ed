-- +goose Up
-- What is personal is in sealed bodies; the columns beside them are what queries need.
CREATE TABLE trip (
    id                 text PRIMARY KEY,
    owner              text NOT NULL,
    body               bytea NOT NULL,
    name_key           bytea NOT NULL,
    searchable         text NOT NULL,
    start_date         date,
    -- The first instant of the trip and the one after its last; null while it has no dates.
    begins             timestamptz,
    ends               timestamptz,
    created            timestamptz NOT NULL,
    updated            timestamptz NOT NULL,
    deleted            timestamptz,
    revision           bigint NOT NULL,
    itinerary          bigint NOT NULL DEFAULT 0,
    running            text NOT NULL DEFAULT '',
    regenerations_on   date,
    regenerations_used integer NOT NULL DEFAULT 0,
    -- The number of the newest entry in the trip's feed.
    changes            bigint NOT NULL
);
CREATE INDEX trip_newest ON trip (owner, id DESC) WHERE deleted IS NULL;
CREATE INDEX trip_start ON trip (owner, start_date, id) WHERE deleted IS NULL;
CREATE INDEX trip_name ON trip (owner, name_key, id) WHERE deleted IS NULL;
CREATE INDEX trip_deleted ON trip (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE itinerary (
    trip_id    text NOT NULL REFERENCES trip ON DELETE CASCADE,
    version    bigint NOT NULL,
    origin     integer NOT NULL,
    generation text NOT NULL,
    revision   bigint NOT NULL,
    document   bytea NOT NULL,
    outline    jsonb NOT NULL,
    stops      integer NOT NULL,
    created    timestamptz NOT NULL,
    PRIMARY KEY (trip_id, version)
);

CREATE TABLE generation (
    id         text PRIMARY KEY,
    trip_id    text NOT NULL REFERENCES trip ON DELETE CASCADE,
    owner      text NOT NULL,
    client_id  text NOT NULL,
    day        integer NOT NULL,
    state      text NOT NULL,
    counted_on date,
    -- Sealed; gone when the generation has ended.
    request    bytea,
    receipt    bytea,
    version    bigint NOT NULL DEFAULT 0,
    reason     text NOT NULL DEFAULT '',
    -- The idempotency key that it was asked for under.
    key_hash   bytea,
    created    timestamptz NOT NULL,
    ended      timestamptz
);
CREATE INDEX generation_unfinished ON generation (id) WHERE ended IS NULL;
CREATE INDEX generation_trip ON generation (trip_id);

-- The feed of each trip, numbered without gaps.
CREATE TABLE change (
    trip_id text NOT NULL REFERENCES trip ON DELETE CASCADE,
    number  bigint NOT NULL,
    time    timestamptz NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (trip_id, number)
);
CREATE INDEX change_time ON change (time);

CREATE TABLE idempotency (
    owner       text NOT NULL,
    key_hash    bytea NOT NULL,
    fingerprint bytea NOT NULL,
    resources   text[] NOT NULL,
    created     timestamptz NOT NULL,
    PRIMARY KEY (owner, key_hash)
);
CREATE INDEX idempotency_created ON idempotency (created);

CREATE TABLE share (
    id         text PRIMARY KEY,
    trip_id    text NOT NULL REFERENCES trip ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created    timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    revoked    timestamptz
);
CREATE INDEX share_trip ON share (trip_id, id DESC);

CREATE TABLE alert (
    id       text PRIMARY KEY,
    trip_id  text NOT NULL REFERENCES trip ON DELETE CASCADE,
    body     jsonb NOT NULL,
    resolved timestamptz
);
CREATE INDEX alert_open ON alert (trip_id, id) WHERE resolved IS NULL;

-- Events on their way to Kafka; a row goes when Kafka has acknowledged it.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    text NOT NULL,
    topic       text NOT NULL,
    key         text NOT NULL,
    value       bytea NOT NULL,
    traceparent text NOT NULL
);

-- The processes that run sagas, by their last sign of life.
CREATE TABLE executor (
    id   text PRIMARY KEY,
    seen timestamptz NOT NULL
);

-- +goose Down
DROP TABLE executor, outbox, alert, share, idempotency, change, generation, itinerary, trip;
