package app

import (
	"context"
	"time"
)

// Repeat does something at once, and then again and again every so often, until ctx ends, which is nil. failed hears of
// errors, unless they come of the end.
func Repeat(ctx context.Context, every time.Duration, do func(context.Context) error, failed func(error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
