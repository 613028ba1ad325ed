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

CREATE TRIGGER generation_forgotten BEFORE INSERT ON generation FOR EACH ROW EXECUTE FUNCTION refuse_forgotten();

-- +goose Down
DROP TRIGGER generation_forgotten ON generation;
DROP FUNCTION refuse_forgotten;
DROP TABLE forgotten;
