// Package climate ships the climate normals of the built-in cities: what a month is usually like, not a forecast.
package climate

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed normals.json
var normals []byte

// City is a city's year; each list is from January on.
type City struct {
	// Max and Min are the mean daily highest and lowest temperatures of a month, °C.
	Max [12]float64 `json:"max"`
	Min [12]float64 `json:"min"`
	// WetDays are a month's days with precipitation.
	WetDays [12]float64 `json:"wet_days"`
}

// Load gives the cities by their ids; they are shared and must not be changed. An error means a broken build.
func Load() (map[string]City, error) { return load() }

var load = sync.OnceValues(func() (map[string]City, error) {
	decoder := json.NewDecoder(bytes.NewReader(normals))
	decoder.DisallowUnknownFields()
	var file struct {
		Source string                     `json:"source"`
		Cities map[string]json.RawMessage `json:"cities"`
	}
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("decode climate normals: %w", err)
	}
	cities := make(map[string]City, len(file.Cities))
	for id, raw := range file.Cities {
		// An array of Go takes lists of any length: they are counted.
		var lists map[string][]float64
		if err := json.Unmarshal(raw, &lists); err != nil {
			return nil, fmt.Errorf("decode climate normals of %s: %w", id, err)
		}
		for _, name := range []string{"max", "min", "wet_days"} {
			if len(lists[name]) != 12 {
				return nil, fmt.Errorf("climate normals of %s: %d months of %s", id, len(lists[name]), name)
			}
		}
		var city City
		if err := json.Unmarshal(raw, &city); err != nil {
			return nil, fmt.Errorf("decode climate normals of %s: %w", id, err)
		}
		cities[id] = city
	}
	return cities, nil
})
