// Package openweather asks OpenWeather's One Call API 3.0 (https://openweathermap.org/api/one-call-3) and its Air
// Pollution API: by key, 8 and 4 days ahead, with warnings in force.
package openweather

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// Provider is the source's name.
	Provider = "openweather"
	// Attribution is due under the data's licence, CC BY-SA 4.0.
	Attribution = "Weather data by OpenWeather"
	// ForecastMicroUSD is what a forecast costs by the price list beyond the thousand a day that are free, in millionths
	// of a US dollar. The air costs nothing.
	ForecastMicroUSD = 1500
)

// Client asks OpenWeather. It implements location.WeatherProvider and location.AirProvider.
type Client struct {
	base, key string
	http      *http.Client
	clock     clock.Clock
}

// New makes a client of the server at base, for example "https://api.openweathermap.org".
func New(base, key string, h *http.Client, c clock.Clock) *Client {
	return &Client{base: base, key: key, http: h, clock: c}
}

type condition struct {
	ID int `json:"id"`
}

type answer struct {
	Timezone string `json:"timezone"`
	// Simulated is set by our simulator alone.
	Simulated bool `json:"simulated"`
	Hourly    []struct {
		Dt      int64       `json:"dt"`
		Temp    *float64    `json:"temp"`
		Pop     float64     `json:"pop"`
		Weather []condition `json:"weather"`
	} `json:"hourly"`
	Daily []struct {
		Dt   int64 `json:"dt"`
		Temp struct {
			Min *float64 `json:"min"`
			Max *float64 `json:"max"`
		} `json:"temp"`
		Pop     float64     `json:"pop"`
		Weather []condition `json:"weather"`
	} `json:"daily"`
	Alerts []struct {
		Event string `json:"event"`
		Start int64  `json:"start"`
		End   int64  `json:"end"`
	} `json:"alerts"`
}

// Forecast gives the days that are known out of those asked for.
func (c *Client) Forecast(ctx context.Context, at location.Point, first time.Time, days int) (location.Forecast, error) {
	query := c.position(at)
	query.Set("exclude", "minutely,current")
	query.Set("units", "metric")
	var got answer
	if err := upstream.GetJSON(ctx, c.http, c.base+"/data/3.0/onecall?"+query.Encode(), nil, &got); err != nil {
		return location.Forecast{}, fmt.Errorf("forecast of openweather: %w", err)
	}
	f, err := c.forecast(got, first, days)
	if err != nil {
		return location.Forecast{}, fmt.Errorf("forecast of openweather: %w", err)
	}
	return f, nil
}

func (c *Client) position(at location.Point) url.Values {
	return url.Values{"lat": {fmt.Sprintf("%.4f", at.Lat)}, "lon": {fmt.Sprintf("%.4f", at.Lng)}, "appid": {c.key}}
}

func (c *Client) forecast(got answer, first time.Time, days int) (location.Forecast, error) {
	zone, err := time.LoadLocation(got.Timezone)
	if err != nil || got.Timezone == "" || len(got.Daily) == 0 {
		return location.Forecast{}, errors.Join(upstream.ErrShape, err)
	}
	source := location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Simulated: got.Simulated, Attribution: Attribution}
	f := location.Forecast{Zone: got.Timezone}
	for _, day := range got.Daily {
		if day.Temp.Min == nil || day.Temp.Max == nil || len(day.Weather) == 0 || day.Dt == 0 {
			return location.Forecast{}, upstream.ErrShape
		}
		date := civil(day.Dt, zone)
		if date.Before(first) || !date.Before(first.AddDate(0, 0, days)) {
			continue
		}
		f.Days = append(f.Days, location.DayWeather{
			Date: date, Kind: kindOf(day.Weather[0].ID), MinCelsius: *day.Temp.Min, MaxCelsius: *day.Temp.Max,
			PrecipitationPercent: percent(day.Pop), PM25: location.PM25Unknown, Hours: got.hours(date, zone),
			Warnings: got.warnings(date, zone), Source: source,
		})
	}
	return f, nil
}

func (a answer) hours(date time.Time, zone *time.Location) []location.Hour {
	var hours []location.Hour
	for _, hour := range a.Hourly {
		if hour.Temp == nil || len(hour.Weather) == 0 || !civil(hour.Dt, zone).Equal(date) {
			continue
		}
		hours = append(hours, location.Hour{
			Hour: time.Unix(hour.Dt, 0).In(zone).Hour(), Kind: kindOf(hour.Weather[0].ID), Celsius: *hour.Temp,
			PrecipitationPercent: percent(hour.Pop),
		})
	}
	return hours
}

// warnings are those that are in force for a part of the day, in the language that the authority gave them.
func (a answer) warnings(date time.Time, zone *time.Location) []location.Name {
	var names []location.Name
	for _, alert := range a.Alerts {
		if alert.Event != "" && !civil(alert.Start, zone).After(date) && !civil(alert.End, zone).Before(date) {
			names = append(names, location.Name{En: alert.Event, Local: alert.Event})
		}
	}
	return names
}

// Air gives the daily mean of PM2.5 for the days that are known out of those asked for.
func (c *Client) Air(ctx context.Context, at location.Point, first time.Time, days int) (location.Air, error) {
	var got struct {
		Simulated bool `json:"simulated"`
		List      []struct {
			Dt         int64 `json:"dt"`
			Components struct {
				PM25 *float64 `json:"pm2_5"`
			} `json:"components"`
		} `json:"list"`
	}
	if err := upstream.GetJSON(ctx, c.http, c.base+"/data/2.5/air_pollution/forecast?"+c.position(at).Encode(), nil, &got); err != nil {
		return location.Air{}, fmt.Errorf("air of openweather: %w", err)
	}
	if len(got.List) == 0 {
		return location.Air{}, fmt.Errorf("air of openweather: %w", upstream.ErrShape)
	}
	// The answer names no zone: the nautical one is right to within an hour or two, which a day's mean bears.
	zone := time.FixedZone("", int(at.Lng/15*3600))
	sums, counts := make(map[time.Time]float64), make(map[time.Time]float64)
	for _, hour := range got.List {
		if hour.Components.PM25 == nil {
			return location.Air{}, fmt.Errorf("air of openweather: %w", upstream.ErrShape)
		}
		date := civil(hour.Dt, zone)
		if !date.Before(first) && date.Before(first.AddDate(0, 0, days)) {
			sums[date] += *hour.Components.PM25
			counts[date]++
		}
	}
	for date := range sums {
		sums[date] /= counts[date]
	}
	return location.Air{PM25: sums, Source: location.Source{
		Provider: Provider, FetchedAt: c.clock.Now(), Simulated: got.Simulated, Attribution: Attribution,
	}}, nil
}

// civil is the civil date of an instant in a zone, at midnight UTC.
func civil(unix int64, zone *time.Location) time.Time {
	year, month, day := time.Unix(unix, 0).In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func percent(probability float64) int { return int(100*probability + 0.5) }

// kindOf reads a condition code (https://openweathermap.org/weather-conditions).
func kindOf(id int) location.WeatherKind {
	switch {
	case id >= 200 && id < 300:
		return "storm"
	case id >= 300 && id < 600:
		return "rain"
	case id >= 600 && id < 700:
		return "snow"
	case id >= 700 && id < 800:
		return "fog"
	case id == 800:
		return "clear"
	case id > 800 && id < 900:
		return "clouds"
	default:
		return ""
	}
}
