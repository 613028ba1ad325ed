package main

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/services/location"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
)

// importsEvery is how often it is looked for new imports.
const importsEvery = 3 * time.Second

// followImports makes the catalog of the built-in places and of what was imported, now and whenever that changes.
// Imported places come first in story [L3]; of places that both have, the built-in one is told, as it knows more.
func followImports(ctx context.Context, r *role, store *locationpostgres.Store, cities []location.City, builtins []location.Place) (*location.Live, error) {
	revision, catalog, err := readCatalog(ctx, store, cities, builtins)
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
			now, err := store.Revision(ctx)
			if err == nil && now == revision {
				continue
			}
			if err == nil {
				var next *location.Catalog
				if now, next, err = readCatalog(ctx, store, cities, builtins); err == nil {
					revision = now
					live.Set(next)
					r.Log.InfoContext(ctx, "places were imported", "places", next.Len())
				}
			}
			if err != nil && ctx.Err() == nil {
				r.Log.WarnContext(ctx, "imported places cannot be read: the ones there are stay", "error", err)
			}
		}
	}})
	return live, nil
}

func readCatalog(ctx context.Context, store *locationpostgres.Store, cities []location.City, builtins []location.Place) (string, *location.Catalog, error) {
	revision, err := store.Revision(ctx)
	if err != nil {
		return "", nil, err
	}
	imported, err := store.Places(ctx)
	if err != nil {
		return "", nil, err
	}
	return revision, location.NewCatalog(cities, append(imported, builtins...)), nil
}
