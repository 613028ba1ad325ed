package local

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis is a Redis server inside this process. It forgets everything at the end: Redis holds nothing in TripGen that
// cannot be rebuilt.
type Redis struct{ server *miniredis.Miniredis }

// expiryStep is how exactly keys expire: the server's clock for that stands still unless it is moved.
const expiryStep = 50 * time.Millisecond

// StartRedis starts the server on the loopback port, or on a free one for zero.
func StartRedis(port int) (*Redis, error) {
	port, err := portOrFree(port)
	if err != nil {
		return nil, fmt.Errorf("Redis: %w", err)
	}
	if err := CheckPort(Address(port), "Redis", "another port"); err != nil {
		return nil, err
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(Address(port)); err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	return &Redis{server: server}, nil
}

// URL is the address of the server.
func (r *Redis) URL() string { return "redis://" + r.server.Addr() + "/0" }

// Run lets keys expire until ctx ends.
func (r *Redis) Run(ctx context.Context) error {
	tick := time.NewTicker(expiryStep)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Close stops the server.
func (r *Redis) Close(context.Context) error {
	r.server.Close()
	return nil
}
