package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
)

func itineraryPlace(tripID string, version int64) string {
	return fmt.Sprintf("trip/%s/itinerary/%d", tripID, version)
}

const itineraryColumns = `i.trip_id, i.version, i.origin, i.generation, i.revision, i.day_start, i.document, i.outline, i.created`

func (s *Store) scanItinerary(row pgx.Row) (trip.Itinerary, error) {
	var (
		it       trip.Itinerary
		document []byte
		outline  []byte
	)
	err := row.Scan(&it.TripID, &it.Version, &it.Origin, &it.Generation, &it.Revision, &it.DayStart, &document, &outline, &it.Created)
	if err != nil {
		return trip.Itinerary{}, postgres.Clean(err)
	}
	it.Created = it.Created.UTC()
	if err := json.Unmarshal(outline, &it.Plan.Outline); err != nil {
		return trip.Itinerary{}, err
	}
	opened, err := s.seal.Open(document, itineraryPlace(it.TripID, it.Version))
	if err != nil {
		return it, err
	}
	it.Plan.Document, err = unpack(opened)
	return it, err
}

// Itinerary reads a version.
func (s *Store) Itinerary(ctx context.Context, owner, tripID string, version int64) (trip.Itinerary, error) {
	it, err := s.scanItinerary(s.pool.QueryRow(ctx, `
		SELECT `+itineraryColumns+` FROM trip t JOIN itinerary i ON i.trip_id = t.id
		WHERE t.id = $1 AND t.owner = $2 AND t.deleted IS NULL
			AND i.version = CASE WHEN $3::bigint = 0 THEN t.itinerary ELSE $3 END`, tripID, owner, version))
	if errors.Is(err, postgres.ErrNoRow) {
		return it, s.missing(ctx, owner, tripID, version)
	}
	return it, failed(err, "read itinerary")
}

// KeptItinerary reads the oldest version after another one (0 for the very oldest), also of a trip that is deleted and
// not purged yet: ErrVersionGone where there is none.
func (s *Store) KeptItinerary(ctx context.Context, owner, tripID string, after int64) (trip.Itinerary, error) {
	it, err := s.scanItinerary(s.pool.QueryRow(ctx, `
		SELECT `+itineraryColumns+` FROM trip t JOIN itinerary i ON i.trip_id = t.id
		WHERE t.id = $1 AND t.owner = $2 AND i.version > $3 ORDER BY i.version LIMIT 1`, tripID, owner, after))
	if errors.Is(err, postgres.ErrNoRow) {
		return it, trip.ErrVersionGone
	}
	return it, failed(err, "read itinerary")
}

// missing says why there is no such version.
func (s *Store) missing(ctx context.Context, owner, tripID string, version int64) error {
	if err := s.there(ctx, owner, tripID); err != nil {
		return err
	}
	if version == 0 {
		return trip.ErrNoItinerary
	}
	return trip.ErrVersionGone
}

// there gives ErrNoTrip unless the owner has the trip and it is not deleted.
func (s *Store) there(ctx context.Context, owner, tripID string) error {
	t, err := s.Trip(ctx, owner, tripID)
	if err == nil && t.IsDeleted() {
		return trip.ErrNoTrip
	}
	return err
}

