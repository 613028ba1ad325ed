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
		return !slices.Contains([]Category{"", Food, Cafe, Bar, Laundry, Parking, Station, Airport}, c)
	}
}

// Order is how places are ordered.
type Order int

// The orders. Places without a rating or a review count stand behind those with one.
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
	// After is where the page before ended; nil for the first page.
	After *Position
	Limit int
}

// Found is a place and the way to it.
type Found struct {
	Place
	Estimate
	// At is where it stands in the list.
	At Position
}

const (
	// few places within reach are looked at one by one rather than in an order that was made before.
	few = 4000
	// fewNamed places with the words' letters are looked at one by one rather than from the nearest on.
	fewNamed = 16_000
)

// candidate is a found place before it is copied.
type candidate struct {
	i   int32
	way Estimate
	at  Position
}

// search is a question while it is answered.
type search struct {
	*Catalog
	Nearby
	words []string
	reach float64
}

// FindNearby gives a page of places and whether there are more.
func (c *Catalog) FindNearby(q Nearby) (page []Found, more bool) {
	s := search{Catalog: c, Nearby: q, words: strings.Fields(Fold(q.Keyword)), reach: reach(q.Mode, q.Minutes)}
	found := &best[candidate]{limit: q.Limit + 1, compare: func(a, b candidate) int { return q.Order.compare(&a.at, &b.at) }}
	s.find(found)
	candidates, more := found.page()
	page = make([]Found, len(candidates))
	for i, f := range candidates {
		page[i] = Found{Place: c.places[f.i], Estimate: f.way, At: f.at}
	}
	return page, more
}

// find looks for places in the way that is quickest for the question.
func (s *search) find(found *best[candidate]) {
	if len(s.words) == 0 {
		if s.Order == ByTime {
			s.walk(found, len(s.places))
		} else {
			s.sorted(found)
		}
		return
	}
	named := s.naming(s.words)
	switch {
	case len(named) > few && s.Order == ByTime && s.walk(found, few): // a common word: enough of them are near
		return
	case len(named) > fewNamed && s.Order != ByTime:
		s.sorted(found)
		return
	}
	found.kept = nil
	for _, i := range named {
		s.consider(i, s.From.DistanceTo(s.points[i]), found)
	}
}

// consider adds a place if it is one that is asked for and stands behind the page before; false if it does not.
func (s *search) consider(i int32, metres float64, found *best[candidate]) bool {
	if metres > s.reach || s.groups[i]&(1<<s.Group) == 0 || !s.matches(i, s.words) {
		return false
	}
	way := estimate(metres, s.Mode)
	if way.Minutes > s.Minutes {
		return false
	}
	f := candidate{i: i, way: way, at: s.positionOf(s.stands[i], way)}
	if s.After != nil && s.Order.compare(&f.at, s.After) <= 0 {
		return false
	}
	found.add(f)
	return true
}

// positionOf has the values that the order needs: the fewer, the shorter are page tokens.
func (q Nearby) positionOf(at Position, way Estimate) Position {
	switch q.Order {
	case ByName:
		return Position{Name: at.Name, ID: at.ID}
	case ByRating:
		return Position{Rating: at.Rating, ID: at.ID}
	case ByReviewCount:
		return Position{Count: at.Count, ID: at.ID}
	default:
		return Position{Minutes: way.Minutes, Metres: way.Metres, ID: at.ID}
	}
}

// walk looks at places from the nearest on, and stops when no farther one can stand on the page; false if it looked at
// as many as it may before.
func (s *search) walk(found *best[candidate], most int) bool {
	count, last, seen := 0, -1, 0
	s.nearest(s.From, s.Group, func(i int32, metres float64) bool {
		if metres > s.reach || last >= 0 && estimate(metres, s.Mode).Metres > last {
			return false
		}
		if seen++; seen > most {
			return false
		}
		if s.consider(i, metres, found) {
			if count++; count == found.limit {
				last = estimate(metres, s.Mode).Metres // others as far may have an id that comes first
			}
		}
		return true
	})
	return seen <= most
}

