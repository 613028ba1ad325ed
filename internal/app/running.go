package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// errEnded stops the group when a part ends by itself and without an error.
var errEnded = errors.New("ended by itself")

// running is parts with their goroutines; each has a context of its own, so that they can be stopped one by one.
type running struct {
	parts []*runningPart
	mu    sync.Mutex
	first error
}

type runningPart struct {
	Part
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{} // closed when Run is over
}

func newRunning(ctx context.Context, parts []Part) *running {
	r := new(running)
	for _, p := range parts {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan struct{})
		close(done)
		r.parts = append(r.parts, &runningPart{Part: p, ctx: own, stop: stop, done: done})
	}
	return r
}

func (r *running) start(workers *errgroup.Group) {
	for _, p := range r.parts {
		if p.Run == nil {
			continue
		}
		p.done = make(chan struct{})
		workers.Go(func() error {
			defer close(p.done)
			err := p.Run(p.ctx)
			if p.ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return nil
			}
			if err == nil {
				err = errEnded
			}
			return r.keep(fmt.Errorf("%s: %w", p.Name, err))
		})
	}
}

// keep remembers the first failure: the reason for the stop.
func (r *running) keep(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.first == nil {
		r.first = err
	}
	return err
}

func (r *running) firstError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

// close stops the parts in reverse order: end the context, await Run, then Close. Each may take half of the time that
// is left, so that one that hangs leaves time for those below it; it is named and left behind.
func (r *running) close(ctx context.Context) error {
	var failures []error
	for i, p := range slices.Backward(r.parts) {
		share, cancel := ctx, context.CancelFunc(func() {})
		if deadline, ok := ctx.Deadline(); ok && i > 0 {
			share, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		}
		err := p.end(share)
		cancel()
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.Name, err))
		}
	}
	return errors.Join(failures...)
}

func (p *runningPart) end(ctx context.Context) error {
	p.stop()
	if !ended(ctx, p.done) {
		return errors.New("did not stop in time")
	}
	if p.Close == nil {
		return nil
	}
	// Some libraries' Close blocks for as long as something is borrowed from them.
	var err error
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		err = p.Close(ctx)
	}()
	if !ended(ctx, closed) {
		return errors.New("did not close in time")
	}
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// ended waits for done, or for ctx; a part that is done at the deadline counts as done.
func ended(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
