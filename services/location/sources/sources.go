// Package sources puts the location service's providers together: which are asked where, through which gates, and what is
// kept of their answers. Without keys there are the weather of Open-Meteo and estimated ways; places come from the catalog.
package sources

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/borders"
	"github.com/tripgen/tripgen/services/location/cacheaside"
	"github.com/tripgen/tripgen/services/location/chain"
	"github.com/tripgen/tripgen/services/location/gate"
	"github.com/tripgen/tripgen/services/location/google"
	"github.com/tripgen/tripgen/services/location/kakao"
	"github.com/tripgen/tripgen/services/location/openmeteo"
	"github.com/tripgen/tripgen/services/location/openweather"
)

// SimulatedKey is the key of providers that are simulated: nobody is paid for their calls, and none is counted as paid.
const SimulatedKey = "simulated"

// Config says where providers are. One without a key is not asked; Open-Meteo needs none.
type Config struct {
	Kakao       struct{ Key, LocalURL, MobilityURL string }
	Google      struct{ Key, PlacesURL, RoutesURL string }
	OpenWeather struct{ Key, URL string }
	OpenMeteo   struct{ URL, AirURL string }
	// GoogleDayMicroUSD and OpenWeatherDayMicroUSD cap what is spent with each a day; zero for no cap.
	GoogleDayMicroUSD, OpenWeatherDayMicroUSD int64
	// EnrichmentDayMicroUSD caps the part of Google's that goes into details fetched in the background; zero for no cap.
	EnrichmentDayMicroUSD int64
	// Timeout bounds an attempt of a call; zero for 2 s. Cooldown is how long a breaker stays open; zero for 5 s.
	Timeout, Cooldown time.Duration
}

// Deps are what all sources share.
type Deps struct {
	Redis   *redis.Client
	Guards  *resilience.Set
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Ratings keeps what fetched places are rated; nil for nobody.
	Ratings chain.Ratings
}

// Sources are the providers as the service uses them.
type Sources struct {
	Borders *borders.Finder
	Weather *chain.Weather
	Air     *chain.Air
	Routes  *chain.Routes
	// Places and Details are nil without a key.
	Places  *chain.Places
	Details *chain.Details

	purse      *gate.RedisPurse
	enrichment int64
	closers    []func(context.Context) error
}

// enrichmentPurse is what details fetched in the background are counted under.
const enrichmentPurse = "google-enrichment"

// Affords tells whether the day's budget bears the fetching of one more place's details in the background, and counts it.
// What is fetched ahead of use gets half of the budget at most, so that it takes nothing from trips.
func (s *Sources) Affords(ctx context.Context, forTrip bool) bool {
	most := s.enrichment
	if most == 0 {
		return true
	}
	if !forTrip {
		most /= 2
	}
	return s.purse.Take(ctx, enrichmentPurse, google.DetailsMicroUSD, most)
}

// Close ends what is under way and gives connections back.
func (s *Sources) Close(ctx context.Context) error {
	var errs []error
	for _, closing := range s.closers {
		errs = append(errs, closing(ctx))
	}
	return errors.Join(errs...)
}

const (
	timeout  = 2 * time.Second
	cooldown = 5 * time.Second
	hedge    = 700 * time.Millisecond
	parallel = 32
	// kakaoPerSecond keeps to Kakao's quota of 100,000 searches a day at a steady pace, with bursts.
	kakaoPerSecond = 30
	// matrixPoints bounds the ways that money is spent on: a hundred for one question.
	matrixPoints = 10
)

// builder makes sources; the first error stays.
type builder struct {
	Config
	Deps
	gates gate.Set
	http  *http.Client
	made  *Sources
	err   error
}

// New makes the sources.
func New(ctx context.Context, c Config, d Deps) (*Sources, error) {
	if c.Timeout == 0 {
		c.Timeout = timeout
	}
	if c.Cooldown == 0 {
		c.Cooldown = cooldown
	}
	if c.Google.Key == SimulatedKey {
		c.EnrichmentDayMicroUSD = 0
	}
	purse := gate.NewRedisPurse(d.Redis, d.Clock)
	b := &builder{
		Config: c, Deps: d, http: &http.Client{Timeout: c.Timeout},
		made: &Sources{Borders: borders.New(), purse: purse, enrichment: c.EnrichmentDayMicroUSD},
		gates: gate.Set{
			Guards: d.Guards, Clock: d.Clock, Metrics: d.Metrics, Purse: purse,
			DayBudget: map[string]int64{google.Provider: c.GoogleDayMicroUSD, openweather.Provider: c.OpenWeatherDayMicroUSD},
		},
	}
	b.weather()
	b.places(ctx)
	if b.err != nil {
		return nil, errors.Join(b.err, b.made.Close(ctx))
	}
	return b.made, nil
}

