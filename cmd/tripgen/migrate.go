package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/postgres"
)

// migrateCmd makes databases and schemas.
type migrateCmd struct {
	Roles []string `arg:"" optional:"" help:"Roles whose databases to migrate; all where none is named." placeholder:"ROLE"`
}

// Help is the long help.
func (migrateCmd) Help() string {
	return `Makes the databases that are not there and applies the migrations that are missing. It may run while services do, and several may run at once: a lock in the database lets one go first.

The databases are those of postgres.ROLE; their users need the right to make databases only where one is missing.`
}

// Run is the command.
func (m *migrateCmd) Run(ctx context.Context, c *commands) error {
	if len(m.Roles) == 0 {
		m.Roles = []string{"all"}
	}
	roles, err := app.ParseRoles(m.Roles...)
	if err != nil {
		return err
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	settings.Postgres.Create, settings.Postgres.Migrate = true, true
	done := 0
	for _, name := range roles {
		migrations := wirings()[name].migrations
		if migrations == nil {
			continue
		}
		url := databaseURL(settings, name)
		if url == "" {
			return fmt.Errorf("postgres.%s is missing", name)
		}
		if err := migrate(ctx, settings.Postgres, url, migrations); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		done++
	}
	if done == 0 {
		return errors.New("none of these roles has migrations yet")
	}
	return nil
}

// migrate makes the database and its schema as far as the configuration lets it.
func migrate(ctx context.Context, c config.Postgres, url string, migrations fs.FS) error {
	if c.Create {
		if err := postgres.EnsureDatabase(ctx, url); err != nil {
			return err
		}
	}
	if !c.Migrate || migrations == nil {
		return nil
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = postgres.Migrate(ctx, pool, migrations)
	return err
}
