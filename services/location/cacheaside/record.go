package cacheaside

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/cache"
	"github.com/tripgen/tripgen/internal/telemetry"
)

// record is a kept value, or that there is none.
type record[T any] struct {
	FetchedAt  time.Time `json:"fetched_at"`
	FreshUntil time.Time `json:"fresh_until"`
	Missing    bool      `json:"missing,omitempty"`
	Value      T         `json:"value"`

	// seen is when this process took it from the second level, or put it there.
	seen time.Time
}

func (r record[T]) usable() bool { return !r.FetchedAt.IsZero() }

func (r record[T]) fresh(now time.Time) bool { return now.Before(r.FreshUntil) }

// wish is what a caller wants beyond a value in its normal lifetime.
type wish struct {
	// since is when the value has to be fetched at the earliest; zero for whenever.
	since time.Time
}

// suffix keeps the flights of one wish from those of another.
func (w wish) suffix() string {
	if w.since.IsZero() {
		return ""
	}
	return "\x00anew"
}

func (r record[T]) serves(w wish, now time.Time) bool {
	return r.fresh(now) && !r.FetchedAt.Before(w.since)
}

func (c *Cache[T]) record(value T, missing bool) record[T] {
	now := c.clock.Now()
	lifetime := c.policy.Fresh
	if missing {
		lifetime = c.policy.Missing
	}
	return record[T]{FetchedAt: now, FreshUntil: now.Add(c.jittered(lifetime)), Missing: missing, Value: value}
}

func encode[T any](r record[T]) ([]byte, error) {
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a value to keep: %w", err)
	}
	return encoded, nil
}

func decode[T any](encoded []byte) (record[T], error) {
	var r record[T]
	if err := json.Unmarshal(encoded, &r); err != nil {
		return record[T]{}, fmt.Errorf("decode a kept value: %w", err)
	}
	return r, nil
}

// space begins the keys of a kind: its version and the shape of its values stand in it, so that no release reads what
// another wrote with a different meaning.
func space[T any](kind string, version int) string {
	h := fnv.New32a()
	shape(h, reflect.TypeFor[T](), map[reflect.Type]bool{})
	return cache.Space{Name: "location-" + kind, Version: version}.Key(strconv.FormatUint(uint64(h.Sum32()), 36))
}

// shape writes what a type looks like in JSON.
func shape(w io.Writer, t reflect.Type, seen map[reflect.Type]bool) {
	_, _ = fmt.Fprintf(w, "%s;", t.Kind()) // a hash takes everything
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		shape(w, t.Elem(), seen)
	case reflect.Map:
		shape(w, t.Key(), seen)
		shape(w, t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if field.IsExported() && field.Tag.Get("json") != "-" {
				_, _ = fmt.Fprintf(w, "%s %s:", field.Name, field.Tag)
				shape(w, field.Type, seen)
			}
		}
	}
}

func (c *Cache[T]) key(key string) string { return c.space + ":" + key }

func (c *Cache[T]) register(metrics prometheus.Registerer) error {
	c.outcome = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tripgen_location_cache_total",
		Help: "Look-ups by kind and outcome: memory, redis, stale, stale on error, missing, miss, failed.",
	}, []string{"kind", "outcome"})
	c.loads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tripgen_location_cache_loads_total", Help: "Fetches from providers by kind and outcome: ok, failed.",
	}, []string{"kind", "outcome"})
	if metrics == nil {
		return nil
	}
	var err error
	if c.outcome, err = telemetry.Register(metrics, c.outcome); err != nil {
		return err
	}
	c.loads, err = telemetry.Register(metrics, c.loads)
	return err
}
