package trip

import (
	"context"
	"slices"

	"github.com/tripgen/tripgen/internal/id"
)

// Create makes a trip of a draft's name, mode, start, members and destinations.
func (s *Service) Create(ctx context.Context, c Caller, draft Trip) (Trip, error) {
	return writeOnce(ctx, s, c, func() (Trip, error) { return s.create(ctx, c, draft) }, s.madeTrip(ctx, c))
}

// madeTrip reads the trip that a write made or changed.
func (s *Service) madeTrip(ctx context.Context, c Caller) func(ids []string) (Trip, error) {
	return func(ids []string) (Trip, error) { return s.Trips.Trip(ctx, c.Owner, ids[0]) }
}

func (s *Service) create(ctx context.Context, c Caller, draft Trip) (Trip, error) {
	now := s.now()
	t := Trip{
		ID: s.IDs.New(id.Trip), Owner: c.Owner, Name: draft.Name, Mode: draft.Mode, Start: draft.Start,
		Members: slices.Clone(draft.Members), Destinations: slices.Clone(draft.Destinations),
		Created: now, Updated: now, Revision: 1,
	}
	v := t.clean()
	if len(v) > 0 {
		return Trip{}, v.err()
	}
	for i := range t.Members {
		t.Members[i].ID = s.IDs.New(id.Member)
	}
	for i := range t.Destinations {
		t.Destinations[i].ID = s.IDs.New(id.Destination)
		s.tryLocate(ctx, &t.Destinations[i])
	}
	if !t.Start.IsZero() && t.startPassed(now) {
		return Trip{}, startPassed("start_date").err()
	}
	if err := s.Trips.Create(ctx, t, c.Once); err != nil {
		return Trip{}, err
	}
	t.Changes = 1
	return t, nil
}

func startPassed(field string) violations {
	var v violations
	v.add(field, "이미 지난 날짜입니다.", "This date has passed.")
	return v
}

// Get reads a trip. A deleted trip is not there.
func (s *Service) Get(ctx context.Context, c Caller, tripID string) (Trip, error) {
	t, err := s.Trips.Trip(ctx, c.Owner, tripID)
	if err != nil {
		return Trip{}, err
	}
	if t.IsDeleted() {
		return Trip{}, ErrNoTrip
	}
	return t, nil
}

// List gives a page of the caller's trips; Owner and Now of the query are set here.
func (s *Service) List(ctx context.Context, c Caller, q Query) ([]Trip, error) {
	q.Owner, q.Now, q.Search = c.Owner, s.now(), Folded(q.Search)
	if q.Order == 0 {
		q.Order = Newest
	}
	return s.Trips.List(ctx, q)
}

// CursorOf is the place of a trip in a list of this order.
func (t *Trip) CursorOf(o Order) Cursor {
	c := Cursor{ID: t.ID}
	switch o {
	case ByStart:
		c.Start = t.Start
	case ByName:
		c.Name = t.NameKey()
	}
	return c
}
