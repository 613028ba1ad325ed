package events

import (
	"context"
	"log/slog"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/services/location"
)

// Counted is where use is counted.
type Counted interface {
	// Popular are how often places were used within some days.
	Popular(ctx context.Context, days int) (map[string]int64, error)
}

const (
	// popularDays of use make a place popular.
	popularDays = 28
	// popularEvery is how often the counts are read.
	popularEvery = time.Minute
)

// Popular keeps the finder's popularity up to what was counted.
type Popular struct {
	Counted Counted
	Finder  *location.Finder
	Log     *slog.Logger
}

// Part reads the counts now and every minute.
func (p *Popular) Part() app.Part {
	return app.Part{Name: "popularity of places", Run: func(ctx context.Context) error {
		return app.Repeat(ctx, popularEvery, p.Read, func(err error) {
			p.Log.WarnContext(ctx, "counted use cannot be read: the counts before stay", "error", err)
		})
	}}
}

// Read reads the counts.
func (p *Popular) Read(ctx context.Context) error {
	counts, err := p.Counted.Popular(ctx, popularDays)
	if err != nil {
		return err
	}
	catalog := p.Finder.Catalog.Now()
	p.Finder.Popularity.Set(counts, func(id string) string {
		place, _ := catalog.Place(id)
		return place.CityID
	})
	return nil
}