// Versions lists what is kept.
func (s *Store) Versions(ctx context.Context, owner, tripID string) ([]trip.VersionInfo, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT i.version, i.origin, i.created, i.stops FROM trip t JOIN itinerary i ON i.trip_id = t.id
		WHERE t.id = $1 AND t.owner = $2 AND t.deleted IS NULL ORDER BY i.version DESC`, tripID, owner)
	if err != nil {
		return nil, failed(postgres.Clean(err), "list versions")
	}
	versions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v trip.VersionInfo, err error) {
		err = row.Scan(&v.Version, &v.Origin, &v.Created, &v.Stops)
		v.Created = v.Created.UTC()
		return v, err
	})
	if err != nil {
		return nil, failed(postgres.Clean(err), "list versions")
	}
	if len(versions) == 0 {
		return nil, s.there(ctx, owner, tripID)
	}
	return versions, nil
}

// Edit changes a version.
func (s *Store) Edit(
	ctx context.Context, owner, tripID string, version int64, once trip.Once,
	fn func(*trip.Itinerary) ([]int, error),
) (trip.Itinerary, error) {
	var (
		it      trip.Itinerary
		reading error
	)
	read := func(b *pgx.Batch) {
		b.Queue(`SELECT `+itineraryColumns+` FROM itinerary i WHERE i.trip_id = $1 AND i.version = $2`, tripID, version).
			QueryRow(func(row pgx.Row) error {
				it, reading = s.scanItinerary(row)
				return nil // told after what the trip itself forbids
			})
	}
	err := s.onTrip(ctx, owner, tripID, once, func(_ pgx.Tx, b *pgx.Batch, t *trip.Trip) error {
		if errors.Is(reading, postgres.ErrNoRow) {
			return trip.ErrVersionGone
		}
		if reading != nil {
			return reading
		}
		places := it.Plan.Outline.Places()
		days, err := fn(&it)
		if err != nil {
			return err
		}
		it.Revision++
		document, outline, err := s.sealPlan(it)
		if err != nil {
			return err
		}
		b.Queue(`UPDATE itinerary SET revision = $3, document = $4, outline = $5, stops = $6 WHERE trip_id = $1 AND version = $2`,
			tripID, version, it.Revision, document, outline, it.Plan.Outline.Stops())
		slices.Sort(days)
		if err := s.wantDetails(ctx, b, t.ID, it.Plan.Outline.PlacesBeside(places)); err != nil {
			return err
		}
		return s.tellItinerary(ctx, b, t, it, days)
	}, read)
	return it, failed(err, "edit itinerary")
}

// AddVersion stores a new version.
func (s *Store) AddVersion(
	ctx context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip) (trip.Itinerary, error),
) (trip.Itinerary, error) {
	var it trip.Itinerary
	err := s.onTrip(ctx, owner, tripID, once, func(tx pgx.Tx, b *pgx.Batch, t *trip.Trip) (err error) {
		if it, err = fn(t); err != nil {
			return err
		}
		var before trip.Outline
		err = tx.QueryRow(ctx, `SELECT outline FROM itinerary WHERE trip_id = $1 AND version = $2`, t.ID, t.Itinerary).Scan(&before)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		t.Itinerary++
		if err := s.wantDetails(ctx, b, t.ID, it.Plan.Outline.PlacesBeside(before.Places())); err != nil {
			return err
		}
		return s.addVersion(ctx, b, t, &it)
	})
	return it, failed(err, "add version")
}

// onTrip runs fn on a locked trip that is not deleted and stores it without counting up its revision; with ErrUnchanged
// nothing is stored. What also queues is read with the lock, before fn.
func (s *Store) onTrip(
	ctx context.Context, owner, tripID string, once trip.Once, fn func(pgx.Tx, *pgx.Batch, *trip.Trip) error, also ...func(*pgx.Batch),
) error {
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			t, made, err := s.lockOnce(ctx, tx, owner, tripID, once, also...)
			if err != nil {
				return err
			}
			if t.IsDeleted() {
				return trip.ErrNoTrip
			}
			if made != nil {
				return made
			}
			var b pgx.Batch
			if err := fn(tx, &b, &t); err != nil {
				return err
			}
			if err := s.writeTrip(&b, &t, updateTrip); err != nil {
				return err
			}
			s.after(&b, owner, once, tripID)
			return send(ctx, tx, &b)
		})
	})
	if errors.Is(err, trip.ErrUnchanged) {
		return nil
	}
	if err == nil {
		s.wakeAll(tripID)
		s.outbox()
	}
	return err
}

// addVersion queues the trip's newest version, whose number is the trip's Itinerary, and drops the oldest.
func (s *Store) addVersion(ctx context.Context, b *pgx.Batch, t *trip.Trip, it *trip.Itinerary) error {
	it.TripID, it.Version, it.Revision, it.Created = t.ID, t.Itinerary, 1, s.now()
	document, outline, err := s.sealPlan(*it)
	if err != nil {
		return err
	}
	b.Queue(`
		INSERT INTO itinerary (trip_id, version, origin, generation, revision, day_start, document, outline, stops, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		it.TripID, it.Version, it.Origin, it.Generation, it.Revision, it.DayStart, document, outline,
		it.Plan.Outline.Stops(), it.Created)
	b.Queue(`DELETE FROM itinerary WHERE trip_id = $1 AND version <= $2`, t.ID, it.Version-trip.KeptVersions)
	return s.tellItinerary(ctx, b, t, *it, nil)
}

// tellItinerary queues the feed's entry and the event about an itinerary.
func (s *Store) tellItinerary(ctx context.Context, b *pgx.Batch, t *trip.Trip, it trip.Itinerary, days []int) error {
	t.Changes++
	err := s.tell(b, trip.Change{TripID: t.ID, Number: t.Changes, Itinerary: &trip.ItineraryChange{
		Version: it.Version, Revision: it.Revision, Days: days,
	}})
	if err != nil {
		return err
	}
	event, err := events.ItineraryChanged(s.ids, it, s.now())
	if err != nil {
		return err
	}
	s.publish(ctx, b, event)
	return nil
}

func (s *Store) sealPlan(it trip.Itinerary) (document, outline []byte, err error) {
	if document, err = s.seal.Seal(pack(it.Plan.Document), itineraryPlace(it.TripID, it.Version)); err != nil {
		return nil, nil, err
	}
	outline, err = json.Marshal(it.Plan.Outline)
	return document, outline, err
}
