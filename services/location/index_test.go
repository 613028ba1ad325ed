package location_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/services/location"
)

var words = []string{"Garden", "Palace", "Café", "시장", "궁", "Museum", "Old", "New", "River", "Tower"}

// crowd makes places around a point, many of them at the same distances and of the same names.
func crowd(random *rand.Rand, n int, center location.Point) []location.Place {
	categories := []location.Category{"sight", "museum", location.Food, location.Cafe, location.Laundry, "park", ""}
	places := make([]location.Place, n)
	for i := range places {
		name := words[random.IntN(len(words))] + " " + words[random.IntN(len(words))]
		places[i] = location.Place{
			ID: fmt.Sprintf("test:%06d", random.IntN(1_000_000_000)), Name: location.Name{En: name},
			// A grid makes ties.
			Point: location.Point{
				Lat: center.Lat + float64(random.IntN(200)-100)/500, Lng: center.Lng + float64(random.IntN(200)-100)/500,
			},
			Category: categories[random.IntN(len(categories))],
		}
		if random.IntN(2) == 0 {
			rating, count := float64(random.IntN(50))/10, random.IntN(5)
			places[i].Details = &location.Details{Rating: &rating, RatingCount: &count}
		}
	}
	return places
}

// pages reads a whole list, page by page.
func pages(t *testing.T, c func() *location.Catalog, q location.Nearby) (found []location.Found) {
	t.Helper()
	for more := true; more; {
		var page []location.Found
		page, more = c().FindNearby(q)
		found = append(found, page...)
		if len(page) > 0 {
			q.After = &page[len(page)-1].At
		} else if more {
			t.Fatal("an empty page says that there is more")
		}
	}
	return found
}

// brute is what the list has to be, by looking at every place.
func brute(places []location.Place, q location.Nearby) []string {
	type ranked struct {
		id       string
		minutes  int
		metres   int
		name     string
		rating   float64
		count    int
		straight float64
	}
	var all []ranked
	for _, p := range places {
		way := location.EstimateTravel(q.From, p.Point, q.Mode)
		in := false
		switch q.Group {
		case location.All:
			in = true
		case location.Sights:
			in = p.Category == "sight" || p.Category == "museum" || p.Category == "park"
		case location.Eating:
			in = p.Category == location.Food || p.Category == location.Cafe
		case location.Laundries:
			in = p.Category == location.Laundry
		}
		for word := range strings.FieldsSeq(location.Fold(q.Keyword)) {
			in = in && strings.Contains(location.Fold(p.Name.En), word)
		}
		if !in || way.Minutes > q.Minutes {
			continue
		}
		r := ranked{id: p.ID, minutes: way.Minutes, metres: way.Metres, name: p.Name.En}
		if p.Details != nil {
			r.rating, r.count = *p.Details.Rating, *p.Details.RatingCount
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ranked) int {
		var by int
		switch q.Order {
		case location.ByName:
			by = strings.Compare(a.name, b.name)
		case location.ByRating:
			by = int(10*b.rating) - int(10*a.rating)
		case location.ByReviewCount:
			by = b.count - a.count
		default:
			if by = a.minutes - b.minutes; by == 0 {
				by = a.metres - b.metres
			}
		}
		if by == 0 {
			by = strings.Compare(a.id, b.id)
		}
		return by
	})
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.id
	}
	return ids
}

func idsOf(found []location.Found) []string {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	return ids
}

// [L1] Every order, group, mode, time and word, against looking at every place.
func TestNearbyFindsWhatLookingAtEveryPlaceFinds(t *testing.T) {
	t.Parallel()
	for name, center := range map[string]location.Point{"Munich": {Lat: 48.13, Lng: 11.57}, "Fiji, on the antimeridian": {Lat: -17, Lng: 179.95}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, 7))
			places := crowd(random, 6000, center)
			for i := range places {
				if places[i].Lng > 180 {
					places[i].Lng -= 360
				}
			}
			places = unique(places)
			c := location.NewCatalog(nil, places)
			for range 150 {
				q := location.Nearby{
					From: center, Mode: location.Mode(random.IntN(3)), Minutes: []int{10, 30, 60}[random.IntN(3)],
					Group: location.Group(random.IntN(4)), Order: location.Order(random.IntN(4)), Limit: []int{1, 20, 100, 5000}[random.IntN(4)],
				}
				if q.Limit == 1 && q.Minutes > 10 {
					q.Limit = 37
				}
				if random.IntN(3) == 0 {
					q.Keyword = words[random.IntN(len(words))]
				}
				got := idsOf(pages(t, func() *location.Catalog { return c }, q))
				if want := brute(places, q); !slices.Equal(got, want) {
					t.Fatalf("%+v: %d places, want %d", q, len(got), len(want))
				}
			}
		})
	}
}

