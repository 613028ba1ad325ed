// Package climate tells what the weather usually is: the normals of the nearest built-in city.
package climate

import (
	"fmt"
	"time"

	data "github.com/tripgen/tripgen/data/climate"
	"github.com/tripgen/tripgen/services/location"
)

const (
	// Provider is the source's name.
	Provider = "normals"
	// near is as far from a city's centre, in metres, as its normals are taken for.
	near = 150_000
	// cloudy is the chance of precipitation, in percent, from which a usual day counts as cloudy.
	cloudy = 35
)

// Normals implements location.Normals.
type Normals struct {
	cities []location.City
	years  map[string]data.City
	loaded time.Time
}

// New knows the normals of those of the cities that there are data of. Loaded is told as the time of the data.
func New(cities []location.City, loaded time.Time) (*Normals, error) {
	years, err := data.Load()
	if err != nil {
		return nil, fmt.Errorf("climate: %w", err)
	}
	return &Normals{cities: cities, years: years, loaded: loaded}, nil
}

// Normal is the usual weather of a civil date near a point; false where no normals are known. It never says rain or
// snow: what falls on one day in two falls on no particular day.
func (n *Normals) Normal(at location.Point, date time.Time) (location.DayWeather, bool) {
	year, found := n.yearAt(at)
	if !found {
		return location.DayWeather{}, false
	}
	month := date.Month() - 1
	length := time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	chance := int(100*year.WetDays[month]/float64(length) + 0.5)
	kind := location.WeatherKind("clear")
	if chance >= cloudy {
		kind = "clouds"
	}
	return location.DayWeather{
		Date: date, Kind: kind, MinCelsius: year.Min[month], MaxCelsius: year.Max[month], PrecipitationPercent: chance,
		PM25: location.PM25Unknown, Normals: true, Source: location.Source{Provider: Provider, FetchedAt: n.loaded},
	}, true
}

func (n *Normals) yearAt(at location.Point) (best data.City, found bool) {
	nearest := float64(near)
	for _, city := range n.cities {
		if year, ok := n.years[city.ID]; ok && city.Center.DistanceTo(at) <= nearest {
			best, found, nearest = year, true, city.Center.DistanceTo(at)
		}
	}
	return best, found
}
