package cacheaside

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// pollFirst and pollMost pace the wait for another process's fetch.
	pollFirst = 5 * time.Millisecond
	pollMost  = 50 * time.Millisecond
	// failing is how long after a failed fetch nobody tries again.
	failing = time.Second
	// tidy bounds what is done after a fetch whose caller's time is over.
	tidy = time.Second
)

// fetch gets a value once for all processes: whoever gets the lease loads, the others wait for what it puts. Where the
// second level is away, each process loads for itself.
func (c *Cache[T]) fetch(ctx context.Context, key string, want wish, load func(context.Context) (T, error)) (record[T], error) {
	began := c.clock.Now()
	lease, holder := c.key(key)+":lease", rand.Text()
	pause := pollFirst
	for {
		if kept, ok := c.first.GetIfPresent(key); ok && kept.serves(want, began) { // a fetch ended since the caller looked
			return kept, nil
		}
		shared, err := c.shared(ctx, key, want)
		if err == nil && shared.usable() && shared.serves(want, began) {
			c.remember(key, shared)
			return shared, nil
		}
		if errors.Is(err, ErrFailing) {
			return record[T]{}, err
		}
		got := true
		if err == nil {
			got, err = c.remote.Lease(ctx, lease, holder, c.policy.Load+tidy)
		}
		switch {
		case err != nil:
			return c.load(ctx, key, load, func(context.Context) {})
		case got:
			return c.leased(ctx, key, want, began, load, func(ctx context.Context) {
				if err := c.remote.Release(ctx, lease, holder); err != nil {
					c.log.DebugContext(ctx, "a lease ends by itself", "kind", c.policy.Kind, "error", err)
				}
			})
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return record[T]{}, ctx.Err()
		}
		pause = min(2*pause, pollMost)
	}
}

// leased loads, unless another process put a value between our look and our lease.
func (c *Cache[T]) leased(ctx context.Context, key string, want wish, began time.Time, load func(context.Context) (T, error), release func(context.Context)) (record[T], error) {
	if shared, err := c.shared(ctx, key, want); err == nil && shared.usable() && shared.serves(want, began) {
		defer release(ctx)
		c.remember(key, shared)
		return shared, nil
	}
	return c.load(ctx, key, load, release)
}

// load asks the loader and keeps what it says.
func (c *Cache[T]) load(ctx context.Context, key string, load func(context.Context) (T, error), release func(context.Context)) (record[T], error) {
	value, err := c.safely(ctx, load)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidy)
	defer cancel()
	defer release(after)
	missing := errors.Is(err, ErrMissing)
	if err != nil && !missing {
		c.loads.WithLabelValues(c.policy.Kind, "failed").Inc()
		if c.base.Err() == nil {
			if err := c.remote.Put(after, c.key(key)+":failing", []byte{1}, failing); err != nil {
				c.log.DebugContext(ctx, "others are not told of a failed fetch", "kind", c.policy.Kind, "error", err)
			}
		}
		return record[T]{}, err
	}
	c.loads.WithLabelValues(c.policy.Kind, "ok").Inc()
	r := c.record(value, missing)
	if err := c.keep(after, key, r); err != nil {
		c.log.WarnContext(ctx, "a fetched value is kept in this process alone", "kind", c.policy.Kind, "error", err)
	}
	return r, nil
}

// safely makes a loader's panic an error: it runs outside of any request, and would take the process down.
func (c *Cache[T]) safely(ctx context.Context, load func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.ErrorContext(ctx, "fetching panicked", "kind", c.policy.Kind, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("fetching panicked: %v", p)
		}
	}()
	return load(ctx)
}

// keep puts a record into both levels; the error is the second's.
func (c *Cache[T]) keep(ctx context.Context, key string, r record[T]) error {
	c.remember(key, r)
	encoded, err := encode(r)
	if err != nil {
		return err
	}
	keep := r.FreshUntil.Sub(r.FetchedAt)
	if !r.Missing {
		keep += c.policy.Keep
	}
	return c.remote.Put(ctx, c.key(key), encoded, keep)
}

// shared reads the second level; a value that cannot be read counts as none.
func (c *Cache[T]) shared(ctx context.Context, key string, want wish) (record[T], error) {
	values, err := c.remote.Get(ctx, c.key(key), c.key(key)+":failing")
	if err != nil {
		return record[T]{}, err
	}
	r := c.read(ctx, values[0])
	if values[1] != nil && !r.serves(want, c.clock.Now()) {
		return r, ErrFailing
	}
	return r, nil
}

// sharedAll reads the second level for several keys at once; those that it does not have are not in the answer.
func (c *Cache[T]) sharedAll(ctx context.Context, keys []string) map[string]record[T] {
	if len(keys) == 0 {
		return nil
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = c.key(key)
	}
	values, err := c.remote.Get(ctx, names...)
	if err != nil {
		return nil
	}
	found := make(map[string]record[T], len(keys))
	for i, key := range keys {
		if r := c.read(ctx, values[i]); r.usable() {
			found[key] = r
		}
	}
	return found
}

// read reads a value of the second level; nothing, and what cannot be read, is an unusable record.
func (c *Cache[T]) read(ctx context.Context, value []byte) record[T] {
	if value == nil {
		return record[T]{}
	}
	r, err := decode[T](value)
	if err == nil && c.restore != nil && !r.Missing {
		err = c.restore(&r.Value)
	}
	if err != nil {
		c.log.WarnContext(ctx, "a kept value cannot be read", "kind", c.policy.Kind, "error", err)
		return record[T]{}
	}
	return r
}
