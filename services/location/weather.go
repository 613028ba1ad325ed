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
	// PM25 is the daily mean in µg/m³; [PM25Unknown] if not known. AirSource says who tells it.
	PM25      float64
	AirSource Source
	// Normals is true for what the weather usually is, as against a forecast.
	Normals bool
	// Warnings are in force on the day.
	Warnings []Name
	// Hours are hour by hour, as far as known.
	Hours  []Hour
	Source Source
}

// PM25Unknown stands for particulate matter that is not known.
const PM25Unknown = -1

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

// Air is a forecast of the air.
type Air struct {
	// PM25 is the daily mean of PM2.5 in µg/m³ by civil date, at midnight UTC.
	PM25   map[time.Time]float64
	Source Source
}

// KeptWeather is a provider of the weather that gives again what it was told for a while. Refresh has it ask anew, unless
// what it has is seconds old.
type KeptWeather interface {
	WeatherProvider
	Refresh(ctx context.Context, at Point) error
}

// KeptAir is the same for the air.
type KeptAir interface {
	AirProvider
	Refresh(ctx context.Context, at Point) error
}

// AirProvider forecasts the air. It gives the days it knows out of those asked for; none is not an error.
type AirProvider interface {
	Air(ctx context.Context, at Point, first time.Time, days int) (Air, error)
}
