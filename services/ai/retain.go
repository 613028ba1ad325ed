package ai

import (
	"context"
	"log/slog"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
)

// How long after its end what belongs to a generation is kept: the request, which is personal, and the result while
// improvements can be taken and recommendations asked for; the row for the traveller's list.
const (
	KeepRequest    = 14 * 24 * time.Hour
	KeepResult     = 14 * 24 * time.Hour
	KeepGeneration = 180 * 24 * time.Hour
)

// RetainStore removes what is kept no longer.
type RetainStore interface {
	// Purge removes requests, results and generations that ended before the times given, and says how many of all.
	Purge(ctx context.Context, requests, results, generations time.Time) (int, error)
}

const (
	purgeEvery   = 10 * time.Minute
	purgeTimeout = time.Minute
)

// Retain removes, every now and then, what is kept no longer. Several processes may do so at once.
func Retain(store RetainStore, c clock.Clock, log *slog.Logger) app.Part {
	purge := func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
		defer cancel()
		now := c.Now()
		n, err := store.Purge(ctx, now.Add(-KeepRequest), now.Add(-KeepResult), now.Add(-KeepGeneration))
		if err != nil {
			log.WarnContext(ctx, "what is kept no longer is not removed", "error", err)
		} else if n > 0 {
			log.InfoContext(ctx, "removed what is kept no longer", "rows", n)
		}
	}
	return app.Part{Name: "retention of generations", Run: func(ctx context.Context) error {
		tick := time.NewTicker(purgeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				purge(ctx)
			}
		}
	}}
}
