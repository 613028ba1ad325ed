// Package cache opens Redis (7 or later), which holds only what can be rebuilt: caches, progress streams, limits.
package cache

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/app"
)

const (
	dialTimeout = 2 * time.Second
	callTimeout = 1 * time.Second
	// bufferSize is that of reading and of writing for each connection, in bytes. The library's 32 KiB make a pool of 20
	// connections hold 1.3 MB; what is longer than a buffer is read and written in parts.
	bufferSize = 8 << 10
)

// Open opens a client and makes sure that the server answers. The URL is redis://user:password@host:port/db or
// rediss://… for TLS. Calls are bounded at a second: a cache that is slower than that is no use.
func Open(ctx context.Context, url string) (*redis.Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	options.ClientName = "tripgen"
	options.DialTimeout = dialTimeout
	options.DialerRetries = 1 // a refused connection is told at once; commands are retried anyway
	options.ReadTimeout = callTimeout
	options.WriteTimeout = callTimeout
	options.ContextTimeoutEnabled = true
	options.ReadBufferSize, options.WriteBufferSize = bufferSize, bufferSize
	client := redis.NewClient(options)
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close() // the ping's error says more
		return nil, fmt.Errorf("redis at %s: %w", options.Addr, err)
	}
	return client, nil
}

// Check asks whether the server answers.
func Check(client *redis.Client) app.Check {
	return func(ctx context.Context) error { return client.Ping(ctx).Err() }
}

// Part owns the client: it is closed when the process ends.
func Part(client *redis.Client) app.Part {
	return app.Part{Name: "redis", Close: func(context.Context) error { return client.Close() }}
}

// Space is the keys of one kind of value. Its version goes up with any change of what the values look like, so that old
// and new processes do not read each other's.
type Space struct {
	// Name of the values, such as "place".
	Name string
	// Version of their encoding, from 1.
	Version int
}

// Key is "tripgen:NAME:vVERSION:PART…"; parts are separated by colons, which are escaped inside of them.
func (s Space) Key(parts ...string) string {
	var b strings.Builder
	b.WriteString("tripgen:" + s.Name + ":v" + strconv.Itoa(s.Version))
	for _, p := range parts {
		b.WriteString(":" + escaper.Replace(p))
	}
	return b.String()
}

var escaper = strings.NewReplacer("%", "%25", ":", "%3A")
