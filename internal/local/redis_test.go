package local_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/local"
)

func TestRedisLetsKeysExpireAsTimeGoesBy(t *testing.T) {
	t.Parallel()
	server, err := local.StartRedis(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-running, server.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})

	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "short", "1", 200*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "long", "1", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if client.Exists(t.Context(), "short").Val() != 1 {
		t.Error("a key went before its time")
	}
	await(t, 5*time.Second, "the key expires", func() bool { return client.Exists(t.Context(), "short").Val() == 0 })
	if client.Exists(t.Context(), "long").Val() != 1 {
		t.Error("a key of an hour went within seconds")
	}
}
