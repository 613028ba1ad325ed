// Package openweather simulates OpenWeather's One Call 3.0 and Air Pollution APIs, in their wire format. The weather is
// made of the place and the date; every answer says in its field "simulated" that it says nothing about the world.
package openweather

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/sky"
)

const (
	days     = 8
	hours    = 48
	airHours = 96
)

// Handler answers GET /data/3.0/onecall and GET /data/2.5/air_pollution/forecast, with the weather changed as the sky
// says. Now tells the time.
func Handler(now func() time.Time, s *sky.Sky) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /data/3.0/onecall", func(w http.ResponseWriter, r *http.Request) {
		if lat, lng, ok := read(w, r); ok {
			write(w, http.StatusOK, oneCall(lat, lng, now(), s.Now(lat, lng)))
		}
	})
	mux.HandleFunc("GET /data/2.5/air_pollution/forecast", func(w http.ResponseWriter, r *http.Request) {
		if lat, lng, ok := read(w, r); ok {
			write(w, http.StatusOK, air(lat, lng, now(), s.Now(lat, lng)))
		}
	})
	return mux
}

func read(w http.ResponseWriter, r *http.Request) (lat, lng float64, ok bool) {
	query := r.URL.Query()
	lat, latErr := strconv.ParseFloat(query.Get("lat"), 64)
	lng, lngErr := strconv.ParseFloat(query.Get("lon"), 64)
	switch {
	case query.Get("appid") == "":
		refuse(w, http.StatusUnauthorized, "Invalid API key.")
	case latErr != nil || !(math.Abs(lat) <= 90):
		refuse(w, http.StatusBadRequest, "wrong latitude")
	case lngErr != nil || !(math.Abs(lng) <= 180):
		refuse(w, http.StatusBadRequest, "wrong longitude")
	default:
		return lat, lng, true
	}
	return 0, 0, false
}

func refuse(w http.ResponseWriter, code int, message string) {
	write(w, code, map[string]any{"cod": code, "message": message})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain data; a caller that hung up is not told
}

func oneCall(lat, lng float64, now time.Time, change sky.Change) map[string]any {
	offset := int(math.Round(lng/15)) * 3600
	first := now.UTC().Truncate(time.Hour)
	var hourly, daily []map[string]any
	for i := range hours {
		at := first.Add(time.Duration(i) * time.Hour)
		wet := float64(change.Chance(int(100*chance(lat, lng, at)+0.5))) / 100
		hourly = append(hourly, map[string]any{
			"dt": at.Unix(), "temp": round(celsius(lat, at) + change.Warmer + 4*math.Sin(2*math.Pi*float64(at.Hour()-9)/24)), "pop": wet, "weather": weather(wet, change.Kind),
		})
	}
	noon := first.Truncate(24 * time.Hour).Add(12*time.Hour - time.Duration(offset)*time.Second)
	for i := range days {
		at := noon.AddDate(0, 0, i)
		wet := float64(change.Chance(int(100*chance(lat, lng, at)+0.5))) / 100
		daily = append(daily, map[string]any{
			"dt": at.Unix(), "pop": wet, "weather": weather(wet, change.Kind),
			"temp": map[string]any{"min": round(celsius(lat, at) + change.Warmer - 4), "max": round(celsius(lat, at) + change.Warmer + 4)},
		})
	}
	answer := map[string]any{
		"lat": lat, "lon": lng, "timezone": zone(lng), "timezone_offset": offset, "hourly": hourly, "daily": daily, "simulated": true,
	}
	if change.Warning != "" {
		answer["alerts"] = []map[string]any{{
			"sender_name": "simulated", "event": change.Warning, "start": first.Unix(), "end": first.AddDate(0, 0, days).Unix(),
		}}
	}
	return answer
}

func air(lat, lng float64, now time.Time, change sky.Change) map[string]any {
	first := now.UTC().Truncate(time.Hour)
	var list []map[string]any
	for i := range airHours {
		at := first.Add(time.Duration(i) * time.Hour)
		pm25 := round(25 - 20*chance(lat, lng, at))
		if change.PM25 > 0 {
			pm25 = change.PM25
		}
		list = append(list, map[string]any{
			"dt": at.Unix(), "main": map[string]any{"aqi": 2}, "components": map[string]any{"pm2_5": pm25},
		})
	}
	return map[string]any{"coord": map[string]any{"lat": lat, "lon": lng}, "list": list, "simulated": true}
}

func celsius(lat float64, at time.Time) float64 {
	phase := 2 * math.Pi * float64(at.YearDay()-15) / 365
	if lat < 0 {
		phase += math.Pi
	}
	return 27 - 0.34*math.Abs(lat) - 0.28*math.Abs(lat)*math.Cos(phase)
}

// chance of precipitation, 0 to 1, the same for a tenth of a degree and a date.
func chance(lat, lng float64, at time.Time) float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%.1f/%.1f/%s", lat, lng, at.Format(time.DateOnly)) // a hash takes everything
	return float64(h.Sum32()%101) / 100
}

func weather(wet float64, set sky.Kind) []map[string]any {
	id, main := 800, "Clear"
	switch {
	case set == sky.Snow:
		id, main = 600, "Snow"
	case set == sky.Storm:
		id, main = 200, "Thunderstorm"
	case wet >= 0.7:
		id, main = 500, "Rain"
	case wet >= 0.35:
		id, main = 803, "Clouds"
	}
	return []map[string]any{{"id": id, "main": main}}
}

// zone is the nautical one.
func zone(lng float64) string {
	offset := int(math.Round(lng / 15))
	if offset == 0 {
		return "Etc/GMT"
	}
	return fmt.Sprintf("Etc/GMT%+d", -offset) // POSIX counts the other way
}

func round(x float64) float64 { return math.Round(x*10) / 10 }
