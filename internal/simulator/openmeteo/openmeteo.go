// Package openmeteo simulates Open-Meteo's forecast and air quality servers, in its wire format, for machines without a network. The
// weather is made of the place, the date and nothing else: a temperate year's course by latitude, with a pattern of
// wet and dry days. It says nothing about the real world, and every answer says so in its field "simulated".
package openmeteo

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/sky"
)

// maxDays is the horizon, and a day that is past in some zone and not in another.
const maxDays = 17

// Handler answers GET /v1/forecast and GET /v1/air-quality, with the weather changed as the sky says.
func Handler(s *sky.Sky) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/forecast", func(w http.ResponseWriter, r *http.Request) { forecast(w, r, s) })
	mux.HandleFunc("GET /v1/air-quality", func(w http.ResponseWriter, r *http.Request) { airQuality(w, r, s) })
	return mux
}

type columns struct {
	Time          []string  `json:"time"`
	Code          []int     `json:"weather_code"`
	Temperature   []float64 `json:"temperature_2m,omitempty"`
	Max           []float64 `json:"temperature_2m_max,omitempty"`
	Min           []float64 `json:"temperature_2m_min,omitempty"`
	Precipitation []int     `json:"precipitation_probability,omitempty"`
	PrecipMax     []int     `json:"precipitation_probability_max,omitempty"`
}

type answer struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Timezone  string  `json:"timezone"`
	Simulated bool    `json:"simulated"`
	Daily     columns `json:"daily"`
	Hourly    columns `json:"hourly"`
}

// question is what both kinds of calls ask.
type question struct {
	lat, lng float64
	first    time.Time
	days     int
}

// read reads a question of at most some days, and refuses what is none.
func read(w http.ResponseWriter, r *http.Request, most int) (question, bool) {
	query := r.URL.Query()
	lat, latErr := strconv.ParseFloat(query.Get("latitude"), 64)
	lng, lngErr := strconv.ParseFloat(query.Get("longitude"), 64)
	first, firstErr := time.Parse(time.DateOnly, query.Get("start_date"))
	last, lastErr := time.Parse(time.DateOnly, query.Get("end_date"))
	days := int(last.Sub(first).Hours()/24) + 1
	switch {
	case latErr != nil || lngErr != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180):
		refuse(w, "Latitude must be in range of -90 to 90°, longitude of -180 to 180°.")
	case firstErr != nil || lastErr != nil || days < 1 || days > most:
		refuse(w, "Parameter 'start_date' or 'end_date' is out of allowed range.")
	default:
		return question{lat, lng, first, days}, true
	}
	return question{}, false
}

func forecast(w http.ResponseWriter, r *http.Request, s *sky.Sky) {
	q, ok := read(w, r, maxDays)
	if !ok {
		return
	}
	if !strings.Contains(r.URL.Query().Get("daily"), "weather_code") {
		refuse(w, "This server needs daily=weather_code,…")
		return
	}
	write(w, http.StatusOK, simulate(q.lat, q.lng, q.first, q.days, s.Now(q.lat, q.lng)))
}

// refuse answers as Open-Meteo does.
func refuse(w http.ResponseWriter, reason string) {
	write(w, http.StatusBadRequest, map[string]any{"error": true, "reason": reason})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// The caller that hung up is the only thing that can go wrong here, and nobody is left to be told.
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain data
}

func simulate(lat, lng float64, first time.Time, days int, change sky.Change) answer {
	a := answer{Latitude: lat, Longitude: lng, Timezone: zone(lng), Simulated: true}
	for i := range days {
		date := first.AddDate(0, 0, i)
		mean := meanCelsius(lat, date) + change.Warmer
		wet := change.Chance(chance(lat, lng, date))
		code, changed := codes[change.Kind]
		if !changed {
			code = codeOf(wet, mean)
		}
		minimum, maximum := round(mean-4), round(mean+4)
		a.Daily.Time = append(a.Daily.Time, date.Format(time.DateOnly))
		a.Daily.Code = append(a.Daily.Code, code)
		a.Daily.Max = append(a.Daily.Max, maximum)
		a.Daily.Min = append(a.Daily.Min, minimum)
		a.Daily.PrecipMax = append(a.Daily.PrecipMax, wet)
		for hour := range 24 {
			a.Hourly.Time = append(a.Hourly.Time, date.Add(time.Duration(hour)*time.Hour).Format("2006-01-02T15:04"))
			a.Hourly.Code = append(a.Hourly.Code, code)
			a.Hourly.Temperature = append(a.Hourly.Temperature, round(mean-4*math.Cos(2*math.Pi*float64(hour-3)/24)))
			a.Hourly.Precipitation = append(a.Hourly.Precipitation, wet)
		}
	}
	return a
}

// meanCelsius follows the year: coldest in mid-January in the north, in mid-July in the south.
func meanCelsius(lat float64, date time.Time) float64 {
	swing := 0.28 * math.Abs(lat)
	phase := 2 * math.Pi * float64(date.YearDay()-15) / 365
	if lat < 0 {
		phase += math.Pi
	}
	return 27 - 0.34*math.Abs(lat) - swing*math.Cos(phase)
}

// chance of precipitation, 0 to 100, the same for a tenth of a degree and a date.
func chance(lat, lng float64, date time.Time) int {
	h := fnv.New32a()
	fmt.Fprintf(h, "%.1f/%.1f/%s", lat, lng, date.Format(time.DateOnly))
	return int(h.Sum32() % 101)
}

// codes are the WMO codes of weather that is set.
var codes = map[sky.Kind]int{sky.Clear: 0, sky.Rain: 61, sky.Snow: 73, sky.Storm: 95}

// codeOf gives the WMO code that goes with a chance of precipitation and a temperature.
func codeOf(wet int, mean float64) int {
	switch {
	case wet >= 70 && mean < 0:
		return 73
	case wet >= 70:
		return 61
	case wet >= 35:
		return 3
	default:
		return 0
	}
}

// zone is the nautical one: the server's own would need the borders of all zones.
func zone(lng float64) string {
	offset := int(math.Round(lng / 15))
	if offset == 0 {
		return "Etc/GMT"
	}
	return fmt.Sprintf("Etc/GMT%+d", -offset) // POSIX counts the other way
}

func round(x float64) float64 { return math.Round(x*10) / 10 }
