// Package app has the life of a process: its roles, the parts that each role is built from, and one way to start and
// stop them.
//
// A role is wired by adding parts to a [Group] in the order in which they need each other: what is opened first is
// closed last. [Run] builds, runs all parts side by side, and on a signal or on the first part that fails turns
// readiness off and stops the parts one by one in reverse order, each awaited, under one deadline.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Part is one thing that a process owns.
type Part struct {
	// Name stands in log lines and errors.
	Name string
	// Run works until ctx ends and then returns within the group's deadline, with nil or ctx's error. Coming back
	// earlier stops the process, with any error as the reason. Nil for a part with nothing to run.
	Run func(ctx context.Context) error
	// Close gives back what the part holds, after its Run is over. Nil for a part with nothing to give back.
	Close func(ctx context.Context) error
}

// Group is the parts of a process in the order in which they were built.
type Group struct {
	parts []Part
	ready []*Readiness
}

// Add takes parts into ownership: from now on they are closed by the group, even if the build goes wrong later.
func (g *Group) Add(parts ...Part) { g.parts = append(g.parts, parts...) }

// Readiness makes a readiness that the group turns off before it stops anything.
func (g *Group) Readiness() *Readiness {
	r := new(Readiness)
	g.ready = append(g.ready, r)
	return r
}

// Options says how [Run] ends.
type Options struct {
	// Log gets start and stop lines.
	Log *slog.Logger
	// Drain is the time between readiness going off and the first part being stopped, for load balancers to notice.
	Drain time.Duration
	// Shutdown bounds the stopping of all parts together.
	Shutdown time.Duration
}

// Run builds the parts, runs them until SIGINT, SIGTERM, the end of ctx or the end of a part, and stops them. A second
// signal ends the process at once. The error is nil after a signal and a clean stop.
func Run(ctx context.Context, opts Options, build func(context.Context, *Group) error) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	g := new(Group)
	if err := build(ctx, g); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), opts.Shutdown)
		defer cancel()
		if closeErr := newRunning(ctx, g.parts).close(closing); closeErr != nil {
			opts.Log.Warn("clean-up after a failed start", "error", closeErr)
		}
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil
		}
		return fmt.Errorf("start: %w", err)
	}
	return g.run(ctx, stop, opts)
}

func (g *Group) run(ctx context.Context, signalsOff func(), opts Options) error {
	running := newRunning(ctx, g.parts)
	workers, ended := errgroup.WithContext(context.WithoutCancel(ctx))
	running.start(workers)
	opts.Log.Info("running", "parts", len(g.parts))

	select {
	case <-ctx.Done():
	case <-ended.Done():
	}
	signalsOff() // from here on a second signal has its default effect: the end
	opts.Log.Info("stopping")
	for _, r := range g.ready {
		r.Drain()
	}
	if ended.Err() == nil && opts.Drain > 0 {
		wait(ended, opts.Drain)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), opts.Shutdown)
	defer cancel()
	if err := running.close(closing); err != nil {
		// A part that would not end still holds its goroutine; waiting for it would hang the process.
		return errors.Join(running.firstError(), err)
	}
	_ = workers.Wait() // its error is the one that was kept
	opts.Log.Info("stopped")
	return running.firstError()
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// OneLine flattens an error, joined or not, into the one line that a person reads when a start fails.
func OneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
