// Package postgrestest gives each test a database of its own on a real server.
package postgrestest

import (
	"context"
	"crypto/rand"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres"
)

// Variable names the environment variable with the URL of a superuser on the server to use.
const Variable = "TRIPGEN_TEST_POSTGRES"

// New gives a pool on a fresh, migrated database, dropped when the test ends. migrations may be nil. Without a server
// the test is skipped, or fails where TRIPGEN_TEST_REAL=1 says that there has to be one.
func New(t testing.TB, migrations fs.FS) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: NewURL(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if migrations != nil {
		if _, err := postgres.Migrate(t.Context(), pool, migrations); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}

// NewURL gives the URL of a fresh, empty database, dropped when the test ends.
func NewURL(t testing.TB) string {
	t.Helper()
	server := Server(t)
	parsed, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", Variable, err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	parsed.Path = "/" + name
	if err := postgres.EnsureDatabase(t.Context(), parsed.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, server, name) })
	return parsed.String()
}

// Server is the URL of the server to test on.
func Server(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatalf("%s is not set", Variable)
		}
		t.Skipf("needs a PostgreSQL server: set %s", Variable)
	}
	return server
}

func drop(t testing.TB, server, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Errorf("drop database: %v", err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		t.Errorf("drop database: %v", err)
	}
}
