-- +goose Up
-- Endpoints of partners. Addresses and secrets are sealed.
CREATE TABLE webhook (
    id         text PRIMARY KEY,
    owner      text NOT NULL,
    body       bytea NOT NULL,
    events     integer[] NOT NULL,
    created    timestamptz NOT NULL,
    -- Since when it has taken nothing, and since when it is told of nothing any more.
    failing    timestamptz,
    disabled   timestamptz
);
CREATE INDEX webhook_owner ON webhook (owner, id DESC);

-- What endpoints are told: written with the feed's entry that it tells of. Nothing personal is in it.
CREATE TABLE webhook_message (
    webhook_id text NOT NULL REFERENCES webhook ON DELETE CASCADE,
    id         text NOT NULL,
    event      integer NOT NULL,
    body       bytea NOT NULL,
    created    timestamptz NOT NULL,
    -- Tries in all, and since the message was last made due by hand.
    attempts   integer NOT NULL DEFAULT 0,
    step       integer NOT NULL DEFAULT 0,
    -- When the next try is due, or, while one is under way, when it is taken for lost. Null for none.
    due        timestamptz,
    delivered  timestamptz,
    PRIMARY KEY (webhook_id, id)
);
CREATE INDEX webhook_message_due ON webhook_message (webhook_id, due) WHERE due IS NOT NULL;
CREATE INDEX webhook_message_created ON webhook_message (created);

CREATE TABLE webhook_attempt (
    webhook_id text NOT NULL,
    message_id text NOT NULL,
    number     integer NOT NULL,
    time       timestamptz NOT NULL,
    status     integer NOT NULL,
    error      text NOT NULL,
    latency    interval NOT NULL,
    PRIMARY KEY (webhook_id, message_id, number),
    FOREIGN KEY (webhook_id, message_id) REFERENCES webhook_message ON DELETE CASCADE
);

-- +goose Down
DROP TABLE webhook_attempt, webhook_message, webhook;
