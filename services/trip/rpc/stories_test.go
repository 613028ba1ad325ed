package rpc_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

// refused is a call that a story refuses: what a program is told, and what people are told in both languages, of the
// field if there is one, else of the call. Nothing may change by it.
type refused struct {
	name          string
	call          func(ctx context.Context, s *story) error
	code          connect.Code
	reason, field string
	ko, en        string
}

// story is a traveller with a trip that has two versions of an itinerary, another trip with three, and a stranger.
type story struct {
	*world
	user, stranger user
	trip, other    *tripv1.Trip
	itinerary      *typev1.Itinerary
	// stop is one of the first day's.
	stop string
}

func newStory(t *testing.T) *story {
	t.Helper()
	w := newWorld(t)
	s := &story{world: w, user: w.user, stranger: w.as(triptest.Stranger), trip: w.create(), other: w.create()}
	for range 3 {
		w.generate(s.other)
	}
	w.generate(s.trip)
	s.itinerary = w.generate(s.trip)
	s.trip, s.other = w.get(s.trip.GetId()), w.get(s.other.GetId())
	s.stop = s.itinerary.GetDays()[0].GetStops()[1].GetId()
	return s
}

// all is everything that the traveller and the stranger have.
func (s *story) all(t *testing.T) []proto.Message {
	t.Helper()
	var all []proto.Message
	add := func(m proto.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	ctx := t.Context()
	for _, u := range []user{s.user, s.stranger} {
		for _, deleted := range []bool{false, true} {
			m, err := u.Trips.ListTrips(ctx, &tripv1.ListTripsRequest{Deleted: deleted, PageSize: 100})
			add(m, err)
		}
	}
	for _, tr := range []*tripv1.Trip{s.trip, s.other} {
		versions, err := s.user.Itineraries.ListVersions(ctx, &tripv1.ListVersionsRequest{TripId: tr.GetId()})
		add(versions, err)
		for _, v := range versions.GetVersions() {
			it, err := s.user.Itineraries.GetItinerary(ctx, &tripv1.GetItineraryRequest{TripId: tr.GetId(), Version: v.GetVersion()})
			add(it, err)
		}
		links, err := s.user.Shares.ListShareLinks(ctx, &tripv1.ListShareLinksRequest{TripId: tr.GetId()})
		add(links, err)
	}
	return all
}

// refuses makes each call in both languages.
func (s *story) refuses(t *testing.T, cases []refused) {
	t.Helper()
	before, started := s.all(t), s.ai.Started()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for language, want := range map[string]string{"ko": c.ko, "en": c.en} {
				got := refusalOf(t, c.call(in(t.Context(), language), s))
				text := got.message
				if c.field != "" {
					text = got.fields[c.field]
				}
				if got.code != c.code || got.reason != c.reason || text != want || got.message == "" {
					t.Errorf("%s: got %v %s, fields %q, message %q; want %v %s, %s: %q",
						language, got.code, got.reason, got.fields, got.message, c.code, c.reason, c.field, want)
				}
			}
			after := s.all(t)
			if len(after) != len(before) || s.ai.Started() != started {
				t.Fatal("a refused call changed something")
			}
			for i := range after {
				wantSame(t, after[i], before[i])
			}
		})
	}
}

// invalid is a refusal for a field's sake.
func invalid(name, field, ko, en string, call func(context.Context, *story) error) refused {
	return refused{name, call, connect.CodeInvalidArgument, errs.ReasonInvalidArgument, field, ko, en}
}

// notFound is a refusal for what is not there; somebody else's is not there either.
func notFound(name, ko, en string, call func(context.Context, *story) error) refused {
	return refused{name, call, connect.CodeNotFound, errs.ReasonNotFound, "", ko, en}
}

// creating makes a trip of a draft with something wrong in it.
func creating(change func(*tripv1.CreateTripRequest)) func(context.Context, *story) error {
	return func(ctx context.Context, s *story) error {
		r := draft()
		change(r)
		_, err := s.user.Trips.CreateTrip(ctx, r)
		return err
	}
}
