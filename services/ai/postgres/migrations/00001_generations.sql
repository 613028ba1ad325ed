-- +goose Up
CREATE TABLE generation (
    id                  text PRIMARY KEY,
    trip_id             text NOT NULL,
    owner               text NOT NULL,
    client_id           text NOT NULL,
    day                 integer NOT NULL,
    state               text NOT NULL CHECK (state IN ('queued', 'running', 'made', 'ready', 'failed', 'cancelled')),
    class               text NOT NULL CHECK (class IN ('express', 'standard', 'bulk')),
    cost_units          integer NOT NULL,
    ordinal             integer NOT NULL,
    fingerprint         bytea NOT NULL,
    percent             integer NOT NULL DEFAULT 0,
    stage               integer NOT NULL DEFAULT 1,
    last_sequence       bigint NOT NULL DEFAULT 0,
    days_ready          integer[] NOT NULL DEFAULT '{}',
    days_refined        integer[] NOT NULL DEFAULT '{}',
    days_improved       integer[] NOT NULL DEFAULT '{}',
    has_clashes         boolean NOT NULL DEFAULT false,
    failure_reason      text NOT NULL DEFAULT '',
    input_tokens        bigint NOT NULL DEFAULT 0,
    cached_input_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens  bigint NOT NULL DEFAULT 0,
    output_tokens       bigint NOT NULL DEFAULT 0,
    micro_usd           bigint NOT NULL DEFAULT 0,
    model_calls         integer NOT NULL DEFAULT 0,
    itinerary_version   bigint NOT NULL DEFAULT 0,
    request_time        timestamptz NOT NULL,
    create_time         timestamptz NOT NULL DEFAULT now(),
    start_time          timestamptz,
    made_time           timestamptz,
    end_time            timestamptz,
    attempts            integer NOT NULL DEFAULT 0,
    worker              text NOT NULL DEFAULT '',
    lease_until         timestamptz,
    troubles            jsonb NOT NULL DEFAULT '[]',
    -- When an event for the queue was last written, or is not to be missed before.
    queued_until        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX generation_queued ON generation (queued_until) WHERE state = 'queued';
CREATE INDEX generation_running ON generation (lease_until) WHERE state = 'running';
CREATE INDEX generation_started ON generation (start_time);
CREATE INDEX generation_spend ON generation (create_time) INCLUDE (client_id, micro_usd) WHERE micro_usd > 0;
CREATE INDEX generation_owner ON generation (owner, id DESC);
CREATE INDEX generation_trip ON generation (owner, trip_id, id DESC);

-- What was asked and what was made, sealed; apart from the row that every change rewrites.
CREATE TABLE generation_request (
    generation_id text PRIMARY KEY REFERENCES generation ON DELETE CASCADE,
    body          bytea NOT NULL
);
CREATE TABLE generation_result (
    generation_id text PRIMARY KEY REFERENCES generation ON DELETE CASCADE,
    itinerary     bytea NOT NULL
);
CREATE TABLE improvement (
    generation_id text NOT NULL REFERENCES generation ON DELETE CASCADE,
    day           integer NOT NULL,
    body          bytea NOT NULL,
    create_time   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation_id, day)
);

-- Events on their way to Kafka; a row goes when Kafka has acknowledged it.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    text NOT NULL,
    topic       text NOT NULL,
    key         text NOT NULL,
    value       bytea NOT NULL,
    traceparent text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL DEFAULT now()
);

-- Progress while Redis is away.
CREATE TABLE generation_event (
    generation_id text NOT NULL REFERENCES generation ON DELETE CASCADE,
    sequence      bigint NOT NULL,
    percent       integer NOT NULL,
    body          bytea NOT NULL,
    create_time   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation_id, sequence)
);

-- +goose Down
DROP TABLE generation_event, outbox, improvement, generation_result, generation_request, generation;
