package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location/cacheaside"
	"github.com/tripgen/tripgen/services/location/chain"
)

const (
	lookups   = 100_000
	places    = 5000
	processes = 3
	// callers ask at the same time, spread over the processes.
	callers = 32
	// originTakes is how long a provider takes to answer.
	originTakes = 5 * time.Millisecond
	// span is the time that the replay stands for: two lifetimes of what is kept.
	span = 48 * time.Hour

	misses = 200
	rounds = 50
)

// origin is a provider that counts its calls.
type origin struct{ calls atomic.Int64 }

func (o *origin) fetch(ctx context.Context) (string, error) {
	o.calls.Add(1)
	timer := time.NewTimer(originTakes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return "details", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fleet makes the caches of several processes; each has its own first level, breaker and metrics.
func fleet(client *redis.Client, now clock.Clock, kind string, first int) ([]*cacheaside.Cache[string], []*prometheus.Registry, error) {
	var caches []*cacheaside.Cache[string]
	var metrics []*prometheus.Registry
	for range processes {
		registry := prometheus.NewRegistry()
		guards, err := resilience.NewSet(registry)
		if err != nil {
			return nil, nil, err
		}
		policy := chain.DetailsPolicy
		policy.Kind, policy.Patience, policy.Entries = kind, 0, first
		c, err := cacheaside.New(cacheaside.Deps[string]{
			Policy: policy, Remote: cacheaside.NewRedis(client, guards), Clock: now, Log: slog.New(slog.DiscardHandler), Metrics: registry,
		})
		if err != nil {
			return nil, nil, err
		}
		caches, metrics = append(caches, c), append(metrics, registry)
	}
	return caches, metrics, nil
}

func closeAll(ctx context.Context, caches []*cacheaside.Cache[string]) {
	for _, c := range caches {
		_ = c.Close(ctx) // it gives no error
	}
}

// replay looks 100,000 times for one of 5,000 places whose popularity falls as Zipf's law has it, over two days.
func replay(ctx context.Context, r *report.Report, client *redis.Client) error {
	now := clock.NewFake(time.Now())
	o := new(origin)
	caches, metrics, err := fleet(client, now, "bench-replay", places/2)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(3, 3))
	zipf := rand.NewZipf(random, 1.1, 10, places-1)
	asked := make([]string, lookups)
	for i := range asked {
		asked[i] = fmt.Sprintf("place-%d", zipf.Uint64())
	}
	took := make([]time.Duration, lookups)
	var next atomic.Int64
	var failed atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for caller := range callers {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= lookups {
					return
				}
				now.Advance(span / lookups)
				began := time.Now()
				if _, err := caches[caller%processes].Get(ctx, asked[i], o.fetch); err != nil {
					failed.Add(1)
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	wall := time.Since(began)
	closeAll(ctx, caches)
	outcomes, err := count(metrics)
	if err != nil {
		return err
	}
	slices.Sort(took)
	waited := outcomes["miss"] + outcomes["failed"]
	hits := 1 - waited/lookups
	distinct := make(map[string]bool)
	for _, id := range asked {
		distinct[id] = true
	}
	r.Add("## Cache before the providers\n")
	r.Add("%d look-ups of %d places (Zipf, exponent 1.1; %d of them asked for) over %v, by %d callers in %d processes with %d entries each before one Redis; a provider takes %v.\n",
		lookups, places, len(distinct), span, callers, processes, places/2, originTakes)
	r.Add("| outcome | share |")
	r.Add("|---|---|")
	for _, outcome := range []string{"memory", "redis", "stale", "miss", "failed"} {
		r.Add("| %s | %.2f%% |", outcome, 100*outcomes[outcome]/lookups)
	}
	r.Add("\nA look-up takes %.3f ms p50, %.3f ms p99; %.0f a second. Calls of the provider: %d, saved: %d (%.1f%%). Renewals behind the callers are among the calls.\n",
		ms(quantile(took, 0.5)), ms(quantile(took, 0.99)), lookups/wall.Seconds(), o.calls.Load(), lookups-o.calls.Load(),
		100*(1-float64(o.calls.Load())/lookups))
	r.Goal("hit rate of the replay, percent", 100*hits, ">=", 90)
	r.Goal("look-ups of the replay without an answer", float64(failed.Load()), "=", 0)
	return nil
}

// count sums the outcomes of all processes.
func count(metrics []*prometheus.Registry) (map[string]float64, error) {
	outcomes := make(map[string]float64)
	for _, registry := range metrics {
		families, err := registry.Gather()
		if err != nil {
			return nil, err
		}
		for _, family := range families {
			if family.GetName() != "tripgen_location_cache_total" {
				continue
			}
			for _, m := range family.GetMetric() {
				for _, label := range m.GetLabel() {
					if label.GetName() == "outcome" {
						outcomes[label.GetValue()] += m.GetCounter().GetValue()
					}
				}
			}
		}
	}
	return outcomes, nil
}

// stampede has 200 callers in all processes miss one key at the same time, again and again.
func stampede(ctx context.Context, r *report.Report, client *redis.Client) error {
	caches, _, err := fleet(client, clock.System{}, "bench-stampede", 1000)
	if err != nil {
		return err
	}
	defer closeAll(ctx, caches)
	most, least := int64(0), int64(misses)
	var longest time.Duration
	for round := range rounds {
		o := new(origin)
		key := fmt.Sprintf("key-%d", round)
		start := make(chan struct{})
		var all sync.WaitGroup
		var failed atomic.Int64
		for caller := range misses {
			all.Go(func() {
				<-start
				if _, err := caches[caller%processes].Get(ctx, key, o.fetch); err != nil {
					failed.Add(1)
				}
			})
		}
		began := time.Now()
		close(start)
		all.Wait()
		longest = max(longest, time.Since(began))
		if n := failed.Load(); n > 0 {
			return fmt.Errorf("%d of %d callers of one key got no answer", n, misses)
		}
		most, least = max(most, o.calls.Load()), min(least, o.calls.Load())
	}
	r.Add("%d callers in %d processes missing one key at once, %d times: %d to %d calls of the provider each; the last caller had its answer after %.1f ms at most (a provider takes %v).\n",
		misses, processes, rounds, least, most, ms(longest), originTakes)
	r.Goal("calls of the provider under 200 simultaneous misses of one key, most of 50 rounds", float64(most), "=", 1)
	return nil
}
