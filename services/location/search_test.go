package location_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
)

func catalog(t *testing.T) *location.Catalog {
	t.Helper()
	cities, places, err := builtin.Load(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return location.NewCatalog(cities, places)
}

// [L1]
func TestNearbyPagesHoldEveryPlaceOnceInOrder(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	munich, ok := c.City("munich")
	if !ok {
		t.Fatal("no munich")
	}
	for name, q := range map[string]location.Nearby{
		"sights on foot":      {From: munich.Center, Mode: location.Walk, Minutes: 30, Group: location.Sights},
		"food by transit":     {From: munich.Center, Mode: location.Transit, Minutes: 30, Group: location.Eating},
		"all by car, by name": {From: munich.Center, Mode: location.Car, Minutes: 60, Order: location.ByName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q.Limit = 1000
			whole, more := c.FindNearby(q)
			if more || len(whole) == 0 {
				t.Fatalf("%d places, more %v", len(whole), more)
			}
			q.Limit = 7
			var ids []string
			for more = true; more; {
				var page []location.Found
				page, more = c.FindNearby(q)
				for _, f := range page {
					ids = append(ids, f.ID)
					if f.Minutes > q.Minutes {
						t.Errorf("%s is %d minutes away", f.ID, f.Minutes)
					}
				}
				q.After = &page[len(page)-1].At
			}
			if len(ids) != len(whole) {
				t.Fatalf("pages hold %d places, the whole %d", len(ids), len(whole))
			}
			for i := range ids {
				if ids[i] != whole[i].ID {
					t.Fatalf("place %d is %s in pages and %s in the whole", i, ids[i], whole[i].ID)
				}
			}
		})
	}
}

func TestCitiesAreFoundByNameAndPoint(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, name := range []string{"Munich", "münchen", "MUNCHEN", "뮌헨", " munich "} {
		if city, ok := c.CityByName(name); !ok || city.ID != "munich" {
			t.Errorf("%q is %q", name, city.ID)
		}
	}
	if city, ok := c.CityByName("Atlantis"); ok {
		t.Errorf("Atlantis is %q", city.ID)
	}
	if city, ok := c.CityAt(location.Point{Lat: 48.8584, Lng: 2.2945}); !ok || city.ID != "paris" {
		t.Errorf("the Eiffel tower is in %q", city.ID)
	}
}

func TestTextSearchFindsNamesInAnyLanguage(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, query := range []string{"marienplatz", "마리엔"} {
		found, _ := c.FindText(location.Text{Query: query, Limit: 10})
		if len(found) == 0 || found[0].CityID != "munich" {
			t.Errorf("%q finds %v", query, found)
		}
	}
}

func TestEstimatesGrowWithDistanceAndAreSymmetric(t *testing.T) {
	t.Parallel()
	a, b, c := location.Point{Lat: 48.137, Lng: 11.575}, location.Point{Lat: 48.15, Lng: 11.58}, location.Point{Lat: 48.35, Lng: 11.78}
	for _, mode := range []location.Mode{location.Walk, location.Transit, location.Car} {
		near, far := location.EstimateTravel(a, b, mode), location.EstimateTravel(a, c, mode)
		if near.Minutes >= far.Minutes || near != location.EstimateTravel(b, a, mode) {
			t.Errorf("mode %v: near %+v, far %+v", mode, near, far)
		}
		if zero := location.EstimateTravel(a, a, mode); zero.Minutes != 0 || zero.Metres != 0 {
			t.Errorf("mode %v: no way takes %+v", mode, zero)
		}
	}
}

// [L1] By rating and by review count: the rated first, and none is made up for the others.
func TestRatedPlacesComeFirstWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	var places []location.Place
	for i := range 6 {
		places = append(places, location.Place{
			ID: fmt.Sprintf("builtin:%d", i), Category: "museum", Name: location.Name{En: fmt.Sprint("Museum ", i)},
			Point: location.Point{Lat: 48.137 + float64(i)/10_000, Lng: 11.575},
		})
	}
	rated := func(rating float64, count int) location.Details {
		return location.Details{Rating: &rating, RatingCount: &count}
	}
	catalog := location.NewCatalog(nil, location.Rated(places, map[string]location.Details{
		"builtin:4": rated(4.9, 12), "builtin:2": rated(4.1, 900), "builtin:gone": rated(5, 1),
	}))
	for order, want := range map[location.Order][]string{
		location.ByRating: {"builtin:4", "builtin:2", "builtin:0"}, location.ByReviewCount: {"builtin:2", "builtin:4", "builtin:0"},
	} {
		found, _ := catalog.FindNearby(location.Nearby{From: places[0].Point, Minutes: 30, Order: order, Limit: 3})
		for i, f := range found {
			if f.ID != want[i] || (i == 2) != (f.Details == nil) {
				t.Errorf("order %v: %d is %s with %+v", order, i, f.ID, f.Details)
			}
		}
	}
}
