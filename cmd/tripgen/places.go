package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/osm"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
)

// placesCmd are the commands about imported places.
type placesCmd struct {
	Import placesImportCmd `cmd:"" help:"Import the places of an OpenStreetMap extract."`
	List   placesListCmd   `cmd:"" help:"List the extracts that were imported."`
	Remove placesRemoveCmd `cmd:"" help:"Take an extract's places away."`
}

type placesImportCmd struct {
	File string `arg:"" help:"The extract (.osm.pbf)." type:"existingfile"`
	Name string `help:"What the extract is called; a second import of one name takes the place of the first. Default: the file's name."`
}

// Help is the long help.
func (placesImportCmd) Help() string {
	return `Reads what is tagged as a sight, a place to eat, a park, a laundry, a car park and so on, with opening hours as far as they are understood, and stores it in the location service's database (postgres.location): all of it, or nothing if the file is cut short. Running services take it up within seconds.

The data is © OpenStreetMap contributors under the ODbL, and every place says so.

  tripgen places import oberbayern.osm.pbf`
}

// Run is the command.
func (p *placesImportCmd) Run(ctx context.Context, c *commands) error {
	name := p.Name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(p.File), ".osm.pbf")
	}
	file, err := os.Open(p.File)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	began := time.Now()
	cities, _, err := builtin.Load(began)
	if err != nil {
		return err
	}
	catalog := location.NewCatalog(cities, nil)
	places, err := osm.Read(ctx, file, func(at location.Point) string {
		city, _ := catalog.CityAt(at)
		return city.ID
	}, began.UTC())
	if err != nil {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	if len(places) == 0 {
		return fmt.Errorf("%s: there are no places in it", p.File)
	}
	return withPlaces(ctx, c, func(s *locationpostgres.Store) error {
		if err := s.Import(ctx, name, places); err != nil {
			return err
		}
		_, err := fmt.Fprintf(os.Stdout, "%s: %d places in %.1f s\n", name, len(places), time.Since(began).Seconds())
		return err
	})
}

type placesListCmd struct{}

// Run is the command.
func (placesListCmd) Run(ctx context.Context, c *commands) error {
	return withPlaces(ctx, c, func(s *locationpostgres.Store) error {
		extracts, err := s.Extracts(ctx)
		for _, e := range extracts {
			fmt.Fprintf(os.Stdout, "%-24s %8d places  %s\n", e.Name, e.PlaceCount, e.ImportTime.Format(time.RFC3339))
		}
		return err
	})
}

type placesRemoveCmd struct {
	Name string `arg:"" help:"The extract's name."`
}

// Run is the command.
func (p *placesRemoveCmd) Run(ctx context.Context, c *commands) error {
	return withPlaces(ctx, c, func(s *locationpostgres.Store) error {
		removed, err := s.Remove(ctx, p.Name)
		if err == nil && !removed {
			err = fmt.Errorf("there is no extract %q", p.Name)
		}
		return err
	})
}

// withPlaces opens the location service's database, migrated.
func withPlaces(ctx context.Context, c *commands, do func(*locationpostgres.Store) error) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	url := databaseURL(settings, app.Location)
	if url == "" {
		return errors.New("postgres.location is missing")
	}
	settings.Postgres.Create, settings.Postgres.Migrate = true, true
	if err := migrate(ctx, settings.Postgres, url, locationpostgres.Migrations()); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	return do(locationpostgres.New(pool, clock.System{}))
}
