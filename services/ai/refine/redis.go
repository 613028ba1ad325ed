package refine

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/cache"
)

// RedisCache is a Cache on Redis.
type RedisCache struct{ Client redis.UniversalClient }

var answers = cache.Space{Name: "answer", Version: 1}

// Get gives the values of keys.
func (c RedisCache) Get(ctx context.Context, keys []string) ([][]byte, error) {
	named := make([]string, len(keys))
	for i, key := range keys {
		named[i] = answers.Key(key)
	}
	found, err := c.Client.MGet(ctx, named...).Result()
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	values := make([][]byte, len(keys))
	for i, v := range found {
		if text, ok := v.(string); ok {
			values[i] = []byte(text)
		}
	}
	return values, nil
}

// Put keeps a value.
func (c RedisCache) Put(ctx context.Context, key string, value []byte, keep time.Duration) error {
	if err := c.Client.Set(ctx, answers.Key(key), value, keep).Err(); err != nil {
		return fmt.Errorf("answers: %w", err)
	}
	return nil
}
