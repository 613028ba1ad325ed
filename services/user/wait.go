package user

import (
	"context"
	"time"
)

// after starts a span of time; the function it gives waits for its end.
func (s *Service) after(span time.Duration) func(context.Context) error {
	timer := time.NewTimer(span)
	return func(ctx context.Context) error {
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
