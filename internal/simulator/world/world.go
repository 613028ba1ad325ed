// Package world is what the simulated providers know: the built-in places, with ratings and reviews that are made up of
// their ids and say so.
package world

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/tripgen/tripgen/data/places"
)

// Place is a built-in place with its city.
type Place struct {
	places.Place
	City places.City
	// Metres from the point that was asked for; 0 where none was.
	Metres float64
}

// World is all places. It is immutable.
type World struct{ places []Place }

// Load reads the built-in places.
func Load() (*World, error) {
	cities, err := places.Load()
	if err != nil {
		return nil, err
	}
	w := new(World)
	for _, city := range cities {
		for _, p := range city.Places {
			w.places = append(w.places, Place{Place: p, City: city})
		}
	}
	return w, nil
}

// Near gives the places around a point that are wanted, the nearest first.
func (w *World) Near(lat, lng, metres float64, wanted func(Place) bool) []Place {
	var found []Place
	for _, p := range w.places {
		p.Metres = distance(lat, lng, p.Lat, p.Lng)
		if p.Metres <= metres && wanted(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Place) int { return cmp.Compare(a.Metres, b.Metres) })
	return found
}

// ByID gives a place by its id in the data, or false.
func (w *World) ByID(id string) (Place, bool) {
	i := slices.IndexFunc(w.places, func(p Place) bool { return p.ID == id })
	if i < 0 {
		return Place{}, false
	}
	return w.places[i], true
}

// Has tells whether all words stand in the place's names or its category.
func (p Place) Has(words string) bool {
	text := strings.ToLower(p.Name.KO + " " + p.Name.EN + " " + p.Name.Local + " " + string(p.Category))
	for word := range strings.FieldsSeq(strings.ToLower(words)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// Rating is made up: 3.5 to 4.9.
func (p Place) Rating() float64 { return 3.5 + float64(p.draw("rating")%15)/10 }

// RatingCount is made up.
func (p Place) RatingCount() int { return int(10 + p.draw("count")%5000) }

func (p Place) draw(what string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(what + p.ID)) // a hash takes everything
	return h.Sum32()
}

// Metres is the great-circle distance of two points.
func Metres(lat1, lng1, lat2, lng2 float64) float64 { return distance(lat1, lng1, lat2, lng2) }

func distance(lat1, lng1, lat2, lng2 float64) float64 {
	const rad, earth = math.Pi / 180, 6_371_008.8
	h := math.Pow(math.Sin((lat2-lat1)*rad/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin((lng2-lng1)*rad/2), 2)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}
