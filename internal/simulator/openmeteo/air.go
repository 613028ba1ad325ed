package openmeteo

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/sky"
)

// maxAirDays is how many days of air the provider gives at once.
const maxAirDays = 7

type airAnswer struct {
	Latitude  float64    `json:"latitude"`
	Longitude float64    `json:"longitude"`
	Timezone  string     `json:"timezone"`
	Simulated bool       `json:"simulated"`
	Hourly    airColumns `json:"hourly"`
}

type airColumns struct {
	Time []string  `json:"time"`
	PM25 []float64 `json:"pm2_5"`
}

func airQuality(w http.ResponseWriter, r *http.Request, s *sky.Sky) {
	q, ok := read(w, r, maxAirDays)
	if !ok {
		return
	}
	if !strings.Contains(r.URL.Query().Get("hourly"), "pm2_5") {
		refuse(w, "This server needs hourly=pm2_5")
		return
	}
	change := s.Now(q.lat, q.lng)
	a := airAnswer{Latitude: q.lat, Longitude: q.lng, Timezone: zone(q.lng), Simulated: true}
	for i := range q.days {
		date := q.first.AddDate(0, 0, i)
		// Rain washes the air: what is wet in the forecast is clean here.
		mean := 25 - 0.2*float64(change.Chance(chance(q.lat, q.lng, date)))
		for hour := range 24 {
			a.Hourly.Time = append(a.Hourly.Time, date.Add(time.Duration(hour)*time.Hour).Format("2006-01-02T15:04"))
			if change.PM25 > 0 {
				a.Hourly.PM25 = append(a.Hourly.PM25, change.PM25)
				continue
			}
			a.Hourly.PM25 = append(a.Hourly.PM25, round(mean+5*math.Sin(2*math.Pi*float64(hour-6)/24)))
		}
	}
	write(w, http.StatusOK, a)
}
