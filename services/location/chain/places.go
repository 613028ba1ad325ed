package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/cacheaside"
	"github.com/tripgen/tripgen/services/location/gate"
)

// day is the lifetime of what is known of places.
const day = 24 * time.Hour

// The policies of what is kept of places. What is old is better than nothing for a month.
var (
	SearchPolicy = cacheaside.Policy{
		Kind: "search", Version: 1, Fresh: day, Jitter: 0.1, Revalidate: 7 * day, Keep: 30 * day, Missing: 10 * time.Minute,
		Load: 6 * time.Second, Patience: 1200 * time.Millisecond, Entries: 2000,
	}
	DetailsPolicy = cacheaside.Policy{
		Kind: "details", Version: 1, Fresh: day, Jitter: 0.1, Revalidate: 7 * day, Keep: 30 * day, Missing: 6 * time.Hour,
		Load: 6 * time.Second, Patience: 800 * time.Millisecond, Entries: 20_000,
	}
	SeenPolicy = cacheaside.Policy{
		Kind: "seen", Version: 1, Fresh: 30 * day, Keep: 60 * day, Revalidate: 60 * day, Missing: time.Minute, Load: time.Second, Entries: 20_000,
	}
)

// PlaceSource is a provider with its gate.
type PlaceSource struct {
	location.PlaceProvider
	Gate *gate.Gate
}

// Places implements location.PlaceProvider on the sources of a region in order and a cache, and location.Seen on what
// they told.
type Places struct {
	Sources  map[location.Region][]PlaceSource
	RegionAt func(location.Point) location.Region
	Cache    *cacheaside.Cache[[]location.Place]
	Kept     *cacheaside.Cache[location.Place]
	Log      *slog.Logger
}

// radii are those that are asked for, so that searches share their answers.
var radii = []float64{1000, 2500, 5000, 10_000, 20_000}

// shared gives the question that is asked for all that are like it: around the middle of a cell.
func shared(q location.PlaceQuery) (location.PlaceQuery, string) {
	size := 0.01
	if q.Radius > 5000 {
		size = 0.05
	}
	cell := location.CellAt(q.Center, size)
	wanted := q.Radius + cell.Radius
	q.Center, q.Words = cell.Center, location.Fold(q.Words)
	q.Radius = radii[len(radii)-1]
	for _, radius := range radii {
		if radius >= wanted {
			q.Radius = radius
			break
		}
	}
	return q, fmt.Sprintf("%s:%d:%g:%s", cell.Key, q.Group, q.Radius, url.QueryEscape(q.Words))
}

// Search gives what the first source with an answer says, or what was kept of an earlier one. A place of an answer that
// is older than it should be says so.
func (p *Places) Search(ctx context.Context, q location.PlaceQuery) ([]location.Place, error) {
	q, key := shared(q)
	sources := p.Sources[p.RegionAt(q.Center)]
	if len(sources) == 0 {
		return nil, nil
	}
	kept, err := p.Cache.Get(ctx, key, func(ctx context.Context) ([]location.Place, error) { return p.ask(ctx, sources, q) })
	if errors.Is(err, cacheaside.ErrMissing) {
		return nil, nil
	}
	if !kept.Stale || err != nil {
		return kept.Value, err
	}
	stale := make([]location.Place, len(kept.Value))
	for i, place := range kept.Value {
		stale[i] = place
		stale[i].Source.Stale = true
	}
	return stale, nil
}

// ask asks the sources in turn. An answer with nothing in it is believed if no other source knows better, and not for
// long: a provider that renames its fields looks just so.
func (p *Places) ask(ctx context.Context, sources []PlaceSource, q location.PlaceQuery) ([]location.Place, error) {
	var failures []error
	empty := false
	for _, source := range sources {
		places, err := gate.Call(ctx, source.Gate, func(ctx context.Context) ([]location.Place, error) { return source.Search(ctx, q) })
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if len(places) > 0 {
			p.remember(ctx, places)
			return places, nil
		}
		empty = true
	}
	if empty {
		return nil, cacheaside.ErrMissing
	}
	return nil, errors.Join(failures...)
}

