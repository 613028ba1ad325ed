package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
)

var schema = fstest.MapFS{"00001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE thing (
	name text PRIMARY KEY,
	size int NOT NULL CONSTRAINT size_positive CHECK (size > 0),
	parent text CONSTRAINT parent_exists REFERENCES thing (name)
);
-- +goose Down
DROP TABLE thing;
`)}}

func insert(ctx context.Context, db postgres.Querier, name string, size any, parent *string) error {
	_, err := db.Exec(ctx, "INSERT INTO thing (name, size, parent) VALUES ($1, $2, $3)", name, size, parent)
	return err
}

func count(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM thing").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t, schema)
	stop := errors.New("stop")
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if err := insert(t.Context(), tx, "a", 1, nil); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) || count(t, pool) != 0 {
		t.Errorf("after an error: %v, %d rows", err, count(t, pool))
	}
	err = postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return insert(t.Context(), tx, "a", 1, nil) })
	if err != nil || count(t, pool) != 1 {
		t.Errorf("after success: %v, %d rows", err, count(t, pool))
	}
}

func TestDatabaseErrorsCanBeToldApart(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t, schema)
	ctx, nobody := t.Context(), "nobody"
	if err := insert(ctx, pool, "a", 1, nil); err != nil {
		t.Fatal(err)
	}
	var name string
	for _, c := range []struct {
		err        error
		want       error
		constraint string
	}{
		{insert(ctx, pool, "a", 1, nil), postgres.ErrExists, "thing_pkey"},
		{insert(ctx, pool, "b", 0, nil), postgres.ErrCheck, "size_positive"},
		{insert(ctx, pool, "b", nil, nil), postgres.ErrCheck, ""},
		{insert(ctx, pool, "b", 1, &nobody), postgres.ErrReference, "parent_exists"},
		{pool.QueryRow(ctx, "SELECT name FROM thing WHERE name = 'x'").Scan(&name), postgres.ErrNoRow, ""},
	} {
		got := postgres.Clean(c.err)
		if !errors.Is(got, c.want) || !errors.Is(got, c.err) || postgres.Constraint(got) != c.constraint {
			t.Errorf("Clean(%v) = %v, constraint %q", c.err, got, postgres.Constraint(got))
		}
	}
	if postgres.Clean(nil) != nil {
		t.Error("Clean(nil) is an error")
	}
}

func TestMigrationsAreAppliedOnceByManyAtOnce(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t, nil)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	for range 2 {
		wg.Go(func() {
			n, err := postgres.Migrate(t.Context(), pool, schema)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += n
		})
	}
	wg.Wait()
	if total != 1 || count(t, pool) != 0 {
		t.Errorf("%d migrations were applied", total)
	}
}

func TestEnsureDatabaseMakesItOnceOnly(t *testing.T) {
	t.Parallel()
	url := postgrestest.NewURL(t)
	if err := postgres.EnsureDatabase(t.Context(), url); err != nil {
		t.Errorf("a second time: %v", err)
	}
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := postgres.Check(pool)(t.Context()); err != nil {
		t.Errorf("Check = %v", err)
	}
}

func TestStatementsAreBoundedInTimeAndTheSessionIsUTC(t *testing.T) {
	t.Parallel()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.NewURL(t), StatementTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), "SELECT pg_sleep(5)"); err == nil {
		t.Error("a statement of 5 s went through")
	}
	var zone string
	if err := pool.QueryRow(t.Context(), "SHOW timezone").Scan(&zone); err != nil || zone != "UTC" {
		t.Errorf("zone is %q, %v", zone, err)
	}
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), postgres.Config{URL: "postgres://postgres:hunter2@127.0.0.1:1/x"})
	if !errors.Is(postgres.Clean(err), postgres.ErrUnavailable) {
		t.Errorf("Open = %v", err)
	}
}
