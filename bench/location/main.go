// Command location measures the location service: nearby search over an index of up to 100,000 places, and the cache
// before the providers under a replay of look-ups as they are in life. It needs a Redis server, named by
// TRIPGEN_TEST_REDIS.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/cache"
)

const limit = 10 * time.Minute

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench location: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	address := os.Getenv("TRIPGEN_TEST_REDIS")
	if address == "" {
		return errors.New("TRIPGEN_TEST_REDIS is not set: run make bench-location")
	}
	client, err := cache.Open(ctx, address)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // nothing is lost
	r := report.New("Location")
	nearby(r)
	if err := caching(ctx, r, client); err != nil {
		return err
	}
	if err := r.Finish("docs/benchmarks/location.md", "make bench-location"); err != nil {
		return err
	}
	if !r.Met() {
		return errors.New("a goal is missed")
	}
	return nil
}

func caching(ctx context.Context, r *report.Report, client *redis.Client) error {
	if err := client.FlushDB(ctx).Err(); err != nil { // the runner's own server
		return err
	}
	if err := replay(ctx, r, client); err != nil {
		return err
	}
	return stampede(ctx, r, client)
}
