package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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

// scanBatch is how many keys Redis looks at in one go.
const scanBatch = 1000

// Forget removes all files of trips and tells how many.
func (c RedisCache) Forget(ctx context.Context, tripIDs []string) (removed int64, err error) {
	if len(tripIDs) == 0 {
		return 0, nil
	}
	wanted := make(map[string]bool, len(tripIDs))
	for _, id := range tripIDs {
		wanted[id] = true
	}
	keys := c.Client.Scan(ctx, 0, cachePrefix+"*", scanBatch).Iterator()
	for keys.Next(ctx) {
		for part := range strings.SplitSeq(strings.TrimPrefix(keys.Val(), cachePrefix), ":") {
			if wanted[part] {
				n, err := c.Client.Del(ctx, keys.Val()).Result()
				if err != nil {
					return removed, fmt.Errorf("remove cached exports: %w", err)
				}
				removed += n
			}
		}
	}
	if err := keys.Err(); err != nil {
		return removed, fmt.Errorf("find cached exports: %w", err)
	}
	return removed, nil
}
