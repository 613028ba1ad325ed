package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/id"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// fill gives the first owners trips, until each has so many. Rows are sealed as the store seals them, and copied in.
func (w *world) fill(ctx context.Context, each, owners int) error {
	type made struct {
		trips []string
		plans []string
	}
	all := make([]made, owners)
	filling, running := errgroup.WithContext(ctx)
	filling.SetLimit(runtime.GOMAXPROCS(0))
	for i, owner := range w.owners[:owners] {
		from := w.each
		if i >= w.filled {
			from = 0
		}
		filling.Go(func() error {
			rows := rows{world: w, owner: owner, random: rand.New(rand.NewPCG(uint64(i), uint64(from)))}
			for n := from; n < each; n++ {
				if err := rows.add(n); err != nil {
					return err
				}
			}
			all[i] = made{rows.ids, rows.planned}
			return rows.copy(running)
		})
	}
	if err := filling.Wait(); err != nil {
		return err
	}
	w.each, w.filled = each, owners
	for i, t := range w.travellers {
		t.trips = append(t.trips, all[i].trips...)
		for _, tripID := range all[i].plans {
			e, err := w.edited(tripID)
			if err != nil {
				return err
			}
			t.plans = append(t.plans, e)
		}
	}
	// What follows on a load by itself, so that it does not fall into what is measured.
	for _, settle := range []string{`VACUUM (ANALYZE) trip, change, itinerary, idempotency, outbox`, `CHECKPOINT`} {
		if _, err := w.pool.Exec(ctx, settle); err != nil {
			return err
		}
	}
	return nil
}

// rows are one owner's new rows.
type rows struct {
	*world
	owner                 string
	random                *rand.Rand
	ids, planned          []string
	trips, changes, plans [][]any
}

var places = []trip.Destination{
	{Name: "서울", City: "seoul", Zone: "Asia/Seoul"},
	{Name: "Kyoto", City: "kyoto", Zone: "Asia/Tokyo"},
	{Name: "부산", City: "busan", Zone: "Asia/Seoul"},
	{Name: "Paris", City: "paris", Zone: "Europe/Paris"},
	{Name: "로마", City: "rome", Zone: "Europe/Rome"},
	{Name: "New York", City: "newyork", Zone: "America/New_York"},
}

// One trip in so many is planned: it has an itinerary. Of the first few, some are found by a search, some are ongoing,
// and one is deleted.
const (
	planned        = 4
	found, ongoing = planned - 1, 2
)

// searched is in the names of the first few trips of each.
const searched = "할머니"

// add makes the n-th trip of the owner, from 0: the same kinds in the same places for everybody.
func (r *rows) add(n int) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	t := r.model
	t.ID, t.Owner, t.Created, t.Updated, t.Name = id.Random{}.New(id.Trip), r.owner, now, now, fmt.Sprintf("가족 여행 %04d", n)
	if n%planned != 0 {
		t.Itinerary, t.Changes = 0, 1
		t.Destinations = slices.Clone(places[r.random.IntN(len(places)):][:1])
		t.Destinations[0].ID, t.Destinations[0].Nights = id.Random{}.New(id.Destination), 1+r.random.IntN(9)
		away := 40 + r.random.IntN(600)
		if r.random.IntN(2) == 0 {
			away = -away
		}
		switch {
		case n < planned: // found by a search
			t.Name = searched + fmt.Sprintf(" 댁 %d", n)
		case n < planned+1+ongoing:
			t.Destinations[0].Nights, away = 3, -1
		case n == planned+1+ongoing:
			t.Deleted = now
		}
		t.Start = trip.DateOf(now.AddDate(0, 0, away), time.UTC)
	}
	if !t.IsDeleted() {
		r.ids = append(r.ids, t.ID)
	}
	if err := r.addTrip(t); err != nil {
		return err
	}
	if n%planned != 0 {
		return nil
	}
	r.planned = append(r.planned, t.ID)
	return r.addPlan(t)
}

func (r *rows) addTrip(t trip.Trip) error {
	body, err := r.put(t, "trip/"+t.ID)
	if err != nil {
		return err
	}
	begins, ends, _ := t.Span()
	var deleted *time.Time
	if t.IsDeleted() {
		deleted = &t.Deleted
	}
	r.trips = append(r.trips, []any{
		t.ID, t.Owner, body, t.NameKey(), t.Searchable(), date(t.Start), begins, ends, t.Created, t.Updated, deleted, t.Revision, t.Itinerary,
		t.Changes,
	})
	for number := int64(1); number <= t.Changes; number++ {
		change := trip.Change{TripID: t.ID, Number: number, Time: t.Created, Trip: &t}
		body, err := r.put(change, fmt.Sprintf("trip/%s/change/%d", t.ID, number))
		if err != nil {
			return err
		}
		r.changes = append(r.changes, []any{t.ID, number, t.Created, body})
	}
	return nil
}

func (r *rows) addPlan(t trip.Trip) error {
	it := r.plan
	document, err := r.seal.Seal(it.Plan.Document, fmt.Sprintf("trip/%s/itinerary/%d", t.ID, t.Itinerary))
	if err != nil {
		return err
	}
	outline, err := json.Marshal(it.Plan.Outline)
	if err != nil {
		return err
	}
	r.plans = append(r.plans, []any{
		t.ID, t.Itinerary, int(it.Origin), it.Generation, int64(1), it.DayStart, document, outline, it.Plan.Outline.Stops(), t.Created,
	})
	return nil
}

func (r *rows) put(v any, place string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return r.seal.Seal(plain, place)
}

func date(d trip.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (r *rows) copy(ctx context.Context) error {
	for _, table := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"trip", []string{
			"id", "owner", "body", "name_key", "searchable", "start_date", "begins", "ends", "created", "updated", "deleted",
			"revision", "itinerary", "changes",
		}, r.trips},
		{"change", []string{"trip_id", "number", "time", "body"}, r.changes},
		{"itinerary", []string{
			"trip_id", "version", "origin", "generation", "revision", "day_start", "document", "outline", "stops", "created",
		}, r.plans},
	} {
		if _, err := r.pool.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return fmt.Errorf("copy into %s: %w", table.name, err)
		}
	}
	return nil
}

// edited is a planned trip as its owner has just read it: its second day's first visit can go to the third day and back.
func (w *world) edited(tripID string) (*edited, error) {
	m := new(typev1.Itinerary)
	if err := proto.Unmarshal(w.plan.Plan.Document, m); err != nil {
		return nil, err
	}
	for _, s := range m.GetDays()[1].GetStops() {
		if s.GetKind() == typev1.StopKind_STOP_KIND_VISIT {
			return &edited{
				trip: tripID, version: w.plan.Version, revision: 1, stop: s.GetId(), days: [2]int32{3, 2},
				stay: s.GetLeave().GetMinutes() - s.GetArrive().GetMinutes(),
			}, nil
		}
	}
	return nil, fmt.Errorf("the second day of the itinerary has no visit")
}
