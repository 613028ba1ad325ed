package location

import (
	"context"
	"log/slog"
	"slices"
)

// Seen knows the places that providers told of before, by id; [ErrGone] for others.
type Seen interface {
	Place(ctx context.Context, id string) (Place, error)
}

// Finder answers questions for places: from the catalog (imported extracts and built-in places), and from providers
// where there are any. A provider that does not answer takes nothing away.
type Finder struct {
	Catalog *Live
	// Around searches providers; nil without one.
	Around PlaceProvider
	// Seen knows what Around told; nil without one.
	Seen Seen
	// Details tells what travellers say; nil without such a provider.
	Details Detailed
	// Notice hears which places are used and which lack details; nil for nobody.
	Notice Notice
	// Popularity says how well known places are; nil goes by what their sources say alone.
	Popularity *Popularity
	Log        *slog.Logger
}

// Detailed is a provider of details that remembers what it told.
type Detailed interface {
	DetailProvider
	// Known gives what is remembered of places, by their ids, without asking anybody; zero details for those that are known
	// to have none.
	Known(ctx context.Context, ids ...string) map[string]Details
}

// Notice hears of use. It never holds its caller up.
type Notice interface {
	// Used hears of places that somebody looked at or planned with.
	Used(ctx context.Context, places []Place)
	// Lacking hears of places whose details were wanted and not there.
	Lacking(ctx context.Context, places []Place)
}

// Nearby gives a page of the places that can be reached within some minutes, and whether there are more.
func (f *Finder) Nearby(ctx context.Context, q Nearby) (page []Found, more bool) {
	c := f.Catalog.Now()
	page, more = c.FindNearby(q)
	others := f.around(ctx, PlaceQuery{Center: q.From, Radius: reach(q.Mode, q.Minutes), Group: q.Group, Words: q.Keyword})
	for _, p := range others {
		way := EstimateTravel(q.From, p.Point, q.Mode)
		at := q.positionOf(position(&p), way)
		if way.Minutes > q.Minutes || !q.Group.has(p.Category) || q.After != nil && q.Order.compare(&at, q.After) <= 0 {
			continue
		}
		if _, known := c.Same(p); !known {
			page = append(page, Found{Place: p, Estimate: way, At: at})
		}
	}
	slices.SortFunc(page, func(a, b Found) int { return q.Order.compare(&a.At, &b.At) })
	return page[:min(q.Limit, len(page))], more || len(page) > q.Limit
}

// Text gives a page of places by words, and whether there are more. Providers are asked where a place to search around
// is known.
func (f *Finder) Text(ctx context.Context, q Text) (page []Found, more bool) {
	const around = 20_000 // metres
	c := f.Catalog.Now()
	page, more = c.FindText(q)
	center := q.Near
	if city, ok := c.City(q.CityID); ok && center == nil {
		center = &city.Center
	}
	if center == nil {
		return page, more
	}
	for _, p := range f.around(ctx, PlaceQuery{Center: *center, Radius: around, Words: q.Query}) {
		at := q.positionOf(position(&p), p.Point)
		if _, known := c.Same(p); !known && (q.After == nil || compareText(at, *q.After) > 0) {
			page = append(page, Found{Place: p, At: at})
		}
	}
	slices.SortFunc(page, func(a, b Found) int { return compareText(a.At, b.At) })
	return page[:min(q.Limit, len(page))], more || len(page) > q.Limit
}

// around asks the providers; none is no failure of the search.
func (f *Finder) around(ctx context.Context, q PlaceQuery) []Place {
	if f.Around == nil {
		return nil
	}
	places, err := f.Around.Search(ctx, q)
	if err != nil && ctx.Err() == nil {
		f.Log.WarnContext(ctx, "providers give no places: the catalog answers alone", "error", err)
	}
	return places
}

// Place gives a place with all that is known of it; [ErrGone] if it is not there. Details that do not come in time are
// missing.
func (f *Finder) Place(ctx context.Context, id string) (Place, error) {
	p, err := f.Basic(ctx, id)
	if err != nil || f.Details == nil {
		return p, err
	}
	d, err := f.Details.Details(ctx, p)
	switch {
	case err == nil:
		p = p.With(d)
	case ctx.Err() == nil:
		f.Log.DebugContext(ctx, "a place without details", "place", id, "error", err)
	}
	return p, nil
}

// Basic gives a place as the catalog or a search knows it; [ErrGone] if it is not there.
func (f *Finder) Basic(ctx context.Context, id string) (Place, error) {
	if p, ok := f.Catalog.Now().Place(id); ok {
		return p, nil
	}
	if f.Seen == nil {
		return Place{}, ErrGone
	}
	return f.Seen.Place(ctx, id)
}

// Known adds to places what is remembered of them, and has the rest fetched in the background.
func (f *Finder) Known(ctx context.Context, places []Place) []Place {
	if f.Details == nil {
		return places
	}
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	details := f.Details.Known(ctx, ids...)
	known := make([]Place, len(places))
	var lacking []Place
	for i, p := range places {
		known[i] = p
		switch d, ok := details[p.ID]; {
		case !ok:
			lacking = append(lacking, p)
		case !d.None():
			known[i] = p.With(d)
		}
	}
	if f.Notice != nil && len(lacking) > 0 {
		f.Notice.Lacking(ctx, lacking)
	}
	return known
}

// Used tells that somebody looked at places or planned with them.
func (f *Finder) Used(ctx context.Context, places ...Place) {
	if f.Notice != nil && len(places) > 0 {
		f.Notice.Used(ctx, places)
	}
}
