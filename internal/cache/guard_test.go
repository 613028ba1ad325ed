package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/cache"
	"github.com/tripgen/tripgen/internal/resilience"
)

// Misses, refusals and impatient callers are no failures; with the server away calls fail at once, and go through again
// when it is back.
func TestABreakerStandsBeforeRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	guard := guards.Guard(cache.GuardPolicy())
	client, err := cache.Open(t.Context(), "redis://"+server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	cache.Guard(client, guard)
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for range 20 {
		if err := client.Get(t.Context(), "nothing").Err(); !errors.Is(err, redis.Nil) {
			t.Fatalf("a miss is %v", err)
		}
		if err := client.Do(t.Context(), "NONSENSE").Err(); err == nil {
			t.Fatal("the server takes nonsense")
		}
		if err := client.Get(over, "nothing").Err(); err == nil {
			t.Fatal("answered after the deadline")
		}
	}
	if guard.State() != "closed" {
		t.Fatalf("with the server at work it is %s", guard.State())
	}
	server.Close()
	await(t, func() bool {
		_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error { return p.Get(t.Context(), "nothing").Err() })
		return errors.Is(err, resilience.ErrOpen) && errors.Is(client.Get(t.Context(), "nothing").Err(), resilience.ErrOpen)
	})
	if guards.States()["redis"] != "open" {
		t.Errorf("told as %v", guards.States())
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return errors.Is(client.Get(t.Context(), "nothing").Err(), redis.Nil) })
	await(t, func() bool { _ = client.Ping(t.Context()); return guard.State() == "closed" })
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-time.After(5 * time.Millisecond)
	}
}
