// Package openmeteo asks Open-Meteo for forecasts (https://open-meteo.com/en/docs) and the air
// (https://open-meteo.com/en/docs/air-quality-api): no key, up to 16 and 5 days.
package openmeteo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// Provider is the source's name.
	Provider = "openmeteo"
	// Horizon is how many days ahead, today included, there are forecasts for.
	Horizon = 16
	// Attribution is due under the data's licence, CC BY 4.0.
	Attribution = "Weather data by Open-Meteo.com"

	hourLayout = "2006-01-02T15:04"
)

// Client asks Open-Meteo's servers. It implements location.WeatherProvider and location.AirProvider.
type Client struct {
	base, airBase string
	http          *http.Client
	clock         clock.Clock
}

// New makes a client of the servers at base and airBase, for example "https://api.open-meteo.com" and
// "https://air-quality-api.open-meteo.com".
func New(base, airBase string, h *http.Client, c clock.Clock) *Client {
	return &Client{base: base, airBase: airBase, http: h, clock: c}
}

// within is the last day of those asked for that lies within a horizon.
func (c *Client) within(first time.Time, days, horizon int) time.Time {
	last := first.AddDate(0, 0, days-1)
	if end := c.clock.Now().Truncate(24*time.Hour).AddDate(0, 0, horizon-1); last.After(end) {
		return end
	}
	return last
}

// answer is the part of /v1/forecast's answer that is read.
type answer struct {
	Timezone string `json:"timezone"`
	// Simulated is set by our simulator alone.
	Simulated bool `json:"simulated"`
	Daily     struct {
		Time          []string  `json:"time"`
		Code          []int     `json:"weather_code"`
		Max           []float64 `json:"temperature_2m_max"`
		Min           []float64 `json:"temperature_2m_min"`
		Precipitation []int     `json:"precipitation_probability_max"`
	} `json:"daily"`
	Hourly struct {
		Time          []string  `json:"time"`
		Code          []int     `json:"weather_code"`
		Temperature   []float64 `json:"temperature_2m"`
		Precipitation []int     `json:"precipitation_probability"`
	} `json:"hourly"`
}

// Forecast gives the days within the horizon out of those asked for.
func (c *Client) Forecast(ctx context.Context, at location.Point, first time.Time, days int) (location.Forecast, error) {
	last := c.within(first, days, Horizon)
	if last.Before(first) {
		return location.Forecast{}, nil
	}
	query := position(at, first, last)
	query.Set("daily", "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max")
	query.Set("hourly", "weather_code,temperature_2m,precipitation_probability")
	var got answer
	if err := upstream.GetJSON(ctx, c.http, c.base+"/v1/forecast?"+query.Encode(), nil, &got); err != nil {
		return location.Forecast{}, fmt.Errorf("forecast of open-meteo: %w", err)
	}
	return c.forecast(got)
}

func (c *Client) forecast(got answer) (location.Forecast, error) {
	d := got.Daily
	n := len(d.Time)
	if n == 0 || len(d.Code) != n || len(d.Max) != n || len(d.Min) != n || len(d.Precipitation) != n {
		return location.Forecast{}, fmt.Errorf("forecast of open-meteo: daily columns: %w", upstream.ErrShape)
	}
	source := location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Simulated: got.Simulated, Attribution: Attribution}
	f := location.Forecast{Zone: got.Timezone}
	for i := range n {
		date, err := time.Parse(time.DateOnly, d.Time[i])
		if err != nil {
			return location.Forecast{}, fmt.Errorf("forecast of open-meteo: date %q: %w", d.Time[i], upstream.ErrShape)
		}
		f.Days = append(f.Days, location.DayWeather{
			Date: date, Kind: kindOf(d.Code[i]), MinCelsius: d.Min[i], MaxCelsius: d.Max[i],
			PrecipitationPercent: d.Precipitation[i], PM25: location.PM25Unknown, Hours: got.hours(d.Time[i]), Source: source,
		})
	}
	return f, nil
}

// hours are those of a date; hourly columns that do not fit together are left out.
func (a answer) hours(date string) []location.Hour {
	h := a.Hourly
	n := min(len(h.Time), len(h.Code), len(h.Temperature), len(h.Precipitation))
	var hours []location.Hour
	for i := range n {
		at, err := time.Parse(hourLayout, h.Time[i])
		if err != nil || at.Format(time.DateOnly) != date {
			continue
		}
		hours = append(hours, location.Hour{
			Hour: at.Hour(), Kind: kindOf(h.Code[i]), Celsius: h.Temperature[i], PrecipitationPercent: h.Precipitation[i],
		})
	}
	return hours
}

// kindOf reads a WMO weather interpretation code (WW).
func kindOf(code int) location.WeatherKind {
	switch {
	case code <= 1:
		return "clear"
	case code <= 3:
		return "clouds"
	case code == 45 || code == 48:
		return "fog"
	case code >= 95:
		return "storm"
	case code >= 71 && code <= 77 || code == 85 || code == 86:
		return "snow"
	case code >= 51:
		return "rain"
	default:
		return ""
	}
}
