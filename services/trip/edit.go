package trip

import (
	"context"
	"fmt"
	"slices"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
)

var (
	errNoMember = errs.NotFound(errs.ReasonNotFound, "일행을 찾을 수 없습니다.", "The trip has no such member.")
	errNoStay   = errs.NotFound(errs.ReasonNotFound, "여행지를 찾을 수 없습니다.", "The trip has no such destination.")
)

// Basics are the fields that Update changes; nil leaves a field as it is, a zero Start takes the date away.
type Basics struct {
	Name  *string
	Mode  *Mode
	Start *Date
}

// Update changes a trip's basics: ErrStaleRevision.
func (s *Service) Update(ctx context.Context, c Caller, tripID string, revision int64, b Basics) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		if b.Name != nil {
			t.Name = *b.Name
		}
		if b.Mode != nil {
			t.Mode = *b.Mode
		}
		if b.Start != nil {
			t.Start = *b.Start
		}
		v := t.clean()
		if b.Start != nil && t.Start.Valid() && t.startPassed(s.now()) {
			v = append(v, startPassed("start_date")...)
		}
		return v.below("", "basics.").err()
	})
}

// AddMember adds a member: ErrStaleRevision.
func (s *Service) AddMember(ctx context.Context, c Caller, tripID string, revision int64, m Member) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		m.ID = s.IDs.New(id.Member)
		t.Members = append(t.Members, m)
		return t.clean().below(fmt.Sprintf("members[%d]", len(t.Members)-1), "member").err()
	})
}

// UpdateMember changes a member by fn: ErrStaleRevision.
func (s *Service) UpdateMember(ctx context.Context, c Caller, tripID string, revision int64, memberID string, fn func(*Member)) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		i := slices.IndexFunc(t.Members, func(m Member) bool { return m.ID == memberID })
		if i < 0 {
			return errNoMember
		}
		fn(&t.Members[i])
		return t.clean().below(fmt.Sprintf("members[%d]", i), "member").err()
	})
}

// RemoveMember removes a member; the last one stays: ErrStaleRevision.
func (s *Service) RemoveMember(ctx context.Context, c Caller, tripID string, revision int64, memberID string) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		i := slices.IndexFunc(t.Members, func(m Member) bool { return m.ID == memberID })
		if i < 0 {
			return errNoMember
		}
		t.Members = slices.Delete(t.Members, i, i+1)
		return t.clean().below("members", "member_id").err()
	})
}

// AddDestination adds a destination at a position from 0, or at the end with nil: ErrStaleRevision.
func (s *Service) AddDestination(ctx context.Context, c Caller, tripID string, revision int64, d Destination, position *int) (Trip, error) {
	var v violations
	d.clean(&v, "destination")
	if err := v.err(); err != nil {
		return Trip{}, err
	}
	s.tryLocate(ctx, &d)
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		at := len(t.Destinations)
		if position != nil {
			if at = *position; at > len(t.Destinations) {
				return noPosition()
			}
		}
		d.ID = s.IDs.New(id.Destination)
		t.Destinations = slices.Insert(t.Destinations, at, d)
		return t.clean().below(fmt.Sprintf("destinations[%d]", at), "destination").err()
	})
}

// UpdateDestination changes a destination by fn: ErrStaleRevision.
func (s *Service) UpdateDestination(ctx context.Context, c Caller, tripID string, revision int64, stayID string, fn func(*Destination)) (Trip, error) {
	located, err := s.relocate(ctx, c, tripID, stayID, fn)
	if err != nil {
		return Trip{}, err
	}
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		i := t.indexOf(stayID)
		if i < 0 {
			return errNoStay
		}
		fn(&t.Destinations[i])
		t.Destinations[i].City, t.Destinations[i].Zone = located.City, located.Zone
		return t.clean().below(fmt.Sprintf("destinations[%d]", i), "destination").err()
	})
}

// relocate looks up where a destination is after a change, outside of any transaction. The revision that is checked
// afterwards makes sure that it was this destination that was changed.
func (s *Service) relocate(ctx context.Context, c Caller, tripID, stayID string, fn func(*Destination)) (Destination, error) {
	t, err := s.Get(ctx, c, tripID)
	if err != nil {
		return Destination{}, err
	}
	i := t.indexOf(stayID)
	if i < 0 {
		return Destination{}, nil // the edit says what is wrong: a stale revision, or no such destination
	}
	d := t.Destinations[i]
	before := d
	fn(&d)
	if d.Name != before.Name || d.City == "" {
		var v violations
		if d.clean(&v, "destination"); len(v) > 0 {
			return d, nil // as above
		}
		s.tryLocate(ctx, &d)
	}
	return d, nil
}

// RemoveDestination removes a destination: ErrStaleRevision.
func (s *Service) RemoveDestination(ctx context.Context, c Caller, tripID string, revision int64, stayID string) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		i := t.indexOf(stayID)
		if i < 0 {
			return errNoStay
		}
		t.Destinations = slices.Delete(t.Destinations, i, i+1)
		return t.clean().err()
	})
}

// MoveDestination puts a destination at another position, from 0: ErrStaleRevision.
func (s *Service) MoveDestination(ctx context.Context, c Caller, tripID string, revision int64, stayID string, position int) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		i := t.indexOf(stayID)
		if i < 0 {
			return errNoStay
		}
		if position >= len(t.Destinations) {
			return noPosition()
		}
		d := t.Destinations[i]
		t.Destinations = slices.Insert(slices.Delete(t.Destinations, i, i+1), position, d)
		return t.clean().err()
	})
}

func (t *Trip) indexOf(stayID string) int {
	return slices.IndexFunc(t.Destinations, func(d Destination) bool { return d.ID == stayID })
}

func noPosition() error {
	return errs.Invalid(errs.Field("position", "그런 순서는 없습니다.", "There is no such position."))
}

// edit changes a trip that is still at the revision which the change was made against.
func (s *Service) edit(ctx context.Context, c Caller, tripID string, revision int64, fn func(*Trip) error) (Trip, error) {
	return writeOnce(ctx, s, c, func() (Trip, error) {
		return s.Trips.Update(ctx, c.Owner, tripID, c.Once, func(t *Trip) error {
			if t.IsDeleted() {
				return ErrNoTrip
			}
			if t.Revision != revision {
				return ErrStaleRevision.WithResource(*t)
			}
			return fn(t)
		})
	}, s.madeTrip(ctx, c))
}
