-- +goose Up

CREATE TABLE clients (
    id              text PRIMARY KEY,
    name            text        NOT NULL,
    first_party     boolean     NOT NULL,
    auth_method     text        NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'private_key_jwt')),
    secret_hash     bytea,
    old_secret_hash bytea,
    old_secret_ends timestamptz,
    keys            jsonb,
    grants          text[]      NOT NULL,
    scopes          text[]      NOT NULL,
    redirect_uris   text[]      NOT NULL,
    created         timestamptz NOT NULL,
    revoked         timestamptz
);

-- A session is the family of all tokens of one authorization. Only hashes of refresh tokens are kept: of the current
-- one and of the one before, which a client that lost an answer may show again for a short while.
CREATE TABLE sessions (
    id            text PRIMARY KEY,
    account_id    text        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    client_id     text        NOT NULL REFERENCES clients,
    scopes        text[]      NOT NULL,
    device        bytea,
    authenticated timestamptz NOT NULL,
    created       timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    expires       timestamptz NOT NULL,
    ended         timestamptz,
    end_reason    text,
    refresh_hash  bytea,
    previous_hash bytea,
    rotated       timestamptz
) WITH (fillfactor = 80);
CREATE INDEX sessions_account ON sessions (account_id, id) WHERE ended IS NULL;
CREATE INDEX sessions_client ON sessions (client_id) WHERE ended IS NULL;

CREATE TABLE codes (
    hash           bytea PRIMARY KEY,
    session_id     text        NOT NULL,
    account_id     text        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    client_id      text        NOT NULL REFERENCES clients,
    redirect_uri   text        NOT NULL,
    scopes         text[]      NOT NULL,
    code_challenge text        NOT NULL,
    nonce          text        NOT NULL,
    device         bytea,
    authenticated  timestamptz NOT NULL,
    requested      timestamptz NOT NULL,
    expires        timestamptz NOT NULL,
    used           timestamptz
);
CREATE INDEX codes_expires ON codes (expires);

-- Ids of client assertions (RFC 7523) that were used.
CREATE TABLE assertions (
    id      text PRIMARY KEY,
    expires timestamptz NOT NULL
);
CREATE INDEX assertions_expires ON assertions (expires);

-- Keys that sign tokens. A key is published when it is made, signs from `signs` on until the next one does, and is
-- published until `ends`.
CREATE TABLE signing_keys (
    id          text PRIMARY KEY,
    private_key bytea       NOT NULL,
    created     timestamptz NOT NULL,
    signs       timestamptz NOT NULL,
    ends        timestamptz
);

-- What must not be accepted any more although its signature is valid: the id of a session, a token or a client. Gone
-- again once all tokens that it could concern have expired.
CREATE TABLE revocations (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text        NOT NULL,
    at      timestamptz NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX revocations_expires ON revocations (expires);

-- Who is logged in at the log-in page of the authorization server itself, by the hash of the cookie.
CREATE TABLE browsers (
    hash          bytea PRIMARY KEY,
    account_id    text        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    authenticated timestamptz NOT NULL,
    expires       timestamptz NOT NULL
);
CREATE INDEX browsers_account ON browsers (account_id);
CREATE INDEX browsers_expires ON browsers (expires);

CREATE TABLE consents (
    account_id text        NOT NULL REFERENCES accounts ON DELETE CASCADE,
    client_id  text        NOT NULL REFERENCES clients ON DELETE CASCADE,
    scopes     text[]      NOT NULL,
    given      timestamptz NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

-- +goose Down
DROP TABLE consents, browsers, revocations, signing_keys, assertions, codes, sessions, clients;
