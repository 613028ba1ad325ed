package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/user"
)

type sagasCancelCmd struct {
	ID string `arg:"" help:"Which one." placeholder:"SAGA"`
}

// Help is the long help.
func (sagasCancelCmd) Help() string {
	return `The saga compensates: a generation (gen_…) is cancelled and its regeneration given back, a deletion (del_…) is undone and its account unlocked unless data is removed already, an export (exp_…) fails and can be asked for again.`
}

// Run is the command. It changes what the saga is about, never the saga itself, which then compensates by its own steps.
func (s *sagasCancelCmd) Run(ctx context.Context, c *commands) error {
	if strings.HasPrefix(s.ID, string(id.Generation)+"_") {
		return cancelGeneration(ctx, c, s.ID)
	}
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	switch {
	case strings.HasPrefix(s.ID, string(id.Deletion)+"_"):
		return user.UndoBy(ctx, tools.store, s.ID)
	case strings.HasPrefix(s.ID, string(id.Export)+"_"):
		return user.CancelExport(ctx, tools.store, s.ID)
	default:
		return durable.ErrNoSaga
	}
}

// cancelGeneration does what its traveller could: the event of it reaches the saga.
func cancelGeneration(ctx context.Context, c *commands, generationID string) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: databaseURL(settings, app.AI), MaxConns: sagaOpsConns})
	if err != nil {
		return err
	}
	defer pool.Close()
	store := aipostgres.New(aipostgres.Deps{Pool: pool, Clock: clock.System{}, IDs: id.Random{}})
	g, cancelled, err := store.Cancel(ctx, generationID)
	if err == nil && !cancelled {
		err = fmt.Errorf("generation %s is %s: there is nothing to cancel", g.ID, g.State)
	}
	return err
}
