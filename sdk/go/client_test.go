package tripgen_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

// trips answers with a script of errors first, and records what it was asked with.
type trips struct {
	tripv1connect.UnimplementedTripServiceHandler
	mu       sync.Mutex
	failures []error
	keys     []string
	tokens   []string
}

func (s *trips) record(ctx context.Context) error {
	call, _ := connect.CallInfoForHandlerContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, call.RequestHeader().Get(tripgen.IdempotencyKeyHeader))
	s.tokens = append(s.tokens, call.RequestHeader().Get("Authorization"))
	if len(s.failures) == 0 {
		return nil
	}
	err := s.failures[0]
	s.failures = s.failures[1:]
	return err
}

func (s *trips) CreateTrip(ctx context.Context, req *tripv1.CreateTripRequest) (*tripv1.CreateTripResponse, error) {
	if err := s.record(ctx); err != nil {
		return nil, err
	}
	return &tripv1.CreateTripResponse{Trip: &tripv1.Trip{Name: req.GetName()}}, nil
}

func (s *trips) ListTrips(ctx context.Context, req *tripv1.ListTripsRequest) (*tripv1.ListTripsResponse, error) {
	if err := s.record(ctx); err != nil {
		return nil, err
	}
	pages := map[string]*tripv1.ListTripsResponse{
		"":  {Trips: []*tripv1.Trip{{Name: "a"}, {Name: "b"}}, NextPageToken: "2"},
		"2": {Trips: []*tripv1.Trip{{Name: "c"}}},
	}
	return pages[req.GetPageToken()], nil
}

func (s *trips) serve(t *testing.T, opts ...tripgen.Option) *tripgen.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(tripv1connect.NewTripServiceHandler(s))
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "partner" || secret != "s3cret" || r.FormValue("grant_type") != "client_credentials" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"access_token": "token-1", "token_type": "Bearer", "expires_in": 900}); err != nil {
			t.Error(err)
		}
	})
	return client(t, mux, opts...)
}

func refusal(code connect.Code, details ...proto.Message) error {
	err := connect.NewError(code, nil)
	for _, d := range details {
		detail, detailErr := connect.NewErrorDetail(d)
		if detailErr != nil {
			panic(detailErr)
		}
		err.AddDetail(detail)
	}
	return err
}

// [P1]
func TestRetriesShareOneIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := &trips{failures: []error{
		refusal(connect.CodeUnavailable),
		refusal(connect.CodeResourceExhausted, &errdetails.RetryInfo{RetryDelay: durationpb.New(20 * time.Millisecond)}),
	}}
	resp, err := s.serve(t).Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{Name: "뮌헨"})
	if err != nil {
		t.Fatal(err)
	}
	if resp.GetTrip().GetName() != "뮌헨" {
		t.Errorf("trip %v", resp.GetTrip())
	}
	if len(s.keys) != 3 || s.keys[0] == "" || s.keys[0] != s.keys[1] || s.keys[1] != s.keys[2] {
		t.Errorf("idempotency keys %q, want one key three times", s.keys)
	}
}

func TestCallsAreNotRetriedWithoutHope(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"invalid":                   refusal(connect.CodeInvalidArgument),
		"internal":                  refusal(connect.CodeInternal),
		"exhausted without a time":  refusal(connect.CodeResourceExhausted),
		"exhausted for a long time": refusal(connect.CodeResourceExhausted, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &trips{failures: []error{failure, failure, failure, failure}}
			_, err := s.serve(t).Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{})
			if connect.CodeOf(err) != connect.CodeOf(failure) || len(s.keys) != 1 {
				t.Errorf("%d tries, error %v", len(s.keys), err)
			}
		})
	}
}

func TestErrorsCarryWhatTheServerTold(t *testing.T) {
	t.Parallel()
	s := &trips{failures: []error{refusal(
		connect.CodeFailedPrecondition,
		&errdetails.ErrorInfo{Reason: "TRIP_NOT_READY", Metadata: map[string]string{"missing": "start_date"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "start_date", Description: "is missing"}}},
		&errdetails.LocalizedMessage{Locale: "en", Message: "The trip is not ready."},
		&tripv1.Trip{Name: "current"},
	)}}
	_, err := s.serve(t).Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{})
	got, ok := tripgen.AsError(err)
	if !ok {
		t.Fatalf("%v is not a refusal", err)
	}
	if got.Reason != "TRIP_NOT_READY" || got.Message != "The trip is not ready." || got.Metadata["missing"] != "start_date" {
		t.Errorf("error %+v", got)
	}
	if len(got.Fields) != 1 || got.Fields[0].Field != "start_date" {
		t.Errorf("fields %+v", got.Fields)
	}
	if trip, ok := got.Details[3].(*tripv1.Trip); !ok || trip.GetName() != "current" {
		t.Errorf("details %v lack the current resource", got.Details)
	}
}

// [P1]
func TestClientCredentialsAuthorizeCalls(t *testing.T) {
	t.Parallel()
	s := &trips{}
	c := s.serve(t, tripgen.WithClientCredentials("partner", "s3cret"))
	if _, err := c.Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{}); err != nil {
		t.Fatal(err)
	}
	if s.tokens[0] != "Bearer token-1" {
		t.Errorf("authorization %q", s.tokens[0])
	}
	wrong := s.serve(t, tripgen.WithClientCredentials("partner", "wrong"))
	if _, err := wrong.Trips.CreateTrip(t.Context(), &tripv1.CreateTripRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("error %v with a wrong secret, want unauthenticated", err)
	}
}

func TestAllTripsWalksEveryPage(t *testing.T) {
	t.Parallel()
	var names string
	for trip, err := range (&trips{}).serve(t).AllTrips(t.Context(), &tripv1.ListTripsRequest{}) {
		if err != nil {
			t.Fatal(err)
		}
		names += trip.GetName()
	}
	if names != "abc" {
		t.Errorf("trips %q, want abc", names)
	}
}

func TestBaseURLMustBeOne(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "localhost:8080", "ftp://x", "http://", "://"} {
		if _, err := tripgen.New(raw); err == nil {
			t.Errorf("%q was taken as a base URL", raw)
		}
	}
}
