package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/app"
)

type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// part writes down when it ends and when it is closed.
func (j *journal) part(name string) app.Part {
	return app.Part{
		Name: name,
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			j.add("end " + name)
			return ctx.Err()
		},
		Close: func(context.Context) error {
			j.add("close " + name)
			return nil
		},
	}
}

func options() app.Options {
	return app.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Shutdown: 5 * time.Second}
}

func TestPartsStopOneByOneInReverseOrder(t *testing.T) {
	t.Parallel()
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	err := app.Run(ctx, options(), func(_ context.Context, g *app.Group) error {
		g.Add(j.part("pool"), j.part("consumer"), app.Part{Name: "trigger", Run: func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			return nil
		}})
		return nil
	})
	if err != nil {
		t.Fatalf("Run = %v", err)
	}
	want := []string{"end consumer", "close consumer", "end pool", "close pool"}
	if !slices.Equal(j.lines, want) {
		t.Errorf("order = %q, want %q", j.lines, want)
	}
}

func TestAFailingPartStopsTheOthersAndIsTheError(t *testing.T) {
	t.Parallel()
	var j journal
	err := app.Run(t.Context(), options(), func(_ context.Context, g *app.Group) error {
		g.Add(j.part("pool"), app.Part{Name: "kafka", Run: func(context.Context) error { return io.ErrUnexpectedEOF }})
		return nil
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "kafka: ") {
		t.Errorf("Run = %v", err)
	}
	if !slices.Equal(j.lines, []string{"end pool", "close pool"}) {
		t.Errorf("the other part was not stopped: %q", j.lines)
	}
}

func TestAPartThatEndsByItselfIsAnError(t *testing.T) {
	t.Parallel()
	err := app.Run(t.Context(), options(), func(_ context.Context, g *app.Group) error {
		g.Add(app.Part{Name: "relay", Run: func(context.Context) error { return nil }})
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "relay: ended by itself") {
		t.Errorf("Run = %v", err)
	}
}

func TestAFailedBuildClosesWhatWasBuilt(t *testing.T) {
	t.Parallel()
	var j journal
	err := app.Run(t.Context(), options(), func(_ context.Context, g *app.Group) error {
		g.Add(j.part("pool"))
		return io.ErrNoProgress
	})
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Run = %v", err)
	}
	if !slices.Equal(j.lines, []string{"close pool"}) {
		t.Errorf("journal = %q", j.lines)
	}
}

func TestAPartThatOutstaysTheDeadlineIsNamedAndTheRestClosed(t *testing.T) {
	t.Parallel()
	var j journal
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	opts := options()
	opts.Shutdown = 200 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := app.Run(ctx, opts, func(_ context.Context, g *app.Group) error {
		g.Add(j.part("pool"), app.Part{Name: "stuck", Run: func(context.Context) error { <-release; return nil }})
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "stuck: did not stop in time") {
		t.Errorf("Run = %v", err)
	}
	if !slices.Equal(j.lines, []string{"end pool", "close pool"}) {
		t.Errorf("the other part was not stopped: %q", j.lines)
	}
}

func TestReadinessGoesOffBeforeAnythingStops(t *testing.T) {
	t.Parallel()
	var ready *app.Readiness
	readyAtStop := true
	ctx, cancel := context.WithCancel(t.Context())
	err := app.Run(ctx, options(), func(_ context.Context, g *app.Group) error {
		ready = g.Readiness()
		g.Add(app.Part{Name: "server", Run: func(ctx context.Context) error {
			if !ready.Report(ctx).Ready {
				return errors.New("not ready while running")
			}
			cancel()
			<-ctx.Done()
			readyAtStop = ready.Report(context.Background()).Ready
			return nil
		}})
		return nil
	})
	if err != nil || readyAtStop {
		t.Errorf("Run = %v; ready while stopping: %v", err, readyAtStop)
	}
}

// Not parallel: a signal reaches the whole process.
func TestASignalEndsTheRunCleanly(t *testing.T) {
	err := app.Run(t.Context(), options(), func(_ context.Context, g *app.Group) error {
		g.Add(app.Part{Name: "server", Run: func(ctx context.Context) error {
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}})
		return nil
	})
	if err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestReadinessFollowsWhatIsNeededAndTellsTheRest(t *testing.T) {
	t.Parallel()
	var r app.Readiness
	r.Need("postgres", func(context.Context) error { return nil })
	r.Show("claude", func(context.Context) error { return errors.New("breaker open") })
	got := r.Report(t.Context())
	if !got.Ready || got.Dependencies["claude"].State != "down" || got.Dependencies["claude"].Error != "breaker open" {
		t.Errorf("Report = %+v", got)
	}
	r.Need("redis", func(context.Context) error { return io.EOF })
	if got := r.Report(t.Context()); got.Ready || got.Draining {
		t.Errorf("Report = %+v", got)
	}
}

func TestRolesAreReadInStartOrderWithoutDoubles(t *testing.T) {
	t.Parallel()
	got, err := app.ParseRoles("worker", "trip", "trip", "user")
	if err != nil || !slices.Equal(got, []app.Role{app.User, app.Trip, app.Worker}) {
		t.Errorf("ParseRoles = %v, %v", got, err)
	}
	if got, err := app.ParseRoles("all"); err != nil || !slices.Equal(got, app.Roles()) {
		t.Errorf("ParseRoles(all) = %v, %v", got, err)
	}
	if _, err := app.ParseRoles("trips"); err == nil || !strings.Contains(err.Error(), "choose from user") {
		t.Errorf("ParseRoles(trips) = %v", err)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	if got := app.OneLine(errors.Join(errors.New("a"), errors.New("b"))); got != "a; b" {
		t.Errorf("OneLine = %q", got)
	}
}