func (b *builder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// policy is common to all operations.
func (b *builder) policy(provider, operation string) gate.Policy {
	return gate.Policy{
		Provider: provider, Operation: operation, Timeout: b.Timeout, Retries: 1, Failures: 5, Cooldown: b.Cooldown, Parallel: parallel, Hedge: hedge,
	}
}

func (b *builder) gate(p gate.Policy) *gate.Gate {
	g, err := b.gates.Gate(p)
	b.keep(err)
	return g
}

// paid makes the gate of an operation that costs money, unless it is simulated: no second request is sent in case.
func (b *builder) paid(provider, operation, key string, microUSD int64) *gate.Gate {
	p := b.policy(provider, operation)
	p.Hedge = 0
	if key != SimulatedKey {
		p.MicroUSD = microUSD
	}
	return b.gate(p)
}

// kept makes a cache that the sources own.
func kept[T any](b *builder, p cacheaside.Policy, restore func(*T) error) *cacheaside.Cache[T] {
	c, err := cacheaside.New(cacheaside.Deps[T]{
		Policy: p, Remote: cacheaside.NewRedis(b.Redis, b.Guards), Restore: restore, Clock: b.Clock, Log: b.Log, Metrics: b.Metrics,
	})
	b.keep(err)
	if err == nil {
		b.made.closers = append(b.made.closers, c.Close)
	}
	return c
}

// weather is OpenWeather's where there is a key, and Open-Meteo's.
func (b *builder) weather() {
	weather := &chain.Weather{Clock: b.Clock, Cache: kept[location.Forecast](b, chain.WeatherPolicy("weather"), nil)}
	air := &chain.Air{Clock: b.Clock, Cache: kept[location.Air](b, chain.WeatherPolicy("air"), nil)}
	add := func(provider string, forecast *gate.Gate, client interface {
		location.WeatherProvider
		location.AirProvider
	},
	) {
		weather.Sources = append(weather.Sources, chain.WeatherSource{WeatherProvider: client, Gate: forecast})
		air.Sources = append(air.Sources, chain.AirSource{AirProvider: client, Gate: b.gate(b.policy(provider, "air"))})
	}
	if b.OpenWeather.Key != "" {
		forecast := b.paid(openweather.Provider, "forecast", b.OpenWeather.Key, openweather.ForecastMicroUSD)
		add(openweather.Provider, forecast, openweather.New(b.OpenWeather.URL, b.OpenWeather.Key, b.http, b.Clock))
	}
	add(openmeteo.Provider, b.gate(b.policy(openmeteo.Provider, "forecast")), openmeteo.New(b.OpenMeteo.URL, b.OpenMeteo.AirURL, b.http, b.Clock))
	b.made.Weather, b.made.Air = weather, air
}

// places are Kakao's inside Korea, with Google's behind them and for reviews, and Google's elsewhere; routes likewise.
func (b *builder) places(ctx context.Context) {
	places := make(map[location.Region][]chain.PlaceSource)
	routes := make(map[location.Region][]chain.RouteSource)
	if b.Kakao.Key != "" {
		client := kakao.New(b.Kakao.LocalURL, b.Kakao.MobilityURL, b.Kakao.Key, b.http, b.Clock)
		search := b.policy(kakao.Provider, "search")
		search.PerSecond = kakaoPerSecond
		places[location.Korea] = []chain.PlaceSource{{PlaceProvider: client, Gate: b.gate(search)}}
		routes[location.Korea] = []chain.RouteSource{{
			RouteProvider: client, Gate: b.gate(b.policy(kakao.Provider, "routes")),
			Takes: func(points int, mode location.Mode) bool { return mode == location.Car && points <= matrixPoints },
		}}
	}
	if b.Google.Key != "" {
		client, err := google.Connect(ctx, b.Google.PlacesURL, b.Google.RoutesURL, b.Google.Key, b.http, b.Clock)
		if err != nil {
			b.keep(err)
			return
		}
		b.made.closers = append(b.made.closers, client.Close)
		search := chain.PlaceSource{PlaceProvider: client, Gate: b.paid(google.Provider, "search", b.Google.Key, google.SearchMicroUSD)}
		ways := chain.RouteSource{
			RouteProvider: client, Gate: b.paid(google.Provider, "routes", b.Google.Key, google.MatrixMicroUSDPerWay*matrixPoints*matrixPoints),
			Takes: func(points int, mode location.Mode) bool { return points <= min(matrixPoints, google.MaxPoints(mode)) },
		}
		for _, region := range []location.Region{location.Korea, location.Elsewhere} {
			places[region] = append(places[region], search)
			routes[region] = append(routes[region], ways)
		}
		b.made.Details = &chain.Details{
			Sources: []chain.DetailSource{{DetailProvider: client, Gate: b.paid(google.Provider, "details", b.Google.Key, google.DetailsMicroUSD)}},
			Cache:   kept[location.Details](b, chain.DetailsPolicy, nil), Ratings: b.Ratings, Log: b.Log,
		}
	}
	b.made.Routes = &chain.Routes{
		Sources: routes, RegionAt: b.made.Borders.RegionAt, Now: b.Clock.Now, Cache: kept[location.Matrix](b, chain.RoutesPolicy, nil),
	}
	if len(places) > 0 {
		restore := func(p *location.Place) error { chain.RestorePlace(p); return nil }
		b.made.Places = &chain.Places{
			Sources: places, RegionAt: b.made.Borders.RegionAt, Log: b.Log,
			Cache: kept(b, chain.SearchPolicy, chain.RestorePlaces), Kept: kept(b, chain.SeenPolicy, restore),
		}
	}
}

// Finder is a finder on a catalog and these sources.
func (s *Sources) Finder(catalog *location.Live, log *slog.Logger) *location.Finder {
	f := &location.Finder{Catalog: catalog, Log: log}
	if s.Places != nil {
		f.Around, f.Seen = s.Places, s.Places
	}
	if s.Details != nil {
		f.Details = s.Details
	}
	return f
}
