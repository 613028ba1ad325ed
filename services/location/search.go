package location

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tripgen/tripgen/internal/errs"
)

// Group is what categories a search asks for.
type Group int

// The groups.
const (
	All Group = iota
	Sights
	Eating
	Laundries
)

// has tells whether a category belongs to the group.
func (g Group) has(c Category) bool {
	switch g {
	case All:
		return true
	case Eating:
		return c == Food || c == Cafe || c == Market || c == Bar
	case Laundries:
		return c == Laundry
	default:
		return !slices.Contains([]Category{Food, Cafe, Bar, Laundry, Parking, Station, Airport}, c)
	}
}

// Order is how places are ordered.
type Order int

// The orders. Built-in places carry no ratings and no review counts; among places without, travel time decides.
const (
	ByTime Order = iota
	ByRating
	ByName
	ByReviewCount
)

// Nearby asks for places that can be reached from a point.
type Nearby struct {
	From    Point
	Mode    Mode
	Minutes int // 10, 30 or 60
	Group   Group
	Keyword string
	Order   Order
	// After is the last place of the page before; empty for the first page.
	After string
	Limit int
}

// Found is a place and the way to it.
type Found struct {
	Place
	Estimate
}

// FindNearby gives a page of places and whether there are more. Pages are stable: a place's position follows from
// its own values, so inserts move nothing across a cursor.
func (c *Catalog) FindNearby(q Nearby) (page []Found, more bool, err error) {
	words := strings.Fields(Fold(q.Keyword))
	var all []Found
	c.Within(q.From, reach(q.Mode, q.Minutes), func(p Place) {
		way := EstimateTravel(q.From, p.Point, q.Mode)
		if way.Minutes <= q.Minutes && q.Group.has(p.Category) && c.matches(p.ID, words) {
			all = append(all, Found{Place: p, Estimate: way})
		}
	})
	less := func(a, b Found) int {
		if q.Order == ByName {
			return cmp.Or(cmp.Compare(a.Name.En, b.Name.En), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(all, less)
	start := 0
	if q.After != "" {
		last, ok := c.Place(q.After)
		if !ok {
			return nil, false, ErrGone
		}
		cursor := Found{Place: last, Estimate: EstimateTravel(q.From, last.Point, q.Mode)}
		i, exact := slices.BinarySearchFunc(all, cursor, less)
		if start = i; exact {
			start++
		}
	}
	end := min(start+q.Limit, len(all))
	return all[start:end], end < len(all), nil
}

// FindText gives places whose names hold all the words, the nearest to near first where near is set, else by name.
func (c *Catalog) FindText(query, cityID string, near *Point, offset, limit int) (page []Place, more bool) {
	words := strings.Fields(Fold(query))
	candidates := c.byCity[cityID]
	if cityID == "" {
		candidates = nil
		for _, city := range c.cities {
			candidates = append(candidates, c.byCity[city.ID]...)
		}
	}
	var all []Place
	for _, p := range candidates {
		if c.matches(p.ID, words) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Place) int {
		if near != nil {
			if byDistance := cmp.Compare(near.DistanceTo(a.Point), near.DistanceTo(b.Point)); byDistance != 0 {
				return byDistance
			}
		}
		return cmp.Or(cmp.Compare(len(a.Name.En), len(b.Name.En)), cmp.Compare(a.ID, b.ID))
	})
	start := min(offset, len(all))
	end := min(start+limit, len(all))
	return all[start:end], end < len(all)
}

var (
	// ErrGone refuses the id of a place that is not there (any more).
	ErrGone = errs.NotFound(errs.ReasonPlaceGone,
		"더 이상 없는 장소입니다.", "This place is not in the data any more.")
	// ErrUnknownDestination refuses a destination that there is no place data for.
	ErrUnknownDestination = errs.NotFound(errs.ReasonDestinationUnknown,
		"아직 지원하지 않는 여행지입니다.", "There is no place data for this destination yet.")
)
