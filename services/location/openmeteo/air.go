package openmeteo

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// AirHorizon is how many days ahead, today included, there are forecasts of the air for (CAMS).
	AirHorizon = 5
	// airHours are needed of a day to tell its mean.
	airHours = 12
)

// airAnswer is the part of /v1/air-quality's answer that is read.
type airAnswer struct {
	// Simulated is set by our simulator alone.
	Simulated bool `json:"simulated"`
	Hourly    struct {
		Time []string   `json:"time"`
		PM25 []*float64 `json:"pm2_5"`
	} `json:"hourly"`
}

// Air gives the daily mean of PM2.5 for the days within its horizon out of those asked for.
func (c *Client) Air(ctx context.Context, at location.Point, first time.Time, days int) (location.Air, error) {
	last := c.within(first, days, AirHorizon)
	if last.Before(first) {
		return location.Air{}, nil
	}
	query := position(at, first, last)
	query.Set("hourly", "pm2_5")
	var got airAnswer
	if err := upstream.GetJSON(ctx, c.http, c.airBase+"/v1/air-quality?"+query.Encode(), nil, &got); err != nil {
		return location.Air{}, fmt.Errorf("air quality of open-meteo: %w", err)
	}
	if n := len(got.Hourly.Time); n == 0 || n != len(got.Hourly.PM25) {
		return location.Air{}, fmt.Errorf("air quality of open-meteo: hourly columns: %w", upstream.ErrShape)
	}
	sums, counts := make(map[time.Time]float64), make(map[time.Time]float64)
	for i, text := range got.Hourly.Time {
		hour, err := time.Parse(hourLayout, text)
		if err != nil {
			return location.Air{}, fmt.Errorf("air quality of open-meteo: hour %q: %w", text, upstream.ErrShape)
		}
		if pm := got.Hourly.PM25[i]; pm != nil {
			date := hour.Truncate(24 * time.Hour)
			sums[date] += *pm
			counts[date]++
		}
	}
	air := location.Air{
		PM25:   make(map[time.Time]float64, len(sums)),
		Source: location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Simulated: got.Simulated, Attribution: Attribution},
	}
	for date, sum := range sums {
		if counts[date] >= airHours {
			air.PM25[date] = sum / counts[date]
		}
	}
	return air, nil
}

func position(at location.Point, first, last time.Time) url.Values {
	return url.Values{
		"latitude":   {fmt.Sprintf("%.4f", at.Lat)},
		"longitude":  {fmt.Sprintf("%.4f", at.Lng)},
		"timezone":   {"auto"},
		"start_date": {first.Format(time.DateOnly)},
		"end_date":   {last.Format(time.DateOnly)},
	}
}
