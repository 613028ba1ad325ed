package oauth

import (
	"context"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

// cachedClients remembers clients for a moment, so that a token does not cost a look-up. A client that was revoked can
// get tokens for that long; verifiers refuse them at once.
type cachedClients struct {
	Clients
	clock clock.Clock
	life  time.Duration

	mu    sync.Mutex
	known map[string]cachedClient
}

type cachedClient struct {
	client Client
	until  time.Time
}

// Cached puts a cache in front of the look-up of clients.
func Cached(c Clients, clock clock.Clock, life time.Duration) Clients {
	return &cachedClients{Clients: c, clock: clock, life: life, known: make(map[string]cachedClient)}
}

// Client finds a client, perhaps as it was a moment ago. Ids that nobody has are not remembered: they must not fill the
// memory.
func (c *cachedClients) Client(ctx context.Context, id string) (Client, error) {
	now := c.clock.Now()
	c.mu.Lock()
	hit, ok := c.known[id]
	c.mu.Unlock()
	if ok && now.Before(hit.until) {
		return hit.client, nil
	}
	found, err := c.Clients.Client(ctx, id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		delete(c.known, id)
		return Client{}, err
	}
	c.known[id] = cachedClient{found, now.Add(c.life)}
	return found, nil
}
