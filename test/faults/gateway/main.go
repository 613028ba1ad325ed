// Command gateway kills and restarts services behind the gateway, two instances of each, while people call: reads must
// not fail at all, writes only where a service may have seen them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/test/fleet"
	"github.com/tripgen/tripgen/test/people"
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
	f, err := fleet.Start(ctx, fleet.Config{
		Dir: dir, Postgres: os.Getenv("TRIPGEN_TEST_POSTGRES"), Redis: os.Getenv("TRIPGEN_TEST_REDIS"), Kafka: os.Getenv("TRIPGEN_TEST_KAFKA"),
		Envoy: os.Getenv("TRIPGEN_TEST_ENVOY"), Database: "tripgen_faults_",
		Instances: map[app.Role]int{app.User: 2, app.Location: 2, app.AI: 2, app.Trip: 2},
		Settings:  "providers: { anthropic: { key: unused, base_url: \"http://127.0.0.1:1\" } }\n",
	})
	defer func() { err = errors.Join(err, f.Close()) }()
	if err != nil {
		return err
	}
	if err := f.Unlimit(ctx); err != nil {
		return err
	}
	travellers, err := people.SignUpMany(ctx, f.Gateway, readers+writers)
	if err != nil {
		return err
	}

	killed, err := under(ctx, f, travellers, func() error {
		for n := range kills {
			if err := f.Kill(app.Trip, n%2); err != nil {
				return err
			}
			if err := back(ctx, f, app.Trip, n%2); err != nil {
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
	r := report.New("Instances killed and restarted behind the gateway")
	r.Add("Two instances of each service, %d readers and %d writers.\n", readers, writers)
	r.Add("- An instance of trip killed (-9) %d times, restarted at once: %s.", kills, killed)
	rolled, err := under(ctx, f, travellers, func() error { return restartAll(ctx, f) })
	if err != nil {
		return err
	}
	r.Add("- Every instance of user, trip, ai and location restarted, one after the other: %s.", rolled)
	r.Goal("failed reads, instances killed", float64(killed.reads.failed), "<=", 0)
	r.Goal("failed reads, rolling restart", float64(rolled.reads.failed), "<=", 0)
	r.Goal("failed writes, rolling restart", float64(rolled.writes.failed), "<=", 0)
	if err := r.Finish("docs/benchmarks/gateway-faults.md", "make faults-gateway"); err != nil {
		return err
	}
	if !r.Met() {
		return errors.New("a goal is missed")
	}
	return nil
}

// back starts an instance again and waits until it is called.
func back(ctx context.Context, f *fleet.Fleet, role app.Role, i int) error {
	if err := f.StartInstance(ctx, role, i); err != nil {
		return err
	}
	return f.AwaitHealthy(ctx)
}

// restartAll restarts every instance as a deployment does: when the one before is back.
func restartAll(ctx context.Context, f *fleet.Fleet) error {
	for i := range 2 {
		for _, role := range []app.Role{app.User, app.Trip, app.AI, app.Location} {
			if err := f.StopInstance(ctx, role, i); err != nil {
				return err
			}
			if err := back(ctx, f, role, i); err != nil {
				return err
			}
		}
	}
	return nil
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
