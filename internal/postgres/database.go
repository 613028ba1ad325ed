package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// maintenance is the database that every server has, to make others from.
const maintenance = "postgres"

// EnsureDatabase makes the database that url names, unless it is there. The user needs the right to make databases only
// where it is not.
func EnsureDatabase(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	config.ConnectTimeout = connectTimeout
	name := config.Database
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		return conn.Close(ctx)
	}
	if !errors.Is(Clean(err), ErrNoDatabase) {
		return fmt.Errorf("postgres at %s: %w", where(config), err)
	}
	config.Database = maintenance
	if conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if errors.Is(Clean(err), ErrDatabaseExists) { // another process was faster
		err = nil
	}
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	return nil
}

// Migrate brings the schema up to date by the goose migrations (NNNNN_name.sql) in the root of migrations. Several
// processes may do so at once: a lock in the database lets one go first. It tells how many were applied.
func Migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) (applied int, err error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	results, err := provider.Up(ctx)
	if err = errors.Join(err, provider.Close()); err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}
