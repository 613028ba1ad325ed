package triptest

import (
	"context"
	"sync"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

// Cities knows some cities by their names in Korean and English, as the location service does.
type Cities struct {
	mu   sync.Mutex
	away bool
}

var cities = map[string]trip.City{
	"뮌헨": {ID: "munich", Zone: "Europe/Berlin"}, "Munich": {ID: "munich", Zone: "Europe/Berlin"},
	"파리": {ID: "paris", Zone: "Europe/Paris"}, "Paris": {ID: "paris", Zone: "Europe/Paris"},
	"서울": {ID: "seoul", Zone: "Asia/Seoul"}, "Seoul": {ID: "seoul", Zone: "Asia/Seoul"},
	"호놀룰루": {ID: "honolulu", Zone: "Pacific/Honolulu"}, "Honolulu": {ID: "honolulu", Zone: "Pacific/Honolulu"},
}

// Away takes the service away or brings it back.
func (c *Cities) Away(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// CityByName finds a city by its exact name.
func (c *Cities) CityByName(_ context.Context, name string) (trip.City, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return trip.City{}, errs.Unavailable(context.DeadlineExceeded)
	}
	city, ok := cities[name]
	if !ok {
		return trip.City{}, trip.ErrCityUnknown
	}
	return city, nil
}

// CityAt finds Munich, near its centre.
func (c *Cities) CityAt(_ context.Context, p trip.Point) (trip.City, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return trip.City{}, errs.Unavailable(context.DeadlineExceeded)
	}
	if p.Lat < 48 || p.Lat > 48.3 || p.Lng < 11.4 || p.Lng > 11.8 {
		return trip.City{}, trip.ErrCityUnknown
	}
	return cities["Munich"], nil
}
