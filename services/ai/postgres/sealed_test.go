package postgres_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/reseal/resealtest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
)

// [U5] After a rotation everything can be sealed anew, and is read without the old key.
func TestEverythingSealedCanBeSealedAnew(t *testing.T) {
	t.Parallel()
	sealer, file := sealtest.New(t)
	pool := postgrestest.New(t, aipostgres.Migrations())
	with := func(s *seal.Sealer) *aipostgres.Store {
		return aipostgres.New(aipostgres.Deps{Pool: pool, Seal: s, Clock: clock.System{}, IDs: id.Random{}, Kick: func(events.Entry) {}})
	}
	s := with(sealer)
	waiting, g := accept(t, s), accept(t, s)
	claimed, _, err := s.Claim(t.Context(), g.ID, "worker", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Made(t.Context(), claimed, ai.Result{Itinerary: []byte("the itinerary")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Improve(t.Context(), g.ID, 2, []byte("a better day")); err != nil {
		t.Fatal(err)
	}
	if err := s.PutEvent(t.Context(), progress.Spared{GenerationID: g.ID, Sequence: 3, Percent: 10, Body: []byte("an event")}); err != nil {
		t.Fatal(err)
	}
	after := with(resealtest.Rotate(t, pool, file, aipostgres.Sealed(), "generation.fingerprint", "outbox.value"))
	if itinerary, better, err := after.Result(t.Context(), g.ID); err != nil || string(itinerary) != "the itinerary" || len(better) != 1 || string(better[0]) != "a better day" {
		t.Errorf("result: %q, %q, %v", itinerary, better, err)
	}
	if kept, err := after.EventsAfter(t.Context(), map[string]int64{g.ID: 0}); err != nil || len(kept) != 1 || string(kept[0].Body) != "an event" {
		t.Errorf("events: %+v, %v", kept, err)
	}
	if _, body, err := after.Claim(t.Context(), waiting.ID, "worker", time.Minute); err != nil || string(body) != "the body with a health level" {
		t.Errorf("request: %q, %v", body, err)
	}
}
