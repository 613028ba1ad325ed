// Package wake tells the watchers of a trip that its feed may have new entries: those in this process directly, those
// in others over Redis. It is a hint only. Watchers read the feed itself, and look again now and then without a hint, so
// that losing one costs time and nothing else.
package wake

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	channel        = "tripgen:trip:changes"
	backlog        = 4096
	publishTimeout = 2 * time.Second
)

// Hub hands wake-ups to their watchers.
type Hub struct {
	redis *redis.Client
	log   *slog.Logger
	out   chan string

	mu       sync.Mutex
	watchers map[string]map[chan struct{}]struct{}
}

// NewHub makes a hub; client is nil where there is one process only.
func NewHub(client *redis.Client, log *slog.Logger) *Hub {
	return &Hub{redis: client, log: log, out: make(chan string, backlog), watchers: map[string]map[chan struct{}]struct{}{}}
}

// Subscribe gives a channel that gets a signal after each change of the trip, until stop is called. Signals that come
// while one is waiting to be taken are one with it.
func (h *Hub) Subscribe(tripID string) (wake <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[tripID] == nil {
		h.watchers[tripID] = map[chan struct{}]struct{}{}
	}
	h.watchers[tripID][c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers[tripID], c)
		if len(h.watchers[tripID]) == 0 {
			delete(h.watchers, tripID)
		}
	}
}

// Wake signals a trip's watchers in all processes. It never blocks.
func (h *Hub) Wake(tripID string) {
	h.here(tripID)
	if h.redis == nil {
		return
	}
	select {
	case h.out <- tripID:
	default:
	}
}

func (h *Hub) here(tripID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.watchers[tripID] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Run carries signals between processes until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	if h.redis == nil {
		<-ctx.Done()
		return nil
	}
	var sender sync.WaitGroup
	sender.Go(func() { h.publish(ctx) })
	defer sender.Wait()
	in := h.redis.Subscribe(ctx, channel) // it connects again by itself
	defer func() { _ = in.Close() }()
	messages := in.Channel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				return nil
			}
			h.here(m.Payload)
		}
	}
}

func (h *Hub) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case tripID := <-h.out:
			sending, cancel := context.WithTimeout(ctx, publishTimeout)
			if err := h.redis.Publish(sending, channel, tripID).Err(); err != nil && ctx.Err() == nil {
				h.log.DebugContext(ctx, "wake watchers elsewhere", "error", err)
			}
			cancel()
		}
	}
}
