package location

import (
	"context"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/location/openinghours"
)

// PlaceQuery asks for places around a point.
type PlaceQuery struct {
	Center Point
	// Radius in metres, 1 to 20,000.
	Radius float64
	Group  Group
	// Words that the places have to do with; empty for any.
	Words string
}

// PlaceProvider searches places. Places of an answer are whole as far as the search tells, with ids of the provider's;
// none found is no error.
type PlaceProvider interface {
	Search(ctx context.Context, q PlaceQuery) ([]Place, error)
}

// Details are what travellers say of a place, and how to reach it.
type Details struct {
	// Rating is 0 to 5 and RatingCount how many gave one; nil if not known.
	Rating      *float64
	RatingCount *int
	// Reviews are up to five, the newest first.
	Reviews []Review
	// Photos are references at their provider.
	Photos                  []string
	Phone, Website, Address string
	// Hours is as OpenStreetMap writes opening hours; empty if not known.
	Hours  string
	Source Source
}

// None tells whether these are the details of a place that is known to have none.
func (d Details) None() bool { return d.Source.Provider == "" }

// Review is somebody's review.
type Review struct {
	Author string
	// Stars are 1 to 5.
	Stars int
	Text  string
	Time  time.Time
}

// SortReviews puts the newest first.
func SortReviews(reviews []Review) {
	slices.SortStableFunc(reviews, func(a, b Review) int { return b.Time.Compare(a.Time) })
}

// DetailProvider tells more about a place that may be of another source. A place that it does not know gives
// [ErrNoDetails].
type DetailProvider interface {
	Details(ctx context.Context, p Place) (Details, error)
}

// RouteProvider knows ways. The answer is row by row: from each of the points to each of them.
type RouteProvider interface {
	Matrix(ctx context.Context, points []Point, mode Mode) (Matrix, error)
}

// Matrix is the ways between points, row by row.
type Matrix struct {
	Ways   []Estimate
	Source Source
}

// ErrNoDetails says that a provider does not know a place.
var ErrNoDetails = errs.NotFound(errs.ReasonNotFound,
	"이 장소에 대한 추가 정보가 없습니다.", "Nothing more is known about this place.")

// With adds what details tell to what is known of a place; what is known stays. What is made up stays among the details,
// whose source says so.
func (p Place) With(d Details) Place {
	p.Details = &d
	if d.Source.Simulated && !p.Source.Simulated {
		return p
	}
	if p.Phone == "" {
		p.Phone = d.Phone
	}
	if p.Website == "" {
		p.Website = d.Website
	}
	if p.Address == "" {
		p.Address = d.Address
	}
	if p.Hours == "" && d.Hours != "" {
		p.Hours = d.Hours
		_ = p.ReadHours() // hours that are not understood stay unknown
	}
	return p
}

// Rated adds ratings to the places that they are of, in place.
func Rated(places []Place, ratings map[string]Details) []Place {
	for i := range places {
		if d, ok := ratings[places[i].ID]; ok {
			places[i].Details = &d
		}
	}
	return places
}

// ReadHours makes the schedule of the hours' text. Without an error a text that is there is understood.
func (p *Place) ReadHours() error {
	p.Schedule = nil
	if p.Hours == "" {
		return nil
	}
	schedule, err := openinghours.Parse(p.Hours)
	if err != nil {
		return err
	}
	p.Schedule = &schedule
	return nil
}
