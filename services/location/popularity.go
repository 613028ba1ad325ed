package location

import (
	"math"
	"sync/atomic"
)

const (
	// unknownPrior is taken for a place of which nothing is known but its use: it is as planning takes it.
	unknownPrior = 0.5
	// halfTrust is how many uses are trusted half.
	halfTrust = 20
)

// Popularity says how well known places are: what their sources say, moved by how often they are used. Use is compared
// within a city, by its logarithm, and trusted the more there is of it. It may be used by several goroutines.
type Popularity struct {
	current atomic.Pointer[map[string]use]
}

// use is a place's: how often, and 0 to 1 against the most used place of its city.
type use struct{ count, score float64 }

// Set takes new counts, by place; cityOf gives the city of a place, or nothing.
func (p *Popularity) Set(counts map[string]int64, cityOf func(placeID string) string) {
	most := make(map[string]int64)
	for id, n := range counts {
		city := cityOf(id)
		most[city] = max(most[city], n)
	}
	uses := make(map[string]use, len(counts))
	for id, n := range counts {
		if n > 0 {
			uses[id] = use{count: float64(n), score: math.Log1p(float64(n)) / math.Log1p(float64(most[cityOf(id)]))}
		}
	}
	p.current.Store(&uses)
}

// Of is a place's popularity, 0 to 1; 0 if nothing is known of it. With p of its source, or a half where that says
// nothing, and n uses it is p + (1−p)·score·n/(n+20).
func (p *Popularity) Of(place Place) float64 {
	used, ok := p.use(place.ID)
	if !ok {
		return place.Popularity
	}
	prior := place.Popularity
	if prior == 0 {
		prior = unknownPrior
	}
	return prior + (1-prior)*used.score*used.count/(used.count+halfTrust)
}

// Used tells whether a place was used.
func (p *Popularity) Used(placeID string) bool {
	_, ok := p.use(placeID)
	return ok
}

func (p *Popularity) use(placeID string) (use, bool) {
	if p == nil {
		return use{}, false
	}
	uses := p.current.Load()
	if uses == nil {
		return use{}, false
	}
	used, ok := (*uses)[placeID]
	return used, ok
}
