package location

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Catalog holds places in memory, found by id, city, nearness and words. It is immutable once built and safe for
// concurrent use. A hundred thousand places take some 200 MB and a second to build.
type Catalog struct {
	cities []City
	places []Place
	byCity map[string][]int32
	byID   map[string]int32
	index
}

// NewCatalog indexes cities and their places. Of places with one id the last counts.
func NewCatalog(cities []City, places []Place) *Catalog {
	c := &Catalog{byCity: make(map[string][]int32), byID: make(map[string]int32, len(places))}
	for _, p := range places {
		if i, ok := c.byID[p.ID]; ok {
			c.places[i] = p
			continue
		}
		c.byID[p.ID] = int32(len(c.places))
		c.places = append(c.places, p)
	}
	for i := range c.places {
		c.byCity[c.places[i].CityID] = append(c.byCity[c.places[i].CityID], int32(i))
	}
	c.index = newIndex(c.places)
	c.cities = slices.Clone(cities)
	slices.SortFunc(c.cities, func(a, b City) int { return cmp.Compare(a.ID, b.ID) })
	for i := range c.cities {
		c.cities[i].PlaceCount = len(c.byCity[c.cities[i].ID])
	}
	return c
}

// Cities are all cities, by id.
func (c *Catalog) Cities() []City { return c.cities }

// City finds a city by its id.
func (c *Catalog) City(id string) (City, bool) {
	for _, city := range c.cities {
		if city.ID == id {
			return city, true
		}
	}
	return City{}, false
}

// CityByName finds a city by its name in any language, letter case and accents aside.
func (c *Catalog) CityByName(name string) (City, bool) {
	folded := Fold(name)
	for _, city := range c.cities {
		if folded == city.ID || folded == Fold(city.Name.Ko) || folded == Fold(city.Name.En) || folded == Fold(city.Name.Local) {
			return city, true
		}
	}
	return City{}, false
}

// CityAt finds the city whose bounds hold a point; of several, the one whose centre is nearest.
func (c *Catalog) CityAt(p Point) (City, bool) {
	best, found := City{}, false
	for _, city := range c.cities {
		if city.Contains(p) && (!found || city.Center.DistanceTo(p) < best.Center.DistanceTo(p)) {
			best, found = city, true
		}
	}
	return best, found
}

// Place finds a place by its id.
func (c *Catalog) Place(id string) (Place, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Place{}, false
	}
	return c.places[i], true
}

// Len is how many places there are.
func (c *Catalog) Len() int { return len(c.places) }

// InCity are the places of a city, in the order in which they were given.
func (c *Catalog) InCity(id string) []Place {
	places := make([]Place, 0, len(c.byCity[id]))
	for _, i := range c.byCity[id] {
		places = append(places, c.places[i])
	}
	return places
}

// Candidates are up to limit places of a city to plan with: all that somebody chose for it, then those of other sources
// that are known beyond it, by their popularity (see [Popularity.Of]). Places that two sources have come once.
func (c *Catalog) Candidates(cityID string, limit int, popularity func(Place) float64) []Place {
	var chosen, others []Place
	popular := make(map[string]float64)
	for _, p := range c.InCity(cityID) {
		if p.StayMinutes > 0 {
			chosen = append(chosen, p)
		} else if known := popularity(p); known > 0 {
			popular[p.ID] = known
			others = append(others, p)
		}
	}
	slices.SortStableFunc(others, func(a, b Place) int {
		return cmp.Or(cmp.Compare(popular[b.ID], popular[a.ID]), strings.Compare(a.ID, b.ID))
	})
	for _, p := range others {
		if len(chosen) >= limit {
			break
		}
		if same, ok := c.Same(p); !ok || same.StayMinutes == 0 && same.ID > p.ID {
			chosen = append(chosen, p)
		}
	}
	return chosen[:min(limit, len(chosen))]
}

// Fold makes spellings equal that people take for equal: letter case, accents and spaces at the ends.
func Fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(strings.TrimSpace(text))
	}
	stripped, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), text)
	if err != nil { // not UTF-8: nothing will match it
		stripped = text
	}
	return strings.ToLower(strings.TrimSpace(stripped))
}

// Live is the catalog that holds now; another may take its place at any time.
type Live struct{ current atomic.Pointer[Catalog] }

// NewLive makes a first catalog hold.
func NewLive(c *Catalog) *Live {
	l := new(Live)
	l.Set(c)
	return l
}

// Now is the catalog that holds now. Who asks more than one question of it keeps it.
func (l *Live) Now() *Catalog { return l.current.Load() }

// Set makes another catalog hold.
func (l *Live) Set(c *Catalog) { l.current.Store(c) }

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
