-- +goose Up
-- Deletions of accounts: from the hold on the owner gets nothing new, whatever is under way. The ids tell nobody's name.
CREATE TABLE forgotten (
    deletion_id text PRIMARY KEY,
    owner       text NOT NULL,
    state       text NOT NULL CHECK (state IN ('held', 'released', 'forgotten')),
    removed     jsonb NOT NULL DEFAULT '{}',
    time        timestamptz NOT NULL
);
CREATE INDEX forgotten_owner ON forgotten (owner);

-- +goose StatementBegin
CREATE FUNCTION refuse_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added_owner text;
BEGIN
    FOR added_owner IN SELECT DISTINCT owner FROM added ORDER BY owner LOOP
        -- A hold that is being made waits for these rows, or these rows for the hold.
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(added_owner, 7));
        IF EXISTS (SELECT FROM forgotten WHERE owner = added_owner AND state <> 'released') THEN
            RAISE EXCEPTION 'the owner is being forgotten' USING ERRCODE = 'TG001';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER trip_forgotten AFTER INSERT ON trip REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgotten();
CREATE TRIGGER webhook_forgotten AFTER INSERT ON webhook REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgotten();
CREATE TRIGGER idempotency_forgotten AFTER INSERT ON idempotency REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgotten();

-- +goose Down
DROP TRIGGER idempotency_forgotten ON idempotency;
DROP TRIGGER webhook_forgotten ON webhook;
DROP TRIGGER trip_forgotten ON trip;
DROP FUNCTION refuse_forgotten;
DROP TABLE forgotten;
