package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/reseal"
	"github.com/tripgen/tripgen/internal/seal"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	trippostgres "github.com/tripgen/tripgen/services/trip/postgres"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
)

// keysDataResealCmd seals all stored data with the primary key.
type keysDataResealCmd struct {
	Pause time.Duration `help:"How long to wait after each batch of 200 values: more is gentler on the databases." default:"20ms"`
}

// Help is the long help.
func (keysDataResealCmd) Help() string {
	return `After a promotion that every process has taken: all that older keys have sealed in the databases that the configuration names is sealed with the primary key, in short transactions, while the services run. It may be broken off and started again at any time, and goes on where it was; where it finds nothing more to do, the older keys can be disabled.`
}

// tellEvery is how often a long run says how far it is.
const tellEvery = 5 * time.Second

// Run is the command.
func (k *keysDataResealCmd) Run(ctx context.Context, c *commands) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	if settings.Seal.KeyFile == "" {
		return errors.New("seal.key_file has to be set")
	}
	sealer, err := seal.Load(settings.Seal.KeyFile)
	if err != nil {
		return err
	}
	keepers, closeAll, err := openKeepers(ctx, settings)
	if err != nil {
		return err
	}
	defer closeAll()
	told := time.Now()
	results, err := reseal.Run(ctx, sealer, reseal.Options{Pause: k.Pause, Told: func(p reseal.Progress) {
		if time.Since(told) < tellEvery {
			return
		}
		told = time.Now()
		_, _ = fmt.Fprintf(c.stdout(), "%s: %s.%s: %d of %d\n", p.Keeper, p.Table, p.Column, p.Done, p.Found) // the result tells all
	}}, keepers...)
	table := tabwriter.NewWriter(c.stdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "DATABASE\tCOLUMN\tSEALED ANEW\tLEFT\tCANNOT BE OPENED") // Flush gives the error
	for _, p := range results {
		_, _ = fmt.Fprintf(table, "%s\t%s.%s\t%d\t%d\t%d\n", p.Keeper, p.Table, p.Column, p.Done, p.Left, p.Broken)
	}
	if err := errors.Join(err, table.Flush()); err != nil {
		if errors.Is(err, reseal.ErrLeft) {
			return fmt.Errorf("%w: run the command again", err)
		}
		return err
	}
	return nil
}

// openKeepers opens the databases with sealed values that the configuration names, at least one.
func openKeepers(ctx context.Context, settings config.Config) (keepers []reseal.Keeper, closeAll func(), err error) {
	var pools []*pgxpool.Pool
	closeAll = func() {
		for _, pool := range pools {
			pool.Close()
		}
	}
	for _, k := range []struct {
		role    app.Role
		columns []reseal.Column
	}{{app.User, userpostgres.Sealed()}, {app.Trip, trippostgres.Sealed()}, {app.AI, aipostgres.Sealed()}} {
		url := databaseURL(settings, k.role)
		if url == "" {
			continue
		}
		// Counting goes through a whole table.
		pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 2, StatementTimeout: 10 * time.Minute})
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("%s: %w", k.role, err)
		}
		pools = append(pools, pool)
		keepers = append(keepers, reseal.Keeper{Name: string(k.role), Pool: pool, Columns: k.columns})
	}
	if len(keepers) == 0 {
		return nil, nil, errors.New("none of postgres.user, postgres.trip and postgres.ai is set")
	}
	return keepers, closeAll, nil
}

// errHeld means that a key is still needed.
var errHeld = errors.New("the key is still needed")

// checkUnused gives errHeld where a database has values that only this key opens.
func checkUnused(ctx context.Context, c *commands, id uint32) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	keepers, closeAll, err := openKeepers(ctx, settings)
	if err != nil {
		return fmt.Errorf("look for what key %d has sealed: %w", id, err)
	}
	defer closeAll()
	held, err := reseal.Count(ctx, id, keepers...)
	if err != nil {
		return err
	}
	for _, p := range held {
		err = errors.Join(err, fmt.Errorf("%w: it has sealed %d values of %s's %s.%s: run tripgen keys data reseal", errHeld, p.Left, p.Keeper, p.Table, p.Column))
	}
	return err
}
