// Package sky lets simulated weather be changed while it runs, the same at all simulated providers.
package sky

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
)

// Change is what is otherwise than the made-up weather, on all days. The zero value changes nothing.
type Change struct {
	// Near is the only place where it holds, within a degree of latitude and longitude; nil for everywhere.
	Near *Place `json:"near,omitempty"`
	// Kind is clear, rain, snow or storm; empty for the made-up one.
	Kind Kind `json:"kind"`
	// Warmer is added to all temperatures, in °C.
	Warmer float64 `json:"warmer"`
	// PM25 replaces the made-up air, in µg/m³; zero does not.
	PM25 float64 `json:"pm25"`
	// Warning is told by providers that have warnings.
	Warning string `json:"warning"`
}

// Place is a point on earth, in degrees.
type Place struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

func (c Change) holdsAt(lat, lng float64) bool {
	return c.Near == nil || math.Abs(c.Near.Lat-lat) <= 1 && math.Abs(c.Near.Lng-lng) <= 1
}

// Kind is a day's weather.
type Kind string

// The kinds.
const (
	Clear Kind = "clear"
	Rain  Kind = "rain"
	Snow  Kind = "snow"
	Storm Kind = "storm"
)

// chances of precipitation that go with the kinds, in percent.
var chances = map[Kind]int{Clear: 0, Rain: 90, Snow: 90, Storm: 90}

// Check says what is wrong with a change.
func (c Change) Check() error {
	if _, ok := chances[c.Kind]; !ok && c.Kind != "" {
		return fmt.Errorf("kind is %q, not clear, rain, snow or storm", c.Kind)
	}
	if math.Abs(c.Warmer) > 60 {
		return fmt.Errorf("warmer is %v, not within 60 °C", c.Warmer)
	}
	if c.Near != nil && !(math.Abs(c.Near.Lat) <= 90 && math.Abs(c.Near.Lng) <= 180) {
		return fmt.Errorf("near is %v, no place on earth", *c.Near)
	}
	if c.PM25 < 0 || c.PM25 > 1000 {
		return fmt.Errorf("pm25 is %v, not within 0 to 1,000 µg/m³", c.PM25)
	}
	return nil
}

// Chance gives the chance of precipitation instead of a made-up one, in percent.
func (c Change) Chance(made int) int {
	if c.Kind == "" {
		return made
	}
	return chances[c.Kind]
}

// Sky is the weather of all simulated providers.
type Sky struct{ change atomic.Pointer[Change] }

// Now is how it differs from the made-up weather at a place, in degrees.
func (s *Sky) Now(lat, lng float64) Change {
	if c := s.change.Load(); c != nil && c.holdsAt(lat, lng) {
		return *c
	}
	return Change{}
}

func (s *Sky) set() Change {
	if c := s.change.Load(); c != nil {
		return *c
	}
	return Change{}
}

const maxBody = 1 << 12

// Admin answers GET (how it differs), PUT (from now on) and DELETE (as made up again).
func (s *Sky) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.set()) //nolint:errchkjson // plain data; a caller that hung up is not told
	})
	mux.HandleFunc("PUT /", func(w http.ResponseWriter, r *http.Request) {
		var c Change
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&c)
		if err == nil {
			err = c.Check()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.change.Store(&c)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /", func(w http.ResponseWriter, _ *http.Request) {
		s.change.Store(nil)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
