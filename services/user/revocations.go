package user

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Revocation makes all verifiers refuse a subject's tokens before their time.
type Revocation struct {
	// Sequence grows with each revocation; there are gaps.
	Sequence int64
	// Subject is sid:…, jti:…, client:… or kid:….
	Subject string
	// At is when it was revoked: tokens issued until then are refused. Expires is when the last of them has expired.
	At, Expires time.Time
}

// Revocations stores revocations.
type Revocations interface {
	// RevocationsAfter gives those that hold, after a sequence, in order.
	RevocationsAfter(ctx context.Context, sequence int64) ([]Revocation, error)
	// ListenForRevocations calls wake whenever there may be new ones, until ctx ends or the connection does.
	ListenForRevocations(ctx context.Context, wake func()) error
}

const (
	// feedSweep finds what the notifications have missed while their connection was away.
	feedSweep = 500 * time.Millisecond
	feedRetry = 250 * time.Millisecond
)

// Feed keeps the revocations that hold in memory and hands new ones to any number of watchers. One feed reads the store
// for all watchers of a process.
type Feed struct {
	store  Revocations
	now    func() time.Time
	failed func(error)

	mu      sync.Mutex
	all     []Revocation
	last    int64
	loaded  bool
	changed chan struct{} // closed and replaced with each change
}

// NewFeed makes a feed; failed is told when the store cannot be read, which is tried again.
func NewFeed(store Revocations, now func() time.Time, failed func(error)) *Feed {
	return &Feed{store: store, now: now, failed: failed, changed: make(chan struct{})}
}

// Run follows the store until ctx ends.
func (f *Feed) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		for ctx.Err() == nil {
			err := f.store.ListenForRevocations(ctx, func() {
				select {
				case wake <- struct{}{}:
				default: // it will look anyway
				}
			})
			if err != nil && ctx.Err() == nil {
				f.failed(err)
				pause(ctx, feedRetry)
			}
		}
		return nil
	})
	work.Go(func() error {
		sweep := time.NewTicker(feedSweep)
		defer sweep.Stop()
		for {
			if err := f.load(ctx); err != nil && ctx.Err() == nil {
				f.failed(err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-wake:
			case <-sweep.C:
			}
		}
	})
	return work.Wait()
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (f *Feed) load(ctx context.Context) error {
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	fresh, err := f.store.RevocationsAfter(ctx, last)
	if err != nil {
		return err
	}
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loaded && len(fresh) == 0 {
		return nil
	}
	f.all = append(slices.DeleteFunc(f.all, func(r Revocation) bool { return !now.Before(r.Expires) }), fresh...)
	if len(fresh) > 0 {
		f.last = fresh[len(fresh)-1].Sequence
	}
	f.loaded = true
	close(f.changed)
	f.changed = make(chan struct{})
	return nil
}

// After gives what came after a sequence, the sequence to go on from, and a channel that is closed when there is more.
// loaded is false until the store was read for the first time: then nothing can be said yet. A sequence that is ahead of
// the store (it was restored from a backup) starts from the beginning.
func (f *Feed) After(sequence int64) (fresh []Revocation, last int64, loaded bool, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if sequence > f.last {
		sequence = 0
	}
	from, _ := slices.BinarySearchFunc(f.all, sequence+1, func(r Revocation, s int64) int { return int(r.Sequence - s) })
	return slices.Clone(f.all[from:]), f.last, f.loaded, f.changed
}
