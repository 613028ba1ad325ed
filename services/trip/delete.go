package trip

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/errs"
)

// KeepDeleted is how long a deletion can be taken back.
const KeepDeleted = 7 * 24 * time.Hour

// Delete deletes a trip; Undelete takes it back for KeepDeleted: ErrStaleRevision.
func (s *Service) Delete(ctx context.Context, c Caller, tripID string, revision int64) (Trip, error) {
	return s.edit(ctx, c, tripID, revision, func(t *Trip) error {
		t.Deleted = s.now()
		return nil
	})
}

// Undelete takes a deletion back; a trip that is not deleted is given unchanged. Gone trips are ErrNoTrip.
func (s *Service) Undelete(ctx context.Context, c Caller, tripID string) (Trip, error) {
	return writeOnce(ctx, s, c, func() (Trip, error) {
		return s.Trips.Update(ctx, c.Owner, tripID, c.Once, func(t *Trip) error {
			if !t.IsDeleted() {
				return ErrUnchanged
			}
			if !t.recoverable(s.now()) {
				return ErrNoTrip
			}
			t.Deleted = time.Time{}
			return nil
		})
	}, s.madeTrip(ctx, c))
}

func (t *Trip) recoverable(now time.Time) bool { return now.Sub(t.Deleted) < KeepDeleted }

// DeleteAll deletes several trips, all or none, whatever their revisions.
func (s *Service) DeleteAll(ctx context.Context, c Caller, tripIDs []string) ([]Trip, error) {
	now := s.now()
	return writeOnce(ctx, s, c, func() ([]Trip, error) {
		return s.Trips.UpdateAll(ctx, c.Owner, tripIDs, c.Once, func(t *Trip) error {
			if t.IsDeleted() {
				return ErrNoTrip.With("trip", t.ID)
			}
			t.Deleted = now
			return nil
		})
	}, func(ids []string) ([]Trip, error) { return s.readAll(ctx, c, ids) })
}

func (s *Service) readAll(ctx context.Context, c Caller, ids []string) ([]Trip, error) {
	trips := make([]Trip, len(ids))
	for i, tripID := range ids {
		t, err := s.Trips.Trip(ctx, c.Owner, tripID)
		if err != nil && !errs.HasReason(err, errs.ReasonNotFound) {
			return nil, err
		}
		trips[i] = t
	}
	return trips, nil
}

// purgeEvery is how often Clean looks for what is past its time.
const purgeEvery = 10 * time.Minute

// Clean removes what is past its time (deleted trips, idempotency keys, old feed entries) until ctx ends.
func (s *Service) Clean(ctx context.Context) error {
	return app.Repeat(ctx, purgeEvery, func(ctx context.Context) error {
		now := s.now()
		_, err := s.Trips.Purge(ctx, now.Add(-KeepDeleted), now.Add(-KeepKeys), now.Add(-KeepChanges))
		return err
	}, func(err error) {
		s.Log.WarnContext(ctx, "remove what is past its time", "error", err)
	})
}
