package main

import (
	"context"
	"sync"
	"time"

	"github.com/tripgen/tripgen/services/location"
)

// forecastDays are asked for at once: some within every provider's horizon, and some beyond.
const forecastDays = 20

// questions are those that a provider is asked first, each different from the others, and the name of its breaker. A
// question tells who answered it; nothing if the answer is less than TripGen knows by itself.
func (s *service) questions(provider string) (ask func(ctx context.Context, number int) string, breaker string) {
	switch provider {
	case "kakao":
		return s.nearby(func(c location.City) bool { return c.Country == "KR" }), "kakao search"
	case "google":
		return s.nearby(func(c location.City) bool { return c.Country != "KR" }), "google search"
	case "openweather":
		return s.forecast, "openweather forecast"
	default:
		return s.forecast, "openmeteo forecast"
	}
}

// nearby asks for what can be walked to from the places of some cities; no two questions share a cell and a radius.
func (s *service) nearby(of func(location.City) bool) func(context.Context, int) string {
	catalog := s.finder.Catalog.Now()
	var asked []location.Nearby
	seen := make(map[string]bool)
	for _, minutes := range []int{10, 30} {
		for _, group := range []location.Group{location.All, location.Sights, location.Eating} {
			for _, city := range catalog.Cities() {
				for _, p := range catalog.InCity(city.ID) {
					q := location.Nearby{From: p.Point, Mode: location.Walk, Minutes: minutes, Group: group, Limit: 100}
					key := location.CellAt(p.Point, 0.01).Key
					own, _ := catalog.FindNearby(q)
					if of(city) && len(own) > 0 && !seen[key+string(rune('0'+group))+string(rune('0'+minutes/10))] {
						seen[key+string(rune('0'+group))+string(rune('0'+minutes/10))] = true
						asked = append(asked, q)
					}
				}
			}
		}
	}
	who := &listener{PlaceProvider: s.finder.Around}
	s.finder.Around = who
	return func(ctx context.Context, number int) string {
		q := asked[number%len(asked)]
		own, _ := catalog.FindNearby(q)
		ctx, by := who.listen(ctx)
		page, _ := s.finder.Nearby(ctx, q)
		if len(page) < len(own) {
			return ""
		}
		return by()
	}
}

// listener hears who answers a search: a provider, or the catalog alone.
type listener struct{ location.PlaceProvider }

type listenerKey struct{}

func (l *listener) listen(ctx context.Context) (context.Context, func() string) {
	var mu sync.Mutex
	by := "catalog"
	ctx = context.WithValue(ctx, listenerKey{}, func(provider string) {
		mu.Lock()
		defer mu.Unlock()
		by = provider
	})
	return ctx, func() string {
		mu.Lock()
		defer mu.Unlock()
		return by
	}
}

// Search tells the listener who answered.
func (l *listener) Search(ctx context.Context, q location.PlaceQuery) ([]location.Place, error) {
	places, err := l.PlaceProvider.Search(ctx, q)
	if len(places) > 0 {
		ctx.Value(listenerKey{}).(func(string))(places[0].Source.Provider) //nolint:forcetypeassert // put there by listen
	}
	return places, err
}

// forecast asks around all cities, within the reach of their normals, in cells of their own.
func (s *service) forecast(ctx context.Context, number int) string {
	const side = 18
	today := time.Now().UTC().Truncate(24 * time.Hour)
	cities := s.finder.Catalog.Now().Cities()
	city := cities[number%len(cities)]
	cell := number / len(cities)
	at := location.Point{
		Lat: city.Center.Lat + 0.1*float64(cell%side-side/2), Lng: city.Center.Lng + 0.1*float64(cell/side%side-side/2),
	}
	f := s.outlook.Forecast(ctx, at, today, forecastDays)
	if len(f.Days) != forecastDays {
		return ""
	}
	return f.Days[0].Source.Provider
}
