package postgres_test

import (
	"log/slog"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// wanted empties the outbox and gives the places whose details it asks for, for a trip.
func wanted(t *testing.T, s *postgres.Store, tripID string) []string {
	t.Helper()
	var places []string
	if _, err := s.Sweep(t.Context(), 1000, func(entries []events.Entry) error {
		for _, e := range entries {
			if e.Event.Topic != kafka.PlaceEnrichment {
				continue
			}
			var wish eventsv1.PlaceEnrichmentRequested
			if err := proto.Unmarshal(e.Event.Value, &wish); err != nil {
				return err
			}
			if wish.GetTripId() != tripID || e.Event.Key != wish.GetPlaceId() {
				t.Errorf("a wish for %v under %s", &wish, e.Event.Key)
			}
			places = append(places, wish.GetPlaceId())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(places)
	return places
}

func planOf(places ...string) trip.Plan {
	day := trip.OutlineDay{Number: 1}
	for _, place := range places {
		day.Stops = append(day.Stops, trip.OutlineStop{ID: id.Random{}.New(id.Stop), Kind: trip.Visit, Place: place})
	}
	return trip.Plan{Document: trip.Document("plan"), Outline: trip.Outline{day}}
}

// [L4] Whatever brings a place into an itinerary asks for its details: an edit, a restored or an improved version.
func TestPlacesThatAreAddedAreAskedFor(t *testing.T) {
	t.Parallel()
	s := postgres.New(postgres.Deps{
		Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer(t), Clock: clock.NewFake(triptest.Now), IDs: id.Random{},
		Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
	made := triptest.Sample(id.Random{}, triptest.Now)
	if err := s.Create(t.Context(), made, trip.Once{}); err != nil {
		t.Fatal(err)
	}
	add := func(places ...string) int64 {
		it, err := s.AddVersion(t.Context(), triptest.Owner, made.ID, trip.Once{}, func(*trip.Trip) (trip.Itinerary, error) {
			return trip.Itinerary{Origin: trip.FromRestore, Plan: planOf(places...)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return it.Version
	}
	add("builtin:a", "builtin:b", "")
	if got := wanted(t, s, made.ID); !slices.Equal(got, []string{"builtin:a", "builtin:b"}) {
		t.Errorf("the first version asks for %v", got)
	}
	version := add("builtin:b", "builtin:c")
	if got := wanted(t, s, made.ID); !slices.Equal(got, []string{"builtin:c"}) {
		t.Errorf("the next version asks for %v", got)
	}
	if _, err := s.Edit(t.Context(), triptest.Owner, made.ID, version, trip.Once{}, func(it *trip.Itinerary) ([]int, error) {
		it.Plan = planOf("builtin:d", "builtin:b", "builtin:d")
		return []int{1}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := wanted(t, s, made.ID); !slices.Equal(got, []string{"builtin:d"}) {
		t.Errorf("the edit asks for %v", got)
	}
	if _, err := s.Edit(t.Context(), triptest.Owner, made.ID, version, trip.Once{}, func(*trip.Itinerary) ([]int, error) {
		return nil, trip.ErrUnchanged
	}); err != nil {
		t.Fatal(err)
	}
	if got := wanted(t, s, made.ID); len(got) != 0 {
		t.Errorf("an edit that changes nothing asks for %v", got)
	}
}
