package export

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/seal"
)

const (
	cachePrefix  = "tripgen:trip:export:"
	cacheLife    = 24 * time.Hour
	cacheTimeout = 200 * time.Millisecond
	maxCached    = 4 << 20
)

// RedisCache keeps files in Redis, sealed, because they name places where people sleep.
type RedisCache struct {
	Client *redis.Client
	Seal   *seal.Sealer
	Log    *slog.Logger
}

// Get gives a file. A Redis that is away or slow has none.
func (c RedisCache) Get(ctx context.Context, key string) (File, bool) {
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	sealed, err := c.Client.Get(ctx, cachePrefix+key).Bytes()
	if err != nil {
		if !errors.Is(err, redis.Nil) {
			c.Log.DebugContext(ctx, "read a cached export", "error", err)
		}
		return File{}, false
	}
	var f File
	plain, err := c.Seal.Open(sealed, cachePrefix+key)
	if err == nil {
		err = json.Unmarshal(plain, &f)
	}
	if err != nil {
		c.Log.WarnContext(ctx, "open a cached export", "error", err)
		return File{}, false
	}
	return f, true
}

// Put keeps a file for a day, unless it is very large.
func (c RedisCache) Put(ctx context.Context, key string, f File) {
	if len(f.Data) > maxCached {
		return
	}
	plain, err := json.Marshal(f)
	if err != nil {
		c.Log.WarnContext(ctx, "write an export", "error", err)
		return
	}
	sealed, err := c.Seal.Seal(plain, cachePrefix+key)
	if err == nil {
		err = c.Client.Set(ctx, cachePrefix+key, sealed, cacheLife).Err()
	}
	if err != nil {
		c.Log.DebugContext(ctx, "cache an export", "error", err)
	}
}
