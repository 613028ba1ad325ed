package main

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/services/location"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
)

const (
	// importsEvery is how often it is looked for new imports.
	importsEvery = 3 * time.Second
	// ratingsEvery is how often it is looked for new ratings: the catalog is made anew for them.
	ratingsEvery = time.Minute
)

// follower makes the catalog of the built-in places and of what was imported, with their ratings. Imported places come
// first in story [L3]; of places that both have, the built-in one is told, as it knows more.
type follower struct {
	store    *locationpostgres.Store
	cities   []location.City
	builtins []location.Place

	imports, ratings string
	nextRatings      time.Time
}

// followImports makes the catalog, now and whenever imports or ratings change.
func followImports(ctx context.Context, r *role, store *locationpostgres.Store, cities []location.City, builtins []location.Place) (*location.Live, error) {
	f := &follower{store: store, cities: cities, builtins: builtins}
	catalog, err := f.next(ctx, r.Clock.Now())
	if err != nil {
		return nil, err
	}
	live := location.NewLive(catalog)
	r.Add(app.Part{Name: "imported places", Run: func(ctx context.Context) error {
		ticker := time.NewTicker(importsEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
			next, err := f.next(ctx, r.Clock.Now())
			switch {
			case err != nil && ctx.Err() == nil:
				r.Log.WarnContext(ctx, "imported places cannot be read: the ones there are stay", "error", err)
			case err == nil && next != nil:
				live.Set(next)
				r.Log.InfoContext(ctx, "places or their ratings changed", "places", next.Len())
			}
		}
	}})
	return live, nil
}

// next makes the catalog if something changed since the last one was made; else it gives nil.
func (f *follower) next(ctx context.Context, now time.Time) (*location.Catalog, error) {
	imports, err := f.store.Revision(ctx)
	if err != nil {
		return nil, err
	}
	ratings := f.ratings
	if !now.Before(f.nextRatings) {
		if ratings, err = f.store.RatingsRevision(ctx); err != nil {
			return nil, err
		}
		f.nextRatings = now.Add(ratingsEvery)
	}
	if imports == f.imports && ratings == f.ratings {
		return nil, nil
	}
	imported, err := f.store.Places(ctx)
	if err != nil {
		return nil, err
	}
	rated, err := f.store.Ratings(ctx)
	if err != nil {
		return nil, err
	}
	f.imports, f.ratings = imports, ratings
	return location.NewCatalog(f.cities, location.Rated(append(imported, f.builtins...), rated)), nil
}