// sorted looks at all places within reach if they are few, else at all places in the order asked for.
func (s *search) sorted(found *best[candidate]) {
	type seen struct {
		i      int32
		metres float64
	}
	reached := make([]seen, 0, few+1)
	s.within(s.From, s.reach, s.Group, func(i int32, metres float64) bool {
		reached = append(reached, seen{i, metres})
		return len(reached) <= few
	})
	if len(reached) <= few {
		for _, r := range reached {
			s.consider(r.i, r.metres, found)
		}
		return
	}
	order, count := s.orders[s.Order], 0
	start := 0
	if s.After != nil {
		start, _ = slices.BinarySearchFunc(order, *s.After, func(i int32, after Position) int {
			return s.Order.compare(&s.stands[i], &after)
		})
	}
	for _, i := range order[start:] {
		if s.groups[i]&(1<<s.Group) == 0 || !s.consider(i, s.From.DistanceTo(s.points[i]), found) {
			continue
		}
		if count++; count == found.limit {
			return
		}
	}
}

// Text asks for places by words.
type Text struct {
	Query string
	// CityID bounds the search to a city; empty for anywhere.
	CityID string
	// Near puts the nearest first; nil for those whose names are shortest, which are matched best.
	Near  *Point
	After *Position
	Limit int
}

// FindText gives a page of the places whose names hold all the words, and whether there are more.
func (c *Catalog) FindText(q Text) (page []Found, more bool) {
	words := strings.Fields(Fold(q.Query))
	found := &best[candidate]{limit: q.Limit + 1, compare: func(a, b candidate) int { return compareText(a.at, b.at) }}
	for _, i := range c.naming(words) {
		p := &c.places[i]
		if q.CityID != "" && p.CityID != q.CityID || !c.matches(i, words) {
			continue
		}
		at := q.positionOf(c.stands[i], p.Point)
		if q.After == nil || compareText(at, *q.After) > 0 {
			found.add(candidate{i: i, at: at})
		}
	}
	candidates, more := found.page()
	page = make([]Found, len(candidates))
	for i, f := range candidates {
		page[i] = Found{Place: c.places[f.i], At: f.at}
	}
	return page, more
}

func (q Text) positionOf(at Position, where Point) Position {
	at = Position{Length: at.Length, ID: at.ID}
	if q.Near != nil {
		at.Metres = int(q.Near.DistanceTo(where))
	}
	return at
}

func compareText(a, b Position) int {
	return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Length, b.Length), strings.Compare(a.ID, b.ID))
}

// Same gives another place of the catalog that is the same as one: of one name, in any language, and close by.
func (c *Catalog) Same(p Place) (Place, bool) {
	const close = 150 // metres: sources measure at entrances, centres, or pins that people set
	names := namesOf(p)
	var same Place
	found := false
	c.within(p.Point, close, All, func(i int32, _ float64) bool {
		if c.places[i].ID == p.ID {
			return true
		}
		for name := range strings.SplitSeq(c.texts[i], "\n") {
			if name != "" && slices.Contains(names, name) {
				same, found = c.places[i], true
			}
		}
		return !found
	})
	return same, found
}

func namesOf(p Place) []string {
	var names []string
	for _, name := range []string{p.Name.Ko, p.Name.En, p.Name.Local} {
		if name != "" {
			names = append(names, Fold(name))
		}
	}
	return names
}

var (
	// ErrGone refuses the id of a place that is not there (any more).
	ErrGone = errs.NotFound(errs.ReasonPlaceGone,
		"더 이상 없는 장소입니다.", "This place is not in the data any more.")
	// ErrUnknownDestination refuses a destination that there is no place data for.
	ErrUnknownDestination = errs.NotFound(errs.ReasonDestinationUnknown,
		"아직 지원하지 않는 여행지입니다.", "There is no place data for this destination yet.")
)
