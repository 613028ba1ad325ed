package progress

import (
	"context"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// Follower reads a generation's events in order, each once.
type Follower struct {
	hub     *Hub
	topic   *topic
	channel string
	after   int64
}

// Next gives the events after those given before, waiting for at least one until ctx ends; none for a heartbeat, where
// nothing came for about ten seconds.
func (f *Follower) Next(ctx context.Context) ([]*aiv1.GenerationEvent, error) {
	events, changed := f.topic.since(f.after)
	if len(events) == 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
		events, _ = f.topic.since(f.after)
	}
	if n := len(events); n > 0 {
		f.after = events[n-1].GetSequence()
	}
	return events, nil
}

// Last is the number of the newest event that is known; 0 for none.
func (f *Follower) Last() int64 { return f.topic.last() }

// Over tells whether the event that ends the generation was given, or lies before where the following started.
func (f *Follower) Over() bool {
	last := f.topic.newest()
	return last.GetFinished() != nil && last.GetSequence() <= f.after
}

// Close ends the following.
func (f *Follower) Close() { f.hub.leave(f) }
