package location_test

import (
	"fmt"
	"testing"

	"github.com/tripgen/tripgen/services/location"
)

// [L4] Popularity comes from real use: more of it never makes a place less popular, and a place stays within its bounds.
func TestPopularityGrowsWithUseFromWhatSourcesSay(t *testing.T) {
	t.Parallel()
	city := func(id string) string { return id[:1] }
	known := location.Place{ID: "a:known", Popularity: 0.25}
	unknown := location.Place{ID: "a:unknown"}
	var p location.Popularity
	if p.Of(known) != 0.25 || p.Of(unknown) != 0 || p.Used(known.ID) {
		t.Errorf("before any use: %v, %v", p.Of(known), p.Of(unknown))
	}
	before := 0.25
	for _, n := range []int64{1, 5, 20, 100, 10_000} {
		p.Set(map[string]int64{known.ID: n, "a:most": 10_000, "b:alone": 1}, city)
		got := p.Of(known)
		if got <= before || got > 1 {
			t.Errorf("%d uses: %v after %v", n, got, before)
		}
		before = got
	}
	p.Set(map[string]int64{known.ID: 20, unknown.ID: 20, "b:alone": 20}, city)
	// The most used of its city, with as many uses as are trusted half: p + (1−p)/2.
	if got := p.Of(known); got != 0.625 {
		t.Errorf("known and used: %v", got)
	}
	if got := p.Of(unknown); got != 0.75 {
		t.Errorf("unknown and used: %v", got)
	}
	if got := p.Of(location.Place{ID: "b:alone", Popularity: 1}); got != 1 {
		t.Errorf("above all: %v", got)
	}
	p.Set(nil, city)
	if p.Of(known) != 0.25 {
		t.Errorf("use that is forgotten counts: %v", p.Of(known))
	}
}

// What was used is planned with before what encyclopaedias know, where there is not room for all.
func TestUsedPlacesAreCandidatesFirst(t *testing.T) {
	t.Parallel()
	var places []location.Place
	for i := range 5 {
		places = append(places, location.Place{
			ID: fmt.Sprintf("osm:node-%d", i), CityID: "munich", Name: location.Name{Local: fmt.Sprint("Ort ", i)},
			Point: location.Point{Lat: 48 + float64(i)/10, Lng: 11.5}, Category: "sight", Popularity: 0.5,
		})
	}
	places[3].Popularity = 0 // nobody knows it
	catalog := location.NewCatalog([]location.City{{ID: "munich"}}, places)
	var p location.Popularity
	if got := catalog.Candidates("munich", 5, p.Of); len(got) != 4 {
		t.Fatalf("%d candidates without use", len(got))
	}
	p.Set(map[string]int64{"osm:node-3": 200}, func(string) string { return "munich" })
	if got := catalog.Candidates("munich", 2, p.Of); got[0].ID != "osm:node-3" {
		t.Errorf("first is %s", got[0].ID)
	}
}
