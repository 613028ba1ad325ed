package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/bench/gateway/load"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
)

// call is one thing that travellers do, through the SDK and the gateway.
type call struct {
	name string
	// through all of a traveller's trips; no index leads to what is asked for.
	through bool
	do      func(*traveller, context.Context) error
}

const moveStop, setStay = "MoveStop", "SetStay"

func calls() []call {
	list := func(r *tripv1.ListTripsRequest, want int) func(*traveller, context.Context) error {
		return func(t *traveller, ctx context.Context) error {
			r := &tripv1.ListTripsRequest{Status: r.GetStatus(), Search: r.GetSearch(), Order: r.GetOrder(), PageSize: pageSize}
			page, err := t.client.Trips.ListTrips(ctx, r)
			if err == nil && len(page.GetTrips()) != want {
				err = fmt.Errorf("a list of %d trips, want %d", len(page.GetTrips()), want)
			}
			return err
		}
	}
	return []call{
		{"ListTrips, newest", false, list(&tripv1.ListTripsRequest{}, pageSize)},
		{"ListTrips, next page", false, (*traveller).nextPage},
		{"ListTrips, by name", false, list(&tripv1.ListTripsRequest{Order: tripv1.TripOrder_TRIP_ORDER_NAME}, pageSize)},
		{"ListTrips, by start", false, list(&tripv1.ListTripsRequest{Order: tripv1.TripOrder_TRIP_ORDER_START_DATE}, pageSize)},
		{"ListTrips, ongoing", true, list(&tripv1.ListTripsRequest{Status: tripv1.TripStatus_TRIP_STATUS_ONGOING}, ongoing)},
		{"ListTrips, search", true, list(&tripv1.ListTripsRequest{Search: searched}, found)},
		{"GetTrip", false, (*traveller).get},
		{"GetItinerary", false, (*traveller).itinerary},
		{"UpdateTrip", false, (*traveller).update},
		{moveStop, false, (*traveller).move},
		{setStay, false, (*traveller).setStay},
		{"WatchTrip, opened", false, (*traveller).watch},
		{"WatchTrip, edit to event", false, (*traveller).see},
	}
}

// next gives one of a traveller's things after the other, far apart, so that none is asked for twice in a row.
func next[T any](t *traveller, all []T) T {
	t.turn += 7
	return all[t.turn%len(all)]
}

func (t *traveller) nextPage(ctx context.Context) error {
	r := &tripv1.ListTripsRequest{PageSize: pageSize, PageToken: t.page}
	page, err := t.client.Trips.ListTrips(ctx, r)
	if err != nil {
		return err
	}
	if t.page = page.GetNextPageToken(); t.page == "" && len(page.GetTrips()) == 0 {
		return fmt.Errorf("an empty page")
	}
	return nil
}

func (t *traveller) get(ctx context.Context) error {
	_, err := t.client.Trips.GetTrip(ctx, &tripv1.GetTripRequest{TripId: next(t, t.trips)})
	return err
}

func (t *traveller) itinerary(ctx context.Context) error {
	_, err := t.client.Itineraries.GetItinerary(ctx, &tripv1.GetItineraryRequest{TripId: next(t, t.plans).trip})
	return err
}

func (t *traveller) update(ctx context.Context) error {
	_, err := t.rename(ctx, next(t, t.plans).trip) // those that a search finds keep their names
	return err
}

// rename edits a trip and gives its new revision.
func (t *traveller) rename(ctx context.Context, tripID string) (int64, error) {
	res, err := t.client.Trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
		TripId: tripID, Revision: max(1, t.revisions[tripID]), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
		Basics: &tripv1.TripBasics{Name: fmt.Sprintf("새 이름 %d", t.revisions[tripID])},
	})
	if err == nil {
		t.revisions[tripID] = res.GetTrip().GetRevision()
	}
	return t.revisions[tripID], err
}

// move puts a stop on another day, and back the next time.
func (t *traveller) move(ctx context.Context) error {
	e := next(t, t.plans)
	res, err := t.client.Itineraries.MoveStop(ctx, &tripv1.MoveStopRequest{
		TripId: e.trip, Version: e.version, Revision: e.revision, StopId: e.stop, ToDay: e.days[e.at], Position: 0,
	})
	if err != nil {
		return err
	}
	e.revision, e.at = res.GetItinerary().GetRevision(), 1-e.at
	return nil
}

// setStay changes how long a stop takes.
func (t *traveller) setStay(ctx context.Context) error {
	e := next(t, t.plans)
	e.edits++
	res, err := t.client.Itineraries.SetStay(ctx, &tripv1.SetStayRequest{
		TripId: e.trip, Version: e.version, Revision: e.revision, StopId: e.stop, StayMinutes: e.stay + int32(e.edits%3)*10,
	})
	if err == nil {
		e.revision = res.GetItinerary().GetRevision()
	}
	return err
}

// figures are what was measured of a call: by one caller, and by many at once.
type figures struct{ alone, many load.Result }

// measure makes all calls for a while each, by one caller who has all travellers, then by a caller for each traveller.
func (w *world) measure(ctx context.Context, span time.Duration) (map[string]figures, error) {
	end, err := w.watchAlong(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	all := map[string]figures{}
	for _, c := range calls() {
		var f figures
		if _, err := w.during(ctx, span/4, w.travellers, c); err != nil { // warm
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		if f.alone, err = w.one(ctx, span, c); err != nil {
			return nil, fmt.Errorf("%s by one caller: %w", c.name, err)
		}
		if f.many, err = w.during(ctx, span, w.travellers, c); err != nil {
			return nil, fmt.Errorf("%s by %d callers: %w", c.name, callers, err)
		}
		fmt.Printf("  %-26s p50 %6.2f ms, p99 %6.2f ms; by %d callers %6.0f a second, p50 %6.2f ms, p99 %6.2f ms\n",
			c.name, f.alone.Quantile(.5), f.alone.Quantile(.99), callers, f.many.PerSecond(), f.many.Quantile(.5), f.many.Quantile(.99))
		all[c.name] = f
	}
	return all, nil
}

// one makes a call for one traveller after the other.
func (w *world) one(ctx context.Context, span time.Duration, c call) (load.Result, error) {
	var took []time.Duration
	began := time.Now()
	for n := 0; time.Since(began) < span; n++ {
		at := time.Now()
		if err := c.do(w.travellers[n%len(w.travellers)], ctx); err != nil {
			return load.Result{}, err
		}
		took = append(took, time.Since(at))
	}
	return load.Times(took, time.Since(began)), nil
}

// during lets all travellers make a call at the same time, each again as soon as it is answered.
func (w *world) during(ctx context.Context, span time.Duration, travellers []*traveller, c call) (load.Result, error) {
	took := make([][]time.Duration, len(travellers))
	failures := make([]error, len(travellers))
	began := time.Now()
	var done sync.WaitGroup
	for i, t := range travellers {
		done.Go(func() {
			for time.Since(began) < span && failures[i] == nil {
				at := time.Now()
				failures[i] = c.do(t, ctx)
				took[i] = append(took[i], time.Since(at))
			}
		})
	}
	done.Wait()
	return load.Times(slices.Concat(took...), time.Since(began)), errors.Join(failures...)
}
