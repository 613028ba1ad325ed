package planning

import (
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

const (
	// BadPM25 is PM2.5 in µg/m³ from which Korea's scale calls the air bad.
	BadPM25 = 36
	// wetPercent is the chance of precipitation from which an hour is planned as wet.
	wetPercent = 50
)

// weatherOf gives 24 hours, or none where the day's weather is not known. Hours that are missing get the day's weather.
func weatherOf(w *typev1.DayWeather) []planner.HourWeather {
	if w == nil || w.GetKind() == typev1.WeatherKind_WEATHER_KIND_UNSPECIFIED && len(w.GetHours()) == 0 {
		return nil
	}
	out := make([]planner.HourWeather, 24)
	badAir := w.GetPm25() >= BadPM25
	for h := range out {
		out[h] = planner.HourWeather{
			Precipitation: precipitation(w.GetKind(), w.GetPrecipitationPercent()),
			TempC:         (w.GetMinCelsius() + w.GetMaxCelsius()) / 2, BadAir: badAir,
		}
	}
	for _, hour := range w.GetHours() {
		if hour.GetHour() >= 0 && hour.GetHour() < 24 {
			out[hour.GetHour()] = planner.HourWeather{
				Precipitation: precipitation(hour.GetKind(), hour.GetPrecipitationPercent()), TempC: hour.GetCelsius(), BadAir: badAir,
			}
		}
	}
	return out
}

func precipitation(k typev1.WeatherKind, percent int32) planner.Precipitation {
	switch {
	case k == typev1.WeatherKind_WEATHER_KIND_SNOW && percent >= wetPercent:
		return planner.Snow
	case (k == typev1.WeatherKind_WEATHER_KIND_RAIN || k == typev1.WeatherKind_WEATHER_KIND_STORM) && percent >= wetPercent:
		return planner.Rain
	default:
		return planner.Dry
	}
}
