package cacheaside

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/resilience"
)

// redisTimeout bounds a call of the cache: what takes longer is quicker fetched.
const redisTimeout = 300 * time.Millisecond

// Redis is the second level in Redis. While the server does not answer, calls fail at once.
type Redis struct {
	client *redis.Client
	guard  *resilience.Guard
}

// NewRedis makes the second level on a client, guarded by a breaker of the process.
func NewRedis(client *redis.Client, guards *resilience.Set) *Redis {
	return &Redis{client: client, guard: guards.Guard(resilience.Policy{
		Name: "location cache", Timeout: redisTimeout, Failures: 3, Cooldown: time.Second,
	})}
}

// Get gives the values of keys, nil where there is none.
func (r *Redis) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	return resilience.Call(ctx, r.guard, func(ctx context.Context) ([][]byte, error) {
		found, err := r.client.MGet(ctx, keys...).Result()
		if err != nil {
			return nil, err
		}
		values := make([][]byte, len(keys))
		for i, value := range found {
			if text, ok := value.(string); ok {
				values[i] = []byte(text)
			}
		}
		return values, nil
	})
}

// Put keeps a value for a while.
func (r *Redis) Put(ctx context.Context, key string, value []byte, keep time.Duration) error {
	return r.guard.Do(ctx, func(ctx context.Context) error { return r.client.Set(ctx, key, value, keep).Err() })
}

// Lease takes key for a holder, unless another has it.
func (r *Redis) Lease(ctx context.Context, key, holder string, hold time.Duration) (bool, error) {
	return resilience.Call(ctx, r.guard, func(ctx context.Context) (bool, error) {
		err := r.client.SetArgs(ctx, key, holder, redis.SetArgs{Mode: "NX", TTL: hold}).Err()
		if errors.Is(err, redis.Nil) {
			return false, nil
		}
		return err == nil, err
	})
}

// release deletes a lease if it still is the holder's.
var release = redis.NewScript(`if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`)

// Release gives the lease of key back, if it still is the holder's.
func (r *Redis) Release(ctx context.Context, key, holder string) error {
	return r.guard.Do(ctx, func(ctx context.Context) error {
		return release.Run(ctx, r.client, []string{key}, holder).Err()
	})
}