// remember keeps places so that they can be asked for by their ids.
func (p *Places) remember(ctx context.Context, places []location.Place) {
	for _, place := range places {
		if err := p.Kept.Put(ctx, place.ID, place); err != nil {
			p.Log.WarnContext(ctx, "places of providers are kept in this process alone", "error", err)
			return
		}
	}
}

// Place gives a place that a source told of before.
func (p *Places) Place(ctx context.Context, id string) (location.Place, error) {
	kept, ok := p.Kept.Peek(ctx, id)
	if !ok {
		return location.Place{}, location.ErrGone
	}
	kept.Value.Source.Stale = kept.Stale
	return kept.Value, nil
}

// RestorePlaces makes places whole that were read from the cache.
func RestorePlaces(places *[]location.Place) error {
	for i := range *places {
		RestorePlace(&(*places)[i])
	}
	return nil
}

// RestorePlace makes a place whole that was read from the cache; hours that are not understood stay unknown.
func RestorePlace(p *location.Place) {
	if p.ReadHours() != nil {
		p.Schedule = nil
	}
}

// DetailSource is a provider with its gate.
type DetailSource struct {
	location.DetailProvider
	Gate *gate.Gate
}

// Ratings keeps what travellers gave places, for searches.
type Ratings interface {
	Rate(ctx context.Context, placeID string, d location.Details) error
}

// rateTimeout bounds the keeping of a rating: whoever waits for the details gets them without it.
const rateTimeout = 300 * time.Millisecond

// Details implements location.DetailProvider on sources in order and a cache.
type Details struct {
	Sources []DetailSource
	Cache   *cacheaside.Cache[location.Details]
	// Ratings gets what is fetched, whoever wanted it; nil for nobody.
	Ratings Ratings
	Log     *slog.Logger
}

// Details tells what a source says of a place, or said before.
func (d *Details) Details(ctx context.Context, p location.Place) (location.Details, error) {
	kept, err := d.Cache.Get(ctx, p.ID, func(ctx context.Context) (location.Details, error) {
		failures := []error{errNoSource}
		for _, source := range d.Sources {
			details, err := gate.Call(ctx, source.Gate, func(ctx context.Context) (location.Details, error) {
				details, err := source.Details(ctx, p)
				if errors.Is(err, location.ErrNoDetails) {
					return details, resilience.Permanent(err)
				}
				return details, err
			})
			switch {
			case err == nil:
				d.rate(ctx, p.ID, details)
				return details, nil
			case errors.Is(err, location.ErrNoDetails):
				return details, cacheaside.ErrMissing
			}
			failures = append(failures, err)
		}
		return location.Details{}, errors.Join(failures...)
	})
	if errors.Is(err, cacheaside.ErrMissing) {
		return location.Details{}, location.ErrNoDetails
	}
	kept.Value.Source.Stale = kept.Stale
	return kept.Value, err
}

// rate keeps a rating; one that cannot be kept is told again with the next fetch.
func (d *Details) rate(ctx context.Context, placeID string, details location.Details) {
	if d.Ratings == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rateTimeout)
	defer cancel()
	if err := d.Ratings.Rate(ctx, placeID, details); err != nil {
		d.Log.WarnContext(ctx, "a rating is not stored", "place", placeID, "error", err)
	}
}

// Known gives what is kept of places, by their ids, without asking anybody; nothing at all of those that have no details.
func (d *Details) Known(ctx context.Context, ids ...string) map[string]location.Details {
	known := make(map[string]location.Details, len(ids))
	for id, kept := range d.Cache.PeekAll(ctx, ids) {
		kept.Value.Source.Stale = kept.Stale
		known[id] = kept.Value
	}
	return known
}
