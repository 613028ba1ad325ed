package gate

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/cache"
	"github.com/tripgen/tripgen/internal/clock"
)

const (
	purseTimeout = 150 * time.Millisecond
	purseKeeps   = 48 * time.Hour
)

var purses = cache.Space{Name: "location-spent", Version: 1}

// take adds an amount unless the sum would exceed the most.
var take = redis.NewScript(`
local spent = tonumber(redis.call("GET", KEYS[1]) or "0")
if spent + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return -1 end
redis.call("INCRBY", KEYS[1], ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1`)

// RedisPurse counts in Redis for all processes, by days of UTC. While Redis is away each process counts for itself, so
// that the cap still holds, for each of them.
type RedisPurse struct {
	client *redis.Client
	clock  clock.Clock

	mu    sync.Mutex
	day   string
	spent map[string]int64
}

// NewRedisPurse makes a purse.
func NewRedisPurse(client *redis.Client, c clock.Clock) *RedisPurse {
	return &RedisPurse{client: client, clock: c}
}

// Take spends an amount unless the day's sum would exceed most.
func (p *RedisPurse) Take(ctx context.Context, provider string, microUSD, most int64) bool {
	day := p.clock.Now().Format(time.DateOnly)
	ours := p.count(day, provider, microUSD)
	ctx, cancel := context.WithTimeout(ctx, purseTimeout)
	defer cancel()
	took, err := take.Run(ctx, p.client, []string{purses.Key(provider, day)}, microUSD, most, purseKeeps.Milliseconds()).Int()
	if err != nil {
		return ours <= most
	}
	return took == 1
}

// count is what this process took, the amount included.
func (p *RedisPurse) count(day, provider string, microUSD int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.day != day {
		p.day, p.spent = day, make(map[string]int64)
	}
	p.spent[provider] += microUSD
	return p.spent[provider]
}
