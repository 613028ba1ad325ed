package rpc_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/peers"
	triprpc "github.com/tripgen/tripgen/services/trip/rpc"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/webhooks"
	"github.com/tripgen/tripgen/services/trip/zones"
)

// world serves the trip service's RPCs on a port, over a store in memory, beside fakes of the other services.
type world struct {
	*testing.T
	server  *rpctest.Server
	clock   *clock.Fake
	store   triptest.Store
	ai      *triptest.AI
	cities  *triptest.Cities
	outlook *triptest.Outlook
	user    user
	service *trip.Service
}

// user is somebody with clients.
type user struct {
	Trips       tripv1connect.TripServiceClient
	Itineraries tripv1connect.ItineraryServiceClient
	Shares      tripv1connect.ShareServiceClient
	Exports     tripv1connect.ExportServiceClient
	Webhooks    tripv1connect.WebhookServiceClient
}

// sagas does the steps of a generation one after the other as soon as they are due.
type sagas struct{ service *trip.Service }

func (s *sagas) Start(context.Context, string) error { return nil }

func (s *sagas) HandedOver(ctx context.Context, generationID string, _ time.Duration) (trip.Receipt, error) {
	receipt, err := s.service.HandOver(ctx, generationID)
	if err != nil {
		return nil, s.service.GiveBack(ctx, generationID, trip.GenerationRefused, trip.ReasonOf(err))
	}
	version, err := s.service.Collect(ctx, generationID)
	if err != nil { // held: the generation goes on
		return receipt, nil
	}
	if err := s.service.Confirm(ctx, generationID, version); err != nil {
		return nil, err
	}
	return receipt, s.service.Finish(ctx, generationID)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.NewFake(triptest.Now)
	return newWorldOn(t, c, triptest.NewMemory(c))
}

