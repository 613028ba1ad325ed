package postgres_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/reseal/resealtest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// [U5] After a rotation everything can be sealed anew, and is read without the old key.
func TestEverythingSealedCanBeSealedAnew(t *testing.T) {
	t.Parallel()
	sealer, file := sealtest.New(t)
	pool, ids := postgrestest.New(t, postgres.Migrations()), id.Random{}
	with := func(s *seal.Sealer) *postgres.Store {
		return postgres.New(postgres.Deps{
			Pool: pool, Seal: s, Clock: clock.NewFake(triptest.Now), IDs: ids, Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
		})
	}
	s := with(sealer)
	made := triptest.Sample(ids, triptest.Now)
	share := trip.Share{ID: ids.New("share"), TripID: made.ID, Created: triptest.Now, Expires: triptest.Now.Add(time.Hour)}
	hook := trip.Webhook{ID: ids.New("hook"), Owner: triptest.Owner, URL: "https://partner.example/hook", Secret: "whsec_x", Events: []trip.WebhookEvent{trip.OnAlertRaised}, Created: triptest.Now}
	once := func(key string) trip.Once { return trip.Once{Key: key, Fingerprint: []byte("f")} }
	g := trip.Generation{
		ID: ids.New(id.Generation), TripID: made.ID, Owner: made.Owner, State: trip.GenerationAccepted, Created: triptest.Now,
		Request: trip.Request{Profile: made.Profile(), DayStart: 540, Asked: triptest.Now},
	}
	write := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	write("trip", s.Create(t.Context(), made, once("trip")))
	_, err := s.AddVersion(t.Context(), triptest.Owner, made.ID, once("version"), func(*trip.Trip) (trip.Itinerary, error) {
		return trip.Itinerary{Origin: trip.FromRestore, Plan: planOf("builtin:a")}, nil
	})
	write("version", err)
	write("share", s.AddShare(t.Context(), triptest.Owner, share, "the token", once("share")))
	write("webhook", s.AddWebhook(t.Context(), hook, 5, once("hook")))
	_, err = s.Begin(t.Context(), triptest.Owner, made.ID, once("generation"), func(*trip.Trip) (trip.Generation, error) { return g, nil })
	write("generation", err)

	after := with(resealtest.Rotate(t, pool, file, postgres.Sealed(), "trip.name_key", "generation.receipt", "generation.key_hash",
		"idempotency.key_hash", "idempotency.fingerprint", "share.token_hash", "outbox.value", "webhook_message.body"))
	if got, err := after.Trip(t.Context(), triptest.Owner, made.ID); err != nil || got.Name != made.Name || got.Members[0].Health != made.Members[0].Health {
		t.Errorf("trip: %+v, %v", got, err)
	}
	if it, err := after.Itinerary(t.Context(), triptest.Owner, made.ID, 1); err != nil || string(it.Plan.Document) != "plan" {
		t.Errorf("itinerary: %+v, %v", it, err)
	}
	if got, err := after.Generation(t.Context(), g.ID); err != nil || got.Request.DayStart != 540 {
		t.Errorf("generation: %+v, %v", got, err)
	}
	if changes, err := after.Changes(t.Context(), triptest.Owner, made.ID, 0, 10); err != nil || len(changes) < 3 {
		t.Errorf("feed: %+v, %v", changes, err)
	}
	if got, err := after.Webhook(t.Context(), triptest.Owner, hook.ID); err != nil || got.Secret != hook.Secret || got.URL != hook.URL {
		t.Errorf("webhook: %+v, %v", got, err)
	}
	again := after.AddShare(t.Context(), triptest.Owner, share, "another token", once("share"))
	if repeated, ok := errors.AsType[*trip.Repeated](again); !ok || repeated.Resources[1] != "the token" {
		t.Errorf("the link under its key once more: %v", again)
	}
}
