// Package builtin makes the catalog's cities and places of the data that TripGen ships.
package builtin

import (
	"fmt"
	"time"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/openinghours"
)

// Provider is the source's name and the prefix of its ids.
const Provider = "builtin"

// regions are those whose public holidays differ from the rest of their country.
var regions = map[string]string{"munich": "BY", "barcelona": "CT"}

// Load reads all cities. Loaded says when, for the places' source.
func Load(loaded time.Time) ([]location.City, []location.Place, error) {
	data, err := places.Load()
	if err != nil {
		return nil, nil, err
	}
	var cities []location.City
	var all []location.Place
	for _, city := range data {
		zone, err := time.LoadLocation(city.TimeZone)
		if err != nil {
			return nil, nil, fmt.Errorf("zone of %s: %w", city.ID, err)
		}
		cities = append(cities, location.City{
			ID: city.ID, Name: location.Name{Ko: city.Name.KO, En: city.Name.EN, Local: city.Name.Local},
			Country: city.Country, Region: regions[city.ID], Zone: zone, Center: location.Point(city.Center),
			South: city.Bounds.South, West: city.Bounds.West, North: city.Bounds.North, East: city.Bounds.East,
		})
		for _, p := range city.Places {
			place, err := convert(p, city.ID, loaded)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, place)
		}
	}
	return cities, all, nil
}

func convert(p places.Place, cityID string, loaded time.Time) (location.Place, error) {
	place := location.Place{
		ID: Provider + ":" + p.ID, CityID: cityID,
		Name:     location.Name{Ko: p.Name.KO, En: p.Name.EN, Local: p.Name.Local},
		Point:    location.Point(p.Point),
		Category: location.Category(p.Category), Setting: location.Setting(p.Setting),
		StayMinutes: p.StayMinutes, Hours: p.Hours, LastEntryMinutes: p.LastEntryMinutes,
		StepFree: p.StepFree, Strenuous: p.Strenuous, Cuisine: p.Cuisine, Address: p.Address,
		Source: location.Source{Provider: Provider, FetchedAt: loaded},
	}
	for _, tag := range p.Tags {
		place.Pleases = append(place.Pleases, string(tag))
	}
	if p.Hours != "" {
		schedule, err := openinghours.Parse(p.Hours)
		if err != nil {
			return location.Place{}, fmt.Errorf("hours of %s: %w", p.ID, err)
		}
		place.Schedule = &schedule
	}
	return place, nil
}
