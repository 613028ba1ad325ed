package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/internal/simulator/faults"
	"github.com/tripgen/tripgen/internal/simulator/google"
	"github.com/tripgen/tripgen/internal/simulator/kakao"
	"github.com/tripgen/tripgen/internal/simulator/openmeteo"
	"github.com/tripgen/tripgen/internal/simulator/openweather"
	"github.com/tripgen/tripgen/internal/simulator/sky"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location/sources"
)

// simulateCmd runs simulators of the outside providers.
type simulateCmd struct {
	Listen string `help:"Where to listen." default:"127.0.0.1:7090"`
	claudeFlags
	providerFlags
}

// claudeFlags say how the simulated Claude behaves.
type claudeFlags struct {
	ClaudeP50    time.Duration `name:"claude-p50" help:"Half of the simulated Claude's answers take at most this long." default:"800ms"`
	ClaudeP99    time.Duration `name:"claude-p99" help:"All but one in a hundred take at most this long." default:"2.5s"`
	ClaudeErrors float64       `name:"claude-errors" help:"Share of calls that are refused, 0 to 1." default:"0"`
}

// providerFlags say how the simulated providers of places, routes and weather behave.
type providerFlags struct {
	ProviderP50    time.Duration `name:"provider-p50" help:"Half of the other providers' answers take at most this long." default:"0s"`
	ProviderP99    time.Duration `name:"provider-p99" help:"All but one in a hundred take at most this long." default:"0s"`
	ProviderErrors float64       `name:"provider-errors" help:"Share of their calls that fail, 0 to 1." default:"0"`
	ProviderBusy   float64       `name:"provider-busy" help:"Share of their calls that are told to come back later, 0 to 1." default:"0"`
}

func (f providerFlags) faults() faults.Config {
	return faults.Config{
		P50: faults.Duration(f.ProviderP50), P99: faults.Duration(max(f.ProviderP50, f.ProviderP99)), ErrorRate: f.ProviderErrors,
		BusyRate: f.ProviderBusy, RetryAfter: 1,
	}
}

// Help is the long help.
func (simulateCmd) Help() string {
	return `Speaks the wire formats of Anthropic's Messages API, Kakao's Local and Mobility, Google's Places and Routes (REST and gRPC), OpenWeather and Open-Meteo on one address, for machines without keys or a network. What it answers is made up and says so.

How a provider misbehaves can be changed while it runs, or for one call by the header X-Simulate-Fault (hang, truncate, rename, missing, status=503, busy=2, latency=300ms):

  tripgen simulate --claude-p50 2.5s --claude-p99 12s --claude-errors 0.05
  curl -X PUT -d '{"hang_rate":0.3}' http://127.0.0.1:7090/faults/kakao

The weather can be changed too, on all days, everywhere or near a place (DELETE for the made-up one):

  curl -X PUT -d '{"kind":"rain","warmer":-12,"pm25":80,"warning":"Storm"}' http://127.0.0.1:7090/weather/
  curl -X PUT -d '{"kind":"rain","near":{"lat":48.1,"lng":11.6}}' http://127.0.0.1:7090/weather/

` + "`tripgen up`" + ` starts one of its own for the providers that there is no key for. What it prints has any other process ask this one; Google is asked over gRPC where its address begins with grpc:// and over REST where it begins with http://.`
}

// Run is the command.
func (s *simulateCmd) Run(ctx context.Context) error {
	log := newLog(config.Default())
	if err := s.faults().Check(); err != nil {
		return err
	}
	return app.Run(ctx, app.Options{Log: log, Shutdown: simulatorStop}, func(ctx context.Context, g *app.Group) error {
		simulators, err := listenSimulators(ctx, s.Listen, s.claudeFlags, s.faults())
		if err != nil {
			return err
		}
		g.Add(simulators.part())
		fmt.Fprintln(os.Stdout, "simulators at "+simulators.url())
		for _, name := range []string{"KAKAO_BASE_URL", "KAKAO_MOBILITY_URL", "OPENWEATHER_BASE_URL", "OPEN_METEO_BASE_URL", "OPEN_METEO_AIR_QUALITY_URL"} {
			fmt.Fprintln(os.Stdout, "  export TRIPGEN_PROVIDERS_"+name+"="+simulators.url())
		}
		for _, name := range []string{"GOOGLE_PLACES_URL", "GOOGLE_ROUTES_URL"} {
			fmt.Fprintln(os.Stdout, "  export TRIPGEN_PROVIDERS_"+name+"="+simulators.grpc())
		}
		fmt.Fprintln(os.Stdout, "  export ANTHROPIC_BASE_URL="+simulators.url())
		for _, name := range []string{"ANTHROPIC_API_KEY", "KAKAO_REST_API_KEY", "GOOGLE_MAPS_API_KEY", "OPENWEATHER_API_KEY"} {
			fmt.Fprintln(os.Stdout, "  export "+name+"="+sources.SimulatedKey)
		}
		return nil
	})
}

