package postgres_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/postgres"
)

var today = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

func TestAnImportTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s := postgres.New(postgrestest.New(t, postgres.Migrations()), clock.NewFake(today))
	yes := true
	inn := location.Place{
		ID: "osm:node-2", Name: location.Name{Local: "Wirtshaus"}, Point: location.Point{Lat: 48.1, Lng: 11.5}, Category: location.Food,
		Hours: "Mo-Sa 11:00-23:00", StepFree: &yes, Source: location.Source{Provider: "osm", FetchedAt: today},
	}
	if err := s.Import(t.Context(), "munich", []location.Place{inn, {ID: "osm:node-3", Name: location.Name{Local: "Café"}}}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Import(t.Context(), "munich", []location.Place{inn}); err != nil {
		t.Fatal(err)
	}
	places, err := s.Places(t.Context())
	if err != nil || len(places) != 1 {
		t.Fatalf("%d places, %v", len(places), err)
	}
	got := places[0]
	if got.Schedule == nil || got.StepFree == nil || !*got.StepFree || got.Point != inn.Point || !got.Source.FetchedAt.Equal(today) {
		t.Errorf("got %+v", got)
	}
	if after, err := s.Revision(t.Context()); err != nil || after == before {
		t.Errorf("revision %q after %q, %v", after, before, err)
	}
	if err := s.Import(t.Context(), "munich", []location.Place{inn, inn}); err == nil {
		t.Error("an extract with a place twice is taken")
	}
	if places, err := s.Places(t.Context()); err != nil || len(places) != 1 {
		t.Errorf("a refused import leaves %d places, %v", len(places), err)
	}
	if gone, err := s.Remove(t.Context(), "munich"); err != nil || !gone {
		t.Errorf("removed %v, %v", gone, err)
	}
	if places, err := s.Places(t.Context()); err != nil || len(places) != 0 {
		t.Errorf("%d places are left, %v", len(places), err)
	}
}

// [L4] Popularity comes from real use.
func TestUseIsCountedAndForgotten(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(today)
	s := postgres.New(postgrestest.New(t, postgres.Migrations()), now)
	for range 3 {
		if err := s.Use(t.Context(), map[string]int64{"builtin:a": 2, "builtin:b": 1}); err != nil {
			t.Fatal(err)
		}
	}
	now.Advance(24 * time.Hour)
	if err := s.Use(t.Context(), map[string]int64{"builtin:b": 1}); err != nil {
		t.Fatal(err)
	}
	if uses, err := s.Popular(t.Context(), 7); err != nil || uses["builtin:a"] != 6 || uses["builtin:b"] != 4 {
		t.Errorf("uses %v, %v", uses, err)
	}
	now.Advance(7 * 24 * time.Hour)
	if uses, err := s.Popular(t.Context(), 7); err != nil || len(uses) != 1 || uses["builtin:b"] != 1 {
		t.Errorf("uses %v, %v", uses, err)
	}
}

// [L1] Ratings are kept for a month, the last one of each place, with who says so.
func TestRatingsAreKeptAndForgotten(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(today)
	s := postgres.New(postgrestest.New(t, postgres.Migrations()), now)
	rate := func(id string, rating float64, count int) location.Details {
		d := location.Details{Rating: &rating, RatingCount: &count, Source: location.Source{
			Provider: "google", FetchedAt: now.Now(), Attribution: "Google Maps", Simulated: true,
		}}
		if err := s.Rate(t.Context(), id, d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	rate("builtin:a", 3.5, 10)
	before, err := s.RatingsRevision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now.Advance(time.Hour)
	last := rate("builtin:a", 4.5, 11)
	if err := s.Rate(t.Context(), "builtin:b", location.Details{}); err != nil {
		t.Fatal(err)
	}
	if after, err := s.RatingsRevision(t.Context()); err != nil || after == before {
		t.Errorf("revision %q after %q, %v", after, before, err)
	}
	got, err := s.Ratings(t.Context())
	if err != nil || len(got) != 1 || *got["builtin:a"].Rating != 4.5 || *got["builtin:a"].RatingCount != 11 || got["builtin:a"].Source != last.Source {
		t.Errorf("ratings %+v, %v", got, err)
	}
	now.Advance(31 * 24 * time.Hour)
	if got, err := s.Ratings(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("ratings %+v after a month, %v", got, err)
	}
}

// [U4] The location service keeps nothing of persons, and notices when that may have changed.
func TestNothingOfPersonsIsKept(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t, postgres.Migrations())
	p := postgres.NewPersonal(postgres.New(pool, clock.System{}))
	removed, at, err := p.Forget(t.Context(), "del_1", "user_1")
	if err != nil || len(removed) != 0 || at.IsZero() {
		t.Fatalf("%v at %v, %v", removed, at, err)
	}
	if _, err := pool.Exec(t.Context(), `CREATE TABLE search (owner text)`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Forget(t.Context(), "del_1", "user_1"); err == nil {
		t.Error("a table that nobody has looked through is taken for impersonal")
	}
}
