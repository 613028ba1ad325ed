package location

import (
	"context"
	"time"
)

// WeatherKind is the weather in a word: "clear", "clouds", "rain", "snow", "storm", "fog"; empty if not known.
type WeatherKind string

// Hour is an hour's weather.
type Hour struct {
	// Hour is 0 to 23 in the forecast's zone.
	Hour    int
	Kind    WeatherKind
	Celsius float64
	// PrecipitationPercent is the chance of rain or snow, 0 to 100.
	PrecipitationPercent int
}

// DayWeather is a day's weather.
type DayWeather struct {
	// Date is the civil date in the forecast's zone, at midnight UTC.
	Date                   time.Time
	Kind                   WeatherKind
	MinCelsius, MaxCelsius float64
	PrecipitationPercent   int
	// PM25 is the daily mean in µg/m³; negative if not known.
	PM25 float64
	// Hours are hour by hour, as far as known.
	Hours  []Hour
	Source Source
}

// Forecast is the weather at a point, day by day.
type Forecast struct {
	// Zone is the IANA zone of the dates and hours.
	Zone string
	Days []DayWeather
}

// WeatherProvider forecasts. It gives the days it knows out of those asked for; none is not an error. The first day
// is a civil date at the point, at midnight UTC.
type WeatherProvider interface {
	Forecast(ctx context.Context, at Point, first time.Time, days int) (Forecast, error)
}