const simulatorStop = 5 * time.Second

// simulators is one server with all simulators.
type simulators struct {
	server   *http.Server
	listener net.Listener
}

func startSimulators(ctx context.Context, listen string, claude claudeFlags) (*simulators, error) {
	return listenSimulators(ctx, listen, claude, faults.Config{})
}

func listenSimulators(ctx context.Context, listen string, claude claudeFlags, misbehave faults.Config) (*simulators, error) {
	places, err := world.Load()
	if err != nil {
		return nil, fmt.Errorf("simulators: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("simulators: %w", err)
	}
	weather := new(sky.Sky)
	providers := map[string]*faults.Provider{
		"kakao":       faults.New(kakao.Handler(places), misbehave, 1),
		"google":      faults.New(google.New(places), misbehave, 2),
		"openweather": faults.New(openweather.Handler(clock.System{}.Now, weather), misbehave, 3),
		"openmeteo":   faults.New(openmeteo.Handler(weather), misbehave, 4),
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/messages", anthropic.New(anthropic.Config{P50: claude.ClaudeP50, P99: claude.ClaudeP99, ErrorRate: claude.ClaudeErrors}).Handler())
	mux.Handle("/faults/", http.StripPrefix("/faults", faults.Admin(providers)))
	mux.Handle("/weather/", http.StripPrefix("/weather", weather.Admin()))
	for path, provider := range map[string]string{
		"/v1/forecast": "openmeteo", "/v1/air-quality": "openmeteo", "/data/": "openweather",
		"/v2/local/": "kakao", "/v1/destinations/directions": "kakao",
		"/v1/places/": "google", "/v1/places:searchNearby": "google", "/v1/places:searchText": "google",
		"/distanceMatrix/": "google", "/google.maps.places.v1.Places/": "google", "/google.maps.routing.v2.Routes/": "google",
	} {
		mux.Handle(path, providers[provider])
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: simulatorStop, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return &simulators{server: server, listener: listener}, nil
}

func (s *simulators) url() string { return "http://" + s.listener.Addr().String() }

// grpc is where Google's clients find their services over gRPC.
func (s *simulators) grpc() string { return "grpc://" + s.listener.Addr().String() }

// simulatedProviders is the choice that providers without a key are simulated.
const simulatedProviders = "simulated"

// standIn has the simulators asked for the providers that there is no key for, and for Open-Meteo, which needs none.
// Their answers say that they are simulated, and cost nothing.
func (s *simulators) standIn(p *config.Providers) {
	const key = config.Secret(sources.SimulatedKey)
	if p.Anthropic.Key == "" {
		p.Anthropic.Key, p.Anthropic.BaseURL = key, s.url()
	}
	if p.Kakao.Key == "" {
		p.Kakao.Key, p.Kakao.BaseURL, p.Kakao.MobilityURL = key, s.url(), s.url()
	}
	if p.Google.Key == "" {
		p.Google.Key, p.Google.PlacesURL, p.Google.RoutesURL = key, s.grpc(), s.grpc()
		p.Google.DayBudgetUSD, p.Google.EnrichmentDayBudgetUSD = 0, 0
	}
	if p.OpenWeather.Key == "" {
		p.OpenWeather.Key, p.OpenWeather.BaseURL, p.OpenWeather.DayBudgetUSD = key, s.url(), 0
	}
	p.OpenMeteo.BaseURL, p.OpenMeteo.AirQualityURL = s.url(), s.url()
}

func (s *simulators) part() app.Part {
	return app.Part{
		Name: "simulators",
		Run: func(ctx context.Context) error {
			stop := context.AfterFunc(ctx, func() { _ = s.server.Close() }) // its calls are made-up answers: nothing is lost
			defer stop()
			if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Close: func(context.Context) error { return s.server.Close() },
	}
}
