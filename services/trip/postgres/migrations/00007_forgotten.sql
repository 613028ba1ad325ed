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
BEGIN
    -- A hold that is being made waits for this row, or this row for the hold.
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.owner, 7));
    IF EXISTS (SELECT FROM forgotten WHERE owner = NEW.owner AND state <> 'released') THEN
        RAISE EXCEPTION 'the owner is being forgotten' USING ERRCODE = 'TG001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER trip_forgotten BEFORE INSERT ON trip FOR EACH ROW EXECUTE FUNCTION refuse_forgotten();
CREATE TRIGGER webhook_forgotten BEFORE INSERT ON webhook FOR EACH ROW EXECUTE FUNCTION refuse_forgotten();
CREATE TRIGGER idempotency_forgotten BEFORE INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION refuse_forgotten();

-- +goose Down
DROP TRIGGER idempotency_forgotten ON idempotency;
DROP TRIGGER webhook_forgotten ON webhook;
DROP TRIGGER trip_forgotten ON trip;
DROP FUNCTION refuse_forgotten;
DROP TABLE forgotten;
