package wake_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/services/trip/wake"
)

func woken(t *testing.T, c <-chan struct{}) bool {
	t.Helper()
	select {
	case <-c:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}

func TestWakesInThisProcess(t *testing.T) {
	t.Parallel()
	hub := wake.NewHub(nil, slog.New(slog.DiscardHandler))
	a, stopA := hub.Subscribe("trip_a")
	b, stopB := hub.Subscribe("trip_b")
	defer stopB()
	hub.Wake("trip_a")
	hub.Wake("trip_a") // one with the first, since nobody has taken that yet
	if !woken(t, a) {
		t.Fatal("not woken")
	}
	select {
	case <-a:
		t.Error("woken twice")
	case <-b:
		t.Error("woken for another trip")
	default:
	}
	stopA()
	hub.Wake("trip_a")
	select {
	case <-a:
		t.Error("woken after it was stopped")
	default:
	}
}

func TestWakesInOtherProcesses(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	hubs := make([]*wake.Hub, 2)
	for i := range hubs {
		client := redis.NewClient(&redis.Options{Addr: server.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		hubs[i] = wake.NewHub(client, slog.New(slog.DiscardHandler))
		running.Go(func() { _ = hubs[i].Run(ctx) })
	}
	c, stop := hubs[1].Subscribe("trip_a")
	defer stop()
	// The subscription to Redis is made some time after Run has begun.
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(10 * time.Second)
	for {
		hubs[0].Wake("trip_a")
		select {
		case <-c:
			return
		case <-deadline:
			t.Fatal("the other process was not woken")
		case <-ticker.C:
		}
	}
}
