// Command trip measures the trip service through the gateway: listing, reading, editing and watching with 1,000 trips of
// each caller and 100,000 in all, beside the same calls with 20 of each and 1,000 in all, in the same run. The plans of
// the statements behind them are read from PostgreSQL. It needs Redis and Kafka, named by TRIPGEN_TEST_REDIS and
// TRIPGEN_TEST_KAFKA; PostgreSQL is started here, because the tests' does not write to the disk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/local"
)

const limit = 10 * time.Minute

func main() {
	span := flag.Duration("span", 2*time.Second, "how long each call is measured with one caller, and again with many")
	out := flag.String("out", "docs/benchmarks/trip.md", "document to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := run(ctx, *span, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench-trip:", err)
		os.Exit(1)
	}
}

// The two sizes: everybody's trips, and all. The first travellers make calls.
const (
	callers             = 16
	smallEach, smallAll = 20, 1000
	largeEach, largeAll = 1000, 100_000
	// pageSize is that of lists.
	pageSize = 10
	// watchers are open beside what is measured.
	watchers = 200
)

func run(ctx context.Context, span time.Duration, out string) (err error) {
	dir, err := os.MkdirTemp("", "tripgen-bench-trip-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL runs as another user
		return err
	}
	database, err := local.StartPostgres(ctx, local.PostgresConfig{Dir: filepath.Join(dir, "postgres")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close(context.WithoutCancel(ctx))) }()
	s, err := stack.Start(ctx, "--postgres", database.URL("postgres"), "--redis", os.Getenv("TRIPGEN_TEST_REDIS"), "--kafka", os.Getenv("TRIPGEN_TEST_KAFKA"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if err := s.Unlimit(ctx); err != nil {
		return err
	}
	w, err := newWorld(ctx, s, database.URL("tripgen_trip"))
	if err != nil {
		return err
	}
	defer w.pool.Close()
	r := &document{report.New("Trips")}
	if err := compare(ctx, w, r, span); err != nil {
		return err
	}
	if err := w.plans(ctx, r); err != nil {
		return err
	}
	return r.Finish(out, "make bench-trip")
}

// compare measures all calls at both sizes.
func compare(ctx context.Context, w *world, r *document, span time.Duration) error {
	var sizes [2]map[string]figures
	for i, size := range []struct{ each, all int }{{smallEach, smallAll}, {largeEach, largeAll}} {
		began := time.Now()
		if err := w.fill(ctx, size.each, size.all/size.each); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		rows, bytes, err := w.size(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%d trips of %d travellers (%d rows in the database, %d MB) after %.1f s\n", size.all, size.all/size.each, rows, bytes>>20, time.Since(began).Seconds())
		if sizes[i], err = w.measure(ctx, span); err != nil {
			return err
		}
	}
	r.calls(sizes[0], sizes[1])
	return nil
}
