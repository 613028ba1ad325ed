package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip/saga"
)

// sagasCmd is how ops look at sagas.
type sagasCmd struct {
	List sagasListCmd `cmd:"" help:"List sagas, newest first."`
	Show sagasShowCmd `cmd:"" help:"Show one with its steps."`
}

// Help is the long help.
func (sagasCmd) Help() string {
	return `A generation's saga hands it over, stores its itinerary, frees its trip and confirms, or gives back what was reserved. It is named like its generation. A saga that compensated is done; its result says what became of the generation. Sagas that ended are kept for 14 days.`
}

type sagasListCmd struct {
	State []saga.State `help:"Only those in these states: ${enum}." enum:"running,done,failed,cancelled" default:"running,failed,cancelled"`
	Limit int          `help:"At most so many (1 to 500)." default:"50"`
}

// Validate is for the command line.
func (s *sagasListCmd) Validate() error {
	if s.Limit < 1 || s.Limit > 500 {
		return errors.New("--limit must be from 1 to 500")
	}
	return nil
}

// Run is the command.
func (s *sagasListCmd) Run(ctx context.Context, c *commands) error {
	return withSagas(ctx, c, func(ops *saga.Ops) error {
		found, err := ops.List(s.Limit, s.State...)
		if err != nil {
			return err
		}
		return listSagas(c.stdout(), found, time.Now())
	})
}

func listSagas(out io.Writer, sagas []saga.Status, now time.Time) error {
	if len(sagas) == 0 {
		_, err := fmt.Fprintln(out, "no sagas")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SAGA\tKIND\tSTATE\tLAST STEP\tAGE\tATTEMPTS\tEXECUTOR\tRESULT\tERROR") // kept until Flush
	for _, s := range sagas {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", s.ID, s.Kind, s.State, orDash(s.Last()),
			s.Age(now).Round(time.Millisecond), s.Attempts, s.Executor, orDash(s.Result), orDash(firstLine(s.Error)))
	}
	return table.Flush()
}

type sagasShowCmd struct {
	ID string `arg:"" help:"Which one." placeholder:"GENERATION"`
}

// Run is the command.
func (s *sagasShowCmd) Run(ctx context.Context, c *commands) error {
	return withSagas(ctx, c, func(ops *saga.Ops) error {
		found, err := ops.Get(s.ID)
		if err != nil {
			return err
		}
		return showSaga(c.stdout(), found, time.Now())
	})
}

func showSaga(out io.Writer, s saga.Status, now time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "saga      %s\nkind      %s\nstate     %s\nresult    %s\nerror     %s\n", s.ID, s.Kind, s.State, orDash(s.Result), orDash(s.Error))
	fmt.Fprintf(&b, "executor  %s\nattempts  %d\ncreated   %s\nupdated   %s\nage       %s\n", s.Executor, s.Attempts,
		s.Created.UTC().Format(time.RFC3339), s.Updated.UTC().Format(time.RFC3339), s.Age(now).Round(time.Millisecond))
	for i, step := range s.Steps {
		fmt.Fprintf(&b, "step %-4d %s  %s  %s  %s", i, step.Started.UTC().Format(time.RFC3339Nano), step.Ended.Sub(step.Started), step.Name, step.Output)
		if step.Error != "" {
			fmt.Fprintf(&b, "  error: %s", firstLine(step.Error))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// sagaOpsConns are for a query and for the library's listener.
const sagaOpsConns = 3

// withSagas opens the trip database.
func withSagas(ctx context.Context, c *commands, do func(*saga.Ops) error) (err error) {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	if settings.Postgres.Trip == "" {
		return errors.New("postgres.trip is missing")
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: databaseURL(settings, app.Trip), MaxConns: sagaOpsConns})
	if err != nil {
		return err
	}
	defer pool.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ops, err := saga.OpenOps(ctx, pool, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ops.Close()) }()
	return do(ops)
}
