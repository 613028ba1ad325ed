package main

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/borders"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/climate"
	"github.com/tripgen/tripgen/services/location/events"
	"github.com/tripgen/tripgen/services/location/holidays"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
	locationrpc "github.com/tripgen/tripgen/services/location/rpc"
	"github.com/tripgen/tripgen/services/location/sources"
)

// wireLocation makes the location role: the catalog, and the providers there are keys for, behind its RPCs.
func wireLocation(ctx context.Context, r *role) error {
	cities, places, err := builtin.Load(r.Clock.Now())
	if err != nil {
		return err
	}
	calendar, err := holidays.New()
	if err != nil {
		return err
	}
	normals, err := climate.New(cities, r.Clock.Now())
	if err != nil {
		return err
	}
	store := locationpostgres.New(r.Pool, r.Clock)
	p, err := sources.New(ctx, sourcesConfig(r.Config.Providers), sources.Deps{
		Redis: r.Redis, Guards: r.Guards, Clock: r.Clock, Log: r.Log, Metrics: r.Metrics, Ratings: store,
	})
	if err != nil {
		return err
	}
	r.Add(app.Part{Name: "providers", Close: p.Close})
	catalog, err := followImports(ctx, r, store, cities, places)
	if err != nil {
		return err
	}
	finder := p.Finder(catalog, r.Log)
	finder.Popularity = new(location.Popularity)
	if err := wireEnrichment(r, store, finder, p.Affords); err != nil {
		return err
	}
	// What is too long is refused by its field and not by the size of the request: behind the gateway, which takes less
	// itself, all sizes that come are read.
	options, err := r.Handlers(rpc.Deps{MaxRequestBytes: rpc.HugeBytes})
	if err != nil {
		return err
	}
	locationrpc.New(locationrpc.Deps{
		Finder: finder, Routes: p.Routes, Holidays: calendar, Pages: r.Pages, Clock: r.Clock,
		Whereabouts: func(at location.Point) location.City { return whereabouts(p.Borders, at) },
		Weather:     location.NewOutlook(p.Weather, p.Air, normals, zoneAt(catalog, p.Borders), r.Log),
	}).Mount(r.Server, options...)
	r.Server.Handle(privacyv1connect.NewPersonalDataServiceHandler(
		personal.Handler{Keeper: locationpostgres.NewPersonal(store)}, options...))
	return nil
}

// wireEnrichment counts use and, where somebody tells details, has them fetched in the background and kept warm.
func wireEnrichment(r *role, store *locationpostgres.Store, finder *location.Finder, affords func(context.Context, bool) bool) error {
	writer := kafkaWriter(r)
	notice, err := events.NewNotice(writer, store, r.IDs, r.Log)
	if err != nil {
		return err
	}
	finder.Notice = notice
	r.Add(notice.Part())
	popular := &events.Popular{Counted: store, Finder: finder, Log: r.Log}
	r.Add(popular.Part())
	reader := kafka.NewReader(r.Kafka, events.Group, kafka.PlaceEnrichment)
	r.Add(kafka.Part("reader of wishes for details", reader))
	enricher := &events.Enricher{
		Reader: reader, Writer: writer, Finder: finder, Affords: affords, Dead: deadLetters(r, writer), IDs: r.IDs,
		Log: r.Log,
	}
	r.Add(enricher.Part())
	if finder.Details != nil {
		warmer := &events.Warmer{Rounds: store, Popular: popular, Notice: notice, Clock: r.Clock, Log: r.Log}
		r.Add(warmer.Part())
	}
	return nil
}

// microUSD in a US dollar.
const microUSD = 1_000_000

func sourcesConfig(p config.Providers) sources.Config {
	var c sources.Config
	c.Kakao.Key, c.Kakao.LocalURL, c.Kakao.MobilityURL = p.Kakao.Key.Reveal(), p.Kakao.BaseURL, p.Kakao.MobilityURL
	c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = p.Google.Key.Reveal(), p.Google.PlacesURL, p.Google.RoutesURL
	c.OpenWeather.Key, c.OpenWeather.URL = p.OpenWeather.Key.Reveal(), p.OpenWeather.BaseURL
	c.OpenMeteo.URL, c.OpenMeteo.AirURL = p.OpenMeteo.BaseURL, p.OpenMeteo.AirQualityURL
	c.GoogleDayMicroUSD = int64(p.Google.DayBudgetUSD * microUSD)
	c.EnrichmentDayMicroUSD = int64(p.Google.EnrichmentDayBudgetUSD * microUSD)
	c.OpenWeatherDayMicroUSD = int64(p.OpenWeather.DayBudgetUSD * microUSD)
	return c
}

// zoneAt asks the catalog first: the borders of all zones are loaded only for points outside its cities.
func zoneAt(catalog *location.Live, b *borders.Finder) func(location.Point) string {
	return func(at location.Point) string {
		if city, ok := catalog.Now().CityAt(at); ok {
			return city.Zone.String()
		}
		return b.ZoneAt(at)
	}
}

// whereabouts is what borders tell of a point.
func whereabouts(b *borders.Finder, at location.Point) location.City {
	city := location.City{Center: at}
	if b.RegionAt(at) == location.Korea {
		city.Country = "KR"
	}
	if zone, err := time.LoadLocation(b.ZoneAt(at)); err == nil {
		city.Zone = zone
	}
	return city
}