func unique(places []location.Place) []location.Place {
	seen := make(map[string]bool)
	return slices.DeleteFunc(places, func(p location.Place) bool {
		known := seen[p.ID]
		seen[p.ID] = true
		return known
	})
}

// [L1] Cursor pages are stable under inserts and removals.
func TestPagesAreStableUnderInsertsAndRemovals(t *testing.T) {
	t.Parallel()
	center := location.Point{Lat: 37.56, Lng: 126.97}
	for _, order := range []location.Order{location.ByTime, location.ByRating, location.ByName, location.ByReviewCount} {
		random := rand.New(rand.NewPCG(uint64(order), 3))
		places := unique(crowd(random, 800, center))
		q := location.Nearby{From: center, Mode: location.Transit, Minutes: 60, Order: order, Limit: 25}
		kept := make(map[string]bool)
		for _, id := range brute(places[100:], q) {
			kept[id] = true
		}
		current := slices.Clone(places)
		got := pages(t, func() *location.Catalog {
			current = append(current, crowd(random, 20, center)...) // more come between any two pages
			if len(current) > 800 {
				current = current[5:] // and those that go are not among the kept until a hundred are gone
			}
			if current[0].ID == places[100].ID {
				current = append([]location.Place{places[100]}, current...)
			}
			return location.NewCatalog(nil, append(slices.Clone(current), places[100:]...))
		}, q)
		seen := make(map[string]int)
		for _, f := range got {
			seen[f.ID]++
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("order %d: %s comes %d times", order, id, n)
			}
		}
		for id := range kept {
			if seen[id] != 1 {
				t.Errorf("order %d: %s, there all along, comes %d times", order, id, seen[id])
			}
		}
	}
}

func TestTextPagesHoldEveryMatchOnce(t *testing.T) {
	t.Parallel()
	center := location.Point{Lat: 37.56, Lng: 126.97}
	places := unique(crowd(rand.New(rand.NewPCG(1, 2)), 3000, center))
	c := location.NewCatalog(nil, places)
	for _, near := range []*location.Point{nil, &center} {
		for _, query := range []string{"garden", "시장", "old tower", "cafe", "궁"} {
			want := 0
			for _, p := range places {
				in := true
				for word := range strings.FieldsSeq(query) {
					in = in && strings.Contains(location.Fold(p.Name.En), word)
				}
				if in {
					want++
				}
			}
			q := location.Text{Query: query, Near: near, Limit: 17}
			seen := make(map[string]bool)
			for more := true; more; {
				var page []location.Found
				page, more = c.FindText(q)
				for _, f := range page {
					if seen[f.ID] {
						t.Fatalf("%q: %s comes twice", query, f.ID)
					}
					seen[f.ID] = true
				}
				if len(page) > 0 {
					q.After = &page[len(page)-1].At
				}
			}
			if len(seen) != want || want == 0 {
				t.Errorf("%q: %d places, want %d", query, len(seen), want)
			}
		}
	}
}

func TestOnePlaceOfTwoSourcesIsTakenForOne(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for name, tc := range map[string]struct {
		place location.Place
		same  string
	}{
		"near and of one name": {
			location.Place{ID: "osm:node-1", Name: location.Name{Local: "MARIENPLATZ"}, Point: location.Point{Lat: 48.1376, Lng: 11.5750}},
			"builtin:munich-marienplatz",
		},
		"far away": {location.Place{ID: "osm:node-2", Name: location.Name{Local: "Marienplatz"}, Point: location.Point{Lat: 48.2, Lng: 11.5}}, ""},
		"another":  {location.Place{ID: "osm:node-3", Name: location.Name{Local: "Marien"}, Point: location.Point{Lat: 48.1373, Lng: 11.5755}}, ""},
	} {
		if same, _ := c.Same(tc.place); same.ID != tc.same {
			t.Errorf("%s: the same as %q, want %q", name, same.ID, tc.same)
		}
	}
}