func newWorldOn(t *testing.T, c *clock.Fake, store triptest.Store, change ...func(*triprpc.Deps)) *world {
	t.Helper()
	w := &world{T: t, clock: c, store: store, ai: triptest.NewAI(nil), cities: new(triptest.Cities), outlook: new(triptest.Outlook)}
	pages, err := page.NewTokens([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	ai, runs := peers.AI{Intake: w.ai, Planner: w.ai}, new(sagas)
	hooks, _ := store.(trip.Webhooks) // the one in memory has none
	service := trip.New(trip.Deps{
		Trips: w.store, Itineraries: w.store, Generations: w.store, Feed: w.store, Keys: w.store, Shares: w.store, Alerts: w.store,
		Webhooks: hooks, Targets: webhooks.NewTargets(webhooks.Options{}), Outlook: w.outlook, Cities: w.cities, Zones: zones.New(), Sagas: runs, Intake: ai, Planner: ai, Documents: peers.Documents{}, Log: slog.New(slog.DiscardHandler),
		Clock: w.clock, IDs: id.Random{}, HandOverWait: time.Second,
	})
	runs.service, w.service = service, service
	w.server = rpctest.Start(t, rpc.Deps{Resource: triprpc.Resource(w.clock)}, func(s *rpc.Server, options []connect.HandlerOption) {
		handlers := triprpc.Deps{
			Service: service, Pages: pages, Clock: w.clock, Fingerprint: func(b []byte) []byte { return b },
			Heartbeat: 20 * time.Millisecond, Renderer: renderer(t),
		}
		for _, c := range change {
			c(&handlers)
		}
		triprpc.Mount(s.Handle, handlers, options...)
		s.Mount(triprpc.DownloadPath, triprpc.Downloads(handlers, slog.New(slog.DiscardHandler)))
		s.Mount(triprpc.SharedPath, triprpc.SharedPages(handlers, slog.New(slog.DiscardHandler)))
	})
	w.user = w.as(triptest.Owner)
	return w
}

// as gives the clients of somebody.
func (w *world) as(subject string) user {
	token := w.server.Token(subject, "trips.read", "trips.write", "generations", "webhooks")
	return w.clients(w.server.Client(w.T, token))
}

func (w *world) clients(client *http.Client) user {
	return user{
		Trips:       tripv1connect.NewTripServiceClient(client, w.server.BaseURL),
		Itineraries: tripv1connect.NewItineraryServiceClient(client, w.server.BaseURL),
		Shares:      tripv1connect.NewShareServiceClient(client, w.server.BaseURL),
		Exports:     tripv1connect.NewExportServiceClient(client, w.server.BaseURL),
		Webhooks:    tripv1connect.NewWebhookServiceClient(client, w.server.BaseURL),
	}
}

// keyed is a context whose calls carry an idempotency key.
func keyed(ctx context.Context, key string) context.Context {
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Idempotency-Key", key)
	return ctx
}

// in is a context whose calls are in a language.
func in(ctx context.Context, l string) context.Context { return lang.With(ctx, lang.Lang(l)) }

func draft() *tripv1.CreateTripRequest {
	return &tripv1.CreateTripRequest{
		Name: "가족 여행", TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
		StartDate: &typev1.Date{Year: 2027, Month: 6, Day: 1},
		Members: []*tripv1.Member{{
			Name: "지우", Age: 38, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD,
			Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE},
		}},
		Destinations: []*tripv1.Destination{{Name: "뮌헨", Nights: 2}, {Name: "Paris", Nights: 1}},
	}
}

func (w *world) create(change ...func(*tripv1.CreateTripRequest)) *tripv1.Trip {
	w.Helper()
	r := draft()
	for _, c := range change {
		c(r)
	}
	res, err := w.user.Trips.CreateTrip(w.Context(), r)
	if err != nil {
		w.Fatal(err)
	}
	return res.GetTrip()
}

func (w *world) get(id string) *tripv1.Trip {
	w.Helper()
	res, err := w.user.Trips.GetTrip(w.Context(), &tripv1.GetTripRequest{TripId: id})
	if err != nil {
		w.Fatal(err)
	}
	return res.GetTrip()
}

// generate makes an itinerary and gives it.
func (w *world) generate(t *tripv1.Trip, change ...func(*tripv1.GenerateItineraryRequest)) *typev1.Itinerary {
	w.Helper()
	r := &tripv1.GenerateItineraryRequest{TripId: t.GetId(), Revision: t.GetRevision()}
	for _, c := range change {
		c(r)
	}
	if _, err := w.user.Itineraries.GenerateItinerary(w.Context(), r); err != nil {
		w.Fatal(err)
	}
	return w.itinerary(t)
}

func (w *world) itinerary(t *tripv1.Trip) *typev1.Itinerary {
	w.Helper()
	res, err := w.user.Itineraries.GetItinerary(w.Context(), &tripv1.GetItineraryRequest{TripId: t.GetId()})
	if err != nil {
		w.Fatal(err)
	}
	return res.GetItinerary()
}

// refusal is what a refused call tells.
type refusal struct {
	code     connect.Code
	reason   string
	metadata map[string]string
	// fields maps the violated fields to what is wrong with them, in the caller's language.
	fields   map[string]string
	message  string
	resource proto.Message
}

func refusalOf(t *testing.T, err error) refusal {
	t.Helper()
	ce, ok := err.(*connect.Error)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	r := refusal{code: ce.Code(), fields: map[string]string{}}
	for _, d := range ce.Details() {
		m, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *errdetails.ErrorInfo:
			r.reason, r.metadata = m.GetReason(), m.GetMetadata()
		case *errdetails.BadRequest:
			for _, f := range m.GetFieldViolations() {
				r.fields[f.GetField()] = f.GetLocalizedMessage().GetMessage()
			}
		case *errdetails.LocalizedMessage:
			r.message = m.GetMessage()
		default:
			r.resource = m
		}
	}
	return r
}

func wantReason(t *testing.T, err error, reason string) refusal {
	t.Helper()
	r := refusalOf(t, err)
	if r.reason != reason {
		t.Fatalf("got %s (%v), want %s", r.reason, err, reason)
	}
	return r
}

func wantSame(t *testing.T, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}
