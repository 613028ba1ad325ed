// Command gateway kills and restarts services behind the gateway, two instances of each, while people call: reads must
// not fail at all, writes only where a service may have seen them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

func main() {
	kills := flag.Int("kills", 6, "how often an instance is killed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kills); err != nil {
		fmt.Fprintln(os.Stderr, "faults-gateway:", err)
		os.Exit(1)
	}
}

// between is how long calls go on between two faults.
const between = 2 * time.Second

func run(ctx context.Context, kills int) (err error) {
	dir, err := os.MkdirTemp("", "tripgen-faults-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f, err := startFleet(ctx, dir)
	defer func() { err = errors.Join(err, f.stop()) }()
	if err != nil {
		return err
	}
	if _, err := f.admin.Call(ctx, "POST", "/runtime_modify", url.Values{
		"gateway.limit.per_connection": {"0"}, "gateway.limit.per_address": {"0"}, "gateway.limit.per_caller": {"0"},
	}); err != nil {
		return err
	}
	people, err := f.people(ctx, 8)
	if err != nil {
		return err
	}

	killed, err := under(ctx, f, people, func() error {
		for n := range kills {
			if err := f.kill(ctx, envoy.Trip, n%2); err != nil {
				return err
			}
			if !pause(ctx, between) {
				return ctx.Err()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("an instance of trip killed (-9) %d times, restarted at once: %s\n", kills, killed)
	rolled, err := under(ctx, f, people, func() error { return f.restartAll(ctx) })
	if err != nil {
		return err
	}
	fmt.Printf("every instance of user, trip, ai and location restarted, one after the other: %s\n\n", rolled)
	goal("failed reads, instances killed", killed.reads.failed)
	fmt.Printf("failed writes, instances killed: %d of %d\n", killed.writes.failed, killed.writes.calls)
	goal("failed reads, rolling restart", rolled.reads.failed)
	goal("failed writes, rolling restart", rolled.writes.failed)
	return nil
}

func goal(name string, value int) {
	verdict := "met"
	if value > 0 {
		verdict = "missed"
	}
	fmt.Printf("goal: %s = %d (target <= 0) %s\n", name, value, verdict)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
