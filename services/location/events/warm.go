package events

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/location"
)

// Rounds is the plan of the rounds that keep things warm.
type Rounds interface {
	// Claim takes the round of an hour for one process; false if it is taken.
	Claim(ctx context.Context, hour time.Time) (bool, error)
	// Release gives the round of an hour back: it came to nothing.
	Release(ctx context.Context, hour time.Time) error
}

const (
	// Warmest is how many places of each destination are kept warm.
	Warmest   = 100
	warmEvery = time.Minute
)

// Warmer has the details of each city's most popular places fetched before they are asked for: one round an hour in all
// processes, written down in the database, so that restarts neither lose nor repeat one.
type Warmer struct {
	Rounds  Rounds
	Popular *Popular
	Notice  *Notice
	Clock   clock.Clock
	Log     *slog.Logger
}

// Part looks every minute whether a round is due.
func (w *Warmer) Part() app.Part {
	return app.Part{Name: "warm places", Run: func(ctx context.Context) error {
		return app.Repeat(ctx, warmEvery, func(ctx context.Context) error {
			n, err := w.Round(ctx)
			if n > 0 {
				w.Log.InfoContext(ctx, "details are fetched ahead", "places", n)
			}
			return err
		}, func(err error) {
			w.Log.WarnContext(ctx, "places are not kept warm", "error", err)
		})
	}}
}

// Round asks for what is not there of the most popular places, if nobody did this hour, and tells for how many.
func (w *Warmer) Round(ctx context.Context) (int, error) {
	hour := w.Clock.Now().Truncate(time.Hour)
	ours, err := w.Rounds.Claim(ctx, hour)
	if err != nil || !ours {
		return 0, err
	}
	n, err := w.ask(ctx)
	if err != nil {
		return 0, errors.Join(err, w.Rounds.Release(context.WithoutCancel(ctx), hour))
	}
	return n, nil
}

// ask asks for what is not there of the most popular places.
func (w *Warmer) ask(ctx context.Context) (int, error) {
	if err := w.Popular.Read(ctx); err != nil {
		return 0, err
	}
	var cold []string
	finder := w.Popular.Finder
	catalog := finder.Catalog.Now()
	for _, city := range catalog.Cities() {
		ids := warmest(catalog.InCity(city.ID), finder.Popularity)
		known := finder.Details.Known(ctx, ids...)
		for _, id := range ids {
			if d, ok := known[id]; !ok || d.Source.Stale {
				cold = append(cold, id)
			}
		}
	}
	return len(cold), w.Notice.Want(ctx, cold)
}

// warmest are the most popular of the places that were used.
func warmest(places []location.Place, popularity *location.Popularity) []string {
	used := slices.DeleteFunc(places, func(p location.Place) bool { return !popularity.Used(p.ID) })
	slices.SortFunc(used, func(a, b location.Place) int {
		return cmp.Or(cmp.Compare(popularity.Of(b), popularity.Of(a)), strings.Compare(a.ID, b.ID))
	})
	var ids []string
	for _, p := range used[:min(Warmest, len(used))] {
		ids = append(ids, p.ID)
	}
	return ids
}
