// Package postgres opens PostgreSQL (15 or later) through pgx: pools with bounds, databases made on demand, migrations,
// transactions, and errors that can be told apart without knowing SQLSTATE codes.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/app"
)

// Config is what a pool is opened with.
type Config struct {
	// URL is postgres://user:password@host:port/database?…
	URL string
	// MaxConns bounds the pool; zero for 10.
	MaxConns int
	// StatementTimeout is the server's bound of one statement; zero for 15 seconds.
	StatementTimeout time.Duration
}

const (
	defaultMaxConns         = 10
	defaultStatementTimeout = 15 * time.Second
	connectTimeout          = 5 * time.Second
	connLifetime            = 30 * time.Minute
	connIdleTime            = 5 * time.Minute
)

// Open opens a pool and makes sure that the database answers. Statements are traced without their arguments, which may
// be personal.
func Open(ctx context.Context, c Config) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if c.MaxConns == 0 {
		c.MaxConns = defaultMaxConns
	}
	if c.StatementTimeout == 0 {
		c.StatementTimeout = defaultStatementTimeout
	}
	config.MaxConns = int32(min(c.MaxConns, 10_000))
	config.MaxConnLifetime = connLifetime
	config.MaxConnLifetimeJitter = connLifetime / 10
	config.MaxConnIdleTime = connIdleTime
	config.ConnConfig.ConnectTimeout = connectTimeout
	config.ConnConfig.RuntimeParams["application_name"] = "tripgen"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["statement_timeout"] = millis(c.StatementTimeout)
	// A transaction that its owner forgot must not hold its locks for ever.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = millis(2 * c.StatementTimeout)
	config.ConnConfig.Tracer = otelpgx.NewTracer()

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres at %s: %w", where(config.ConnConfig), err)
	}
	return pool, nil
}

// Check asks whether the database answers.
func Check(pool *pgxpool.Pool) app.Check { return pool.Ping }

// Part owns the pool: it is closed when the process ends.
func Part(name string, pool *pgxpool.Pool) app.Part {
	return app.Part{Name: name, Close: func(context.Context) error {
		pool.Close()
		return nil
	}}
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// where names a database without its password.
func where(c *pgx.ConnConfig) string { return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database) }
