package tripgen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

// Client calls TripGen. It is safe for concurrent use; make one and keep it.
type Client struct {
	// Account is the caller's own account.
	Account userv1connect.AccountServiceClient
	// Info tells what the deployment is.
	Info userv1connect.ServiceInfoServiceClient
	// Usage tells what the calling client has used of its quotas.
	Usage userv1connect.UsageServiceClient
	// Trips are trips with their members and destinations.
	Trips tripv1connect.TripServiceClient
	// Itineraries are the plans of trips.
	Itineraries tripv1connect.ItineraryServiceClient
	// Exports are itineraries as files and pictures.
	Exports tripv1connect.ExportServiceClient
	// Shares are read-only links.
	Shares tripv1connect.ShareServiceClient
	// Webhooks are signed calls to the partner's own server.
	Webhooks tripv1connect.WebhookServiceClient
	// Generations are the raw calls behind the [Generation] handle.
	Generations aiv1connect.GenerationServiceClient
	// Checks judge plans from anywhere.
	Checks aiv1connect.ItineraryCheckServiceClient
	// Recommendations tell why a place suits a group.
	Recommendations aiv1connect.RecommendationServiceClient
	// Places are places.
	Places locationv1connect.PlaceServiceClient
	// Weather is weather.
	Weather locationv1connect.WeatherServiceClient

	baseURL string
	http    *http.Client
}

// New makes a client of the gateway at baseURL, for example "https://api.tripgen.example". Without one of
// [WithClientCredentials] and [WithTokenSource] only calls that need no token work.
func New(baseURL string, opts ...Option) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	s := settings{maxAttempts: 4, userAgent: "tripgen-go/" + Version}
	for _, opt := range opts {
		opt(&s)
	}
	if s.maxAttempts < 1 {
		return nil, errors.New("tripgen: WithMaxAttempts needs at least 1")
	}
	if s.httpClient == nil {
		s.httpClient = &http.Client{Transport: transport(base)}
	}
	tokens := s.tokens
	if tokens == nil && s.credentials != nil {
		tokens = s.credentials.source(base.String(), s.httpClient)
	}
	connectOpts := []connect.ClientOption{
		// Outermost first: one key for all tries of a call, a fresh token for each.
		connect.WithInterceptors(
			headersInterceptor{userAgent: s.userAgent, language: s.language},
			idempotencyInterceptor{},
			retryInterceptor{maxAttempts: s.maxAttempts},
			tokenInterceptor{source: tokens},
		),
	}
	if s.grpc {
		connectOpts = append(connectOpts, connect.WithGRPC())
	}
	return build(base.String(), s.httpClient, connectOpts), nil
}

func build(base string, h *http.Client, opts []connect.ClientOption) *Client {
	return &Client{
		Account:         userv1connect.NewAccountServiceClient(h, base, opts...),
		Info:            userv1connect.NewServiceInfoServiceClient(h, base, opts...),
		Usage:           userv1connect.NewUsageServiceClient(h, base, opts...),
		Trips:           tripv1connect.NewTripServiceClient(h, base, opts...),
		Itineraries:     tripv1connect.NewItineraryServiceClient(h, base, opts...),
		Exports:         tripv1connect.NewExportServiceClient(h, base, opts...),
		Shares:          tripv1connect.NewShareServiceClient(h, base, opts...),
		Webhooks:        tripv1connect.NewWebhookServiceClient(h, base, opts...),
		Generations:     aiv1connect.NewGenerationServiceClient(h, base, opts...),
		Checks:          aiv1connect.NewItineraryCheckServiceClient(h, base, opts...),
		Recommendations: aiv1connect.NewRecommendationServiceClient(h, base, opts...),
		Places:          locationv1connect.NewPlaceServiceClient(h, base, opts...),
		Weather:         locationv1connect.NewWeatherServiceClient(h, base, opts...),
		baseURL:         base,
		http:            h,
	}
}

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil {
		return nil, fmt.Errorf("tripgen: base URL: %w", err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("tripgen: base URL %q: want http:// or https:// and a host", raw)
	}
	return base, nil
}

// transport speaks HTTP/2 on both schemes, so that any number of streams share one connection.
func transport(base *url.URL) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	protocols := new(http.Protocols)
	if base.Scheme == "http" {
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP2(true)
		protocols.SetHTTP1(true)
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.Protocols = protocols
	return t
}

// Version is the SDK's own version, sent as the user agent.
const Version = "0.1.0"

type settings struct {
	httpClient  *http.Client
	tokens      oauth2.TokenSource
	credentials *clientCredentials
	maxAttempts int
	language    string
	userAgent   string
	grpc        bool
}

// Option changes how a [Client] works.
type Option func(*settings)

// WithClientCredentials authenticates a partner's server by OAuth 2.0 client credentials (RFC 6749 §4.4).
// Tokens are fetched when first needed and renewed before they expire. Without scopes the token carries all
// that the client may have.
func WithClientCredentials(id, secret string, scopes ...string) Option {
	return func(s *settings) { s.credentials = &clientCredentials{id: id, secret: secret, scopes: scopes} }
}

// WithTokenSource authenticates with tokens from somewhere else, for example from [LogIn].
func WithTokenSource(source oauth2.TokenSource) Option {
	return func(s *settings) { s.tokens = source }
}

// WithHTTPClient uses another HTTP client, for proxies or tests. Streams need one without an overall timeout.
func WithHTTPClient(client *http.Client) Option {
	return func(s *settings) { s.httpClient = client }
}

// WithMaxAttempts bounds how often a call is tried, the first time included; default 4.
func WithMaxAttempts(n int) Option {
	return func(s *settings) { s.maxAttempts = n }
}

// WithLanguage asks for messages in a language: "ko" (the default) or "en".
func WithLanguage(tag string) Option {
	return func(s *settings) { s.language = tag }
}

// WithGRPC speaks gRPC instead of Connect's own protocol.
func WithGRPC() Option {
	return func(s *settings) { s.grpc = true }
}
