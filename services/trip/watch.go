package trip

import (
	"context"
	"iter"
	"time"
)

const changesPerRead = 100

// Watch gives a trip's entries in its feed numbered after a number, each once, in order and without gaps, then new ones
// as they come, until ctx ends. A nil entry says that nothing is there right now: time for a sign of life. Errors:
// ErrNoTrip, ErrResumeToken.
func (s *Service) Watch(ctx context.Context, c Caller, tripID string, after int64, idle <-chan time.Time) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		// Subscribed before the first read, so that nothing slips in between.
		wake, stop := s.Feed.Subscribe(tripID)
		defer stop()
		for {
			changes, err := s.Feed.Changes(ctx, c.Owner, tripID, after, changesPerRead)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range changes {
				after = changes[i].Number
				if !yield(&changes[i], nil) {
					return
				}
			}
			if len(changes) == changesPerRead {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-wake:
			case <-idle:
				if !yield(nil, nil) {
					return
				}
			}
		}
	}
}
