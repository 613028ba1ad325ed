// Package google asks Google's Places API (New) and Routes API by Google's own clients. Field masks keep the calls in the
// cheapest class that serves: searches ask for basic fields, a place of another source is found by the free class "ids
// only", and only details are paid for in full.
package google

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	places "cloud.google.com/go/maps/places/apiv1"
	routing "cloud.google.com/go/maps/routing/apiv2"
	"github.com/googleapis/gax-go/v2/apierror"
	"github.com/googleapis/gax-go/v2/callctx"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	googlegrpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// Provider is the source's name and the prefix of its ids.
	Provider = "google"
	// Attribution is due with every place and route.
	Attribution = "Google Maps"
	// MaxRadius is as far as a search may go, in metres.
	MaxRadius = 50_000
	// Simulator is the attribution by which our simulator says that it is one.
	Simulator = "simulated"
)

// Prices in millionths of a US dollar, by Google's list for the first 100,000 calls a month.
const (
	SearchMicroUSD       = 32_000 // Nearby or Text Search Pro
	DetailsMicroUSD      = 25_000 // Place Details Enterprise + Atmosphere
	MatrixMicroUSDPerWay = 5_000  // Compute Route Matrix Essentials
)

// Client asks Google. It implements location.PlaceProvider, location.DetailProvider and location.RouteProvider.
type Client struct {
	places *places.Client
	routes *routing.RoutesClient
	key    string
	clock  clock.Clock
}

// Connect makes a client of the servers at the two URLs, for example "https://places.googleapis.com" and
// "https://routes.googleapis.com": over REST by https:// and http://, over gRPC by grpcs:// and grpc:// with a port.
// The key goes into a header: in the address it would get into logs.
func Connect(ctx context.Context, placesURL, routesURL, key string, h *http.Client, c clock.Clock) (*Client, error) {
	p, err := connect(ctx, placesURL, h, places.NewRESTClient, places.NewClient)
	if err != nil {
		return nil, fmt.Errorf("google places: %w", err)
	}
	r, err := connect(ctx, routesURL, h, routing.NewRoutesRESTClient, routing.NewRoutesClient)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("google routes: %w", err), p.Close())
	}
	return &Client{places: p, routes: r, key: key, clock: c}, nil
}

// connect makes one of Google's clients, by what the address begins with.
func connect[C any](ctx context.Context, address string, h *http.Client, rest, grpc func(context.Context, ...option.ClientOption) (C, error)) (C, error) {
	to, err := url.Parse(address)
	if err != nil || to.Host == "" {
		var none C
		return none, errors.New("the address is not a URL")
	}
	over := insecure.NewCredentials()
	switch to.Scheme {
	case "grpcs":
		over = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	case "grpc":
	default:
		return rest(ctx, option.WithEndpoint(address), option.WithHTTPClient(h))
	}
	return grpc(ctx, option.WithEndpoint(to.Host), option.WithoutAuthentication(),
		option.WithGRPCDialOption(googlegrpc.WithTransportCredentials(over)))
}

// Close gives the connections back.
func (c *Client) Close(context.Context) error { return errors.Join(c.places.Close(), c.routes.Close()) }

// masked asks for some fields, by our key.
func (c *Client) masked(ctx context.Context, mask string) context.Context {
	return callctx.SetHeaders(ctx, "x-goog-fieldmask", mask, "x-goog-api-key", c.key)
}

// told says what an error of Google's clients means to us.
func told(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of google: %w", operation, meaning(err))
}

func meaning(err error) error {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return upstream.Status(e.Code, e.Header.Get("Retry-After"))
	}
	e, ok := errors.AsType[*apierror.APIError](err)
	if !ok || e.GRPCStatus() == nil {
		if upstream.OfTransport(err) {
			return upstream.WithoutURL(err)
		}
		return fmt.Errorf("%w: %w", upstream.ErrShape, err)
	}
	switch code := e.GRPCStatus().Code(); code {
	case codes.ResourceExhausted:
		busy := &upstream.BusyError{}
		if info := e.Details().RetryInfo; info != nil {
			busy.RetryAfter = info.GetRetryDelay().AsDuration()
		}
		return busy
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.Unauthenticated, codes.FailedPrecondition:
		return resilience.Permanent(fmt.Errorf("status %v", code))
	default:
		return fmt.Errorf("status %v", code)
	}
}
