package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/postgres"
	tripsaga "github.com/tripgen/tripgen/services/trip/saga"
	usersaga "github.com/tripgen/tripgen/services/user/saga"
)

// sagasCmd is how ops look at sagas.
type sagasCmd struct {
	List  sagasListCmd  `cmd:"" help:"List sagas, newest first."`
	Show  sagasShowCmd  `cmd:"" help:"Show one with its steps."`
	Retry sagasRetryCmd `cmd:"" help:"Let one that broke off go on."`
	// Cancel is in a file of its own.
	Cancel sagasCancelCmd `cmd:"" help:"Have one compensate, where it still can."`
}

// Help is the long help.
func (sagasCmd) Help() string {
	return `A generation's saga (gen_…) hands it over, stores its itinerary, frees its trip and confirms, or gives back what was reserved. A deletion's (del_…) has all services hold and then forget an account, or unlocks it. An export's (exp_…) collects all data of an account into an archive, or drops it. A saga is named like its subject. One that compensated is done; its result says what became of its subject. Sagas that ended are kept for 14 days.`
}

type sagasListCmd struct {
	State []durable.State `help:"Only those in these states: ${enum}." enum:"running,done,failed,cancelled" default:"running,failed,cancelled"`
	Limit int             `help:"At most so many (1 to 500)." default:"50"`
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
	var all []durable.Status
	for _, of := range sagaServices {
		err := withSagas(ctx, c, of, func(ops *durable.Ops) error {
			found, err := ops.List(s.Limit, s.State...)
			all = append(all, found...)
			return err
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(all, func(a, b durable.Status) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID)) })
	return listSagas(c.stdout(), all[:min(len(all), s.Limit)], time.Now())
}

func listSagas(out io.Writer, sagas []durable.Status, now time.Time) error {
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
	ID string `arg:"" help:"Which one." placeholder:"SAGA"`
}

// Run is the command.
func (s *sagasShowCmd) Run(ctx context.Context, c *commands) error {
	return withSaga(ctx, c, s.ID, func(ops *durable.Ops) error {
		found, err := ops.Get(s.ID)
		if err != nil {
			return err
		}
		return showSaga(c.stdout(), found, time.Now())
	})
}

func showSaga(out io.Writer, s durable.Status, now time.Time) error {
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

type sagasRetryCmd struct {
	ID string `arg:"" help:"Which one." placeholder:"SAGA"`
}

// Run is the command.
func (s *sagasRetryCmd) Run(ctx context.Context, c *commands) error {
	return withSaga(ctx, c, s.ID, func(ops *durable.Ops) error { return ops.Retry(s.ID) })
}

// sagaOf is a service that runs sagas, and how their ids begin.
type sagaOf struct {
	role     app.Role
	app      string
	prefixes []string
}

var sagaServices = []sagaOf{
	{app.Trip, tripsaga.App, []string{"gen_"}},
	{app.User, usersaga.App, []string{"del_", "exp_"}},
}

// sagaOpsConns are for a query and for the library's listener.
const sagaOpsConns = 3

// withSaga opens the database that has the saga.
func withSaga(ctx context.Context, c *commands, id string, do func(*durable.Ops) error) error {
	for _, of := range sagaServices {
		if slices.ContainsFunc(of.prefixes, func(p string) bool { return strings.HasPrefix(id, p) }) {
			return withSagas(ctx, c, of, do)
		}
	}
	return durable.ErrNoSaga
}

// withSagas opens a service's database.
func withSagas(ctx context.Context, c *commands, of sagaOf, do func(*durable.Ops) error) (err error) {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	url := databaseURL(settings, of.role)
	if url == "" {
		return fmt.Errorf("postgres.%s is missing", of.role)
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: sagaOpsConns})
	if err != nil {
		return err
	}
	defer pool.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ops, err := durable.OpenOps(ctx, of.app, pool, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ops.Close()) }()
	return do(ops)
}
