package rpc_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/tripgen/tripgen/internal/rpc"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

// A request that is larger than any service takes is refused by the field that makes it so, in every protocol; where none
// does alone, by itself.
func TestTheFieldThatMakesARequestTooLargeIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t, rpc.Deps{}, func(context.Context) error { return errors.New("nobody gets here") })
	long := strings.Repeat("x", 10<<20)
	many := &tripv1.BatchDeleteTripsRequest{}
	for range 300_000 {
		many.TripIds = append(many.TripIds, tripID)
	}
	calls := map[string]struct {
		call func(tripv1connect.TripServiceClient) error
		want string
	}{
		"a long text": {func(c tripv1connect.TripServiceClient) error {
			_, err := c.ListTrips(t.Context(), &tripv1.ListTripsRequest{PageSize: 5, Search: long})
			return err
		}, "search"},
		"a long text in a message": {func(c tripv1connect.TripServiceClient) error {
			_, err := c.AddDestination(t.Context(), &tripv1.AddDestinationRequest{
				TripId: tripID, Destination: &tripv1.Destination{Name: long},
			})
			return err
		}, "destination"},
		"many short ones": {func(c tripv1connect.TripServiceClient) error {
			_, err := c.BatchDeleteTrips(t.Context(), many)
			return err
		}, "request"},
	}
	for protocol, options := range map[string][]connect.ClientOption{
		"Connect": nil, "JSON": {connect.WithProtoJSON()}, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		for name, tc := range calls {
			t.Run(protocol+": "+name, func(t *testing.T) {
				t.Parallel()
				client := tripv1connect.NewTripServiceClient(s.Client(t, s.Token("user_1", "trips.write")), s.BaseURL, options...)
				err := tc.call(client)
				if connect.CodeOf(err) != connect.CodeResourceExhausted {
					t.Fatalf("error %v", err)
				}
				bad := detail[*errdetails.BadRequest](t, err)
				if protocol == "JSON" && tc.want == "request" {
					tc.want = "trip_ids" // its list is one value
				}
				if len(bad.GetFieldViolations()) != 1 || bad.GetFieldViolations()[0].GetField() != tc.want {
					t.Errorf("refused by %v, want %s", bad.GetFieldViolations(), tc.want)
				}
			})
		}
	}
}

// What cannot be read names no field.
func TestHugeGarbageNamesNoField(t *testing.T) {
	t.Parallel()
	s := start(t, rpc.Deps{}, func(context.Context) error { return errors.New("nobody gets here") })
	huge := func(start string) []byte { return append([]byte(start), bytes.Repeat([]byte{0xff}, 9<<20)...) }
	for name, tc := range map[string]struct {
		path, kind string
		body       []byte
	}{
		"not protobuf":         {"/tripgen.trip.v1.TripService/GetTrip", "application/proto", huge("")},
		"a length of 2^63":     {"/tripgen.trip.v1.TripService/GetTrip", "application/proto", huge("\x7a\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
		"not JSON":             {"/tripgen.trip.v1.TripService/GetTrip", "application/json", huge("[")},
		"an unknown JSON name": {"/tripgen.trip.v1.TripService/GetTrip", "application/json", append([]byte(`{"nope":"`), bytes.Repeat([]byte("x"), 9<<20)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.BaseURL+tc.path, bytes.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", tc.kind)
			res, err := s.Client(t, "").Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close() //nolint:errcheck // only read
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusTooManyRequests {
				t.Fatalf("%d %s, %v", res.StatusCode, body, err)
			}
			var told struct {
				Details []struct{ Type, Value string }
			}
			if err := json.Unmarshal(body, &told); err != nil {
				t.Fatal(err)
			}
			for _, d := range told.Details {
				value, err := base64.RawStdEncoding.DecodeString(d.Value)
				if err != nil {
					t.Fatal(err)
				}
				if d.Type == "google.rpc.BadRequest" && !bytes.Contains(value, []byte("request")) {
					t.Errorf("told %s", body)
				}
			}
		})
	}
}
