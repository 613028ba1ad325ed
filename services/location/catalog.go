package location

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/rtree"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Catalog holds places in memory, found by id, city, nearness and words. It is immutable once built and safe for
// concurrent use.
type Catalog struct {
	cities []City
	byCity map[string][]Place
	byID   map[string]Place
	tree   rtree.RTreeG[string]
	names  map[string]string // by place id: its names, folded, a line each
}

// NewCatalog indexes cities and their places.
func NewCatalog(cities []City, places []Place) *Catalog {
	c := &Catalog{byCity: make(map[string][]Place), byID: make(map[string]Place, len(places)), names: make(map[string]string, len(places))}
	for _, p := range places {
		c.byCity[p.CityID] = append(c.byCity[p.CityID], p)
		c.byID[p.ID] = p
		at := [2]float64{p.Lng, p.Lat}
		c.tree.Insert(at, at, p.ID)
		c.names[p.ID] = Fold(p.Name.Ko + "\n" + p.Name.En + "\n" + p.Name.Local)
	}
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
	p, ok := c.byID[id]
	return p, ok
}

// InCity are the places of a city.
func (c *Catalog) InCity(id string) []Place { return c.byCity[id] }

// Within calls yield for places at most metres from a point by straight line, in no order.
func (c *Catalog) Within(center Point, metres float64, yield func(Place)) {
	dLat := metres / earthRadius * 180 / math.Pi
	dLng := dLat / math.Max(0.01, math.Cos(center.Lat*math.Pi/180))
	c.tree.Search(
		[2]float64{center.Lng - dLng, center.Lat - dLat},
		[2]float64{center.Lng + dLng, center.Lat + dLat},
		func(_, _ [2]float64, id string) bool {
			if p := c.byID[id]; center.DistanceTo(p.Point) <= metres {
				yield(p)
			}
			return true
		})
}

// matches tells whether a place's name in any language contains the folded words, all of them.
func (c *Catalog) matches(id string, folded []string) bool {
	for _, word := range folded {
		if !strings.Contains(c.names[id], word) {
			return false
		}
	}
	return true
}

// Fold makes spellings equal that people take for equal: letter case, accents and spaces at the ends.
func Fold(text string) string {
	stripped, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), text)
	if err != nil { // not UTF-8: nothing will match it
		stripped = text
	}
	return strings.ToLower(strings.TrimSpace(stripped))
}
