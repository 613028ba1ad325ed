package location

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Normals tell the usual weather of a civil date near a point; false where they are not known.
type Normals interface {
	Normal(at Point, date time.Time) (DayWeather, bool)
}

// Outlook answers every question about the weather: by the forecast as far as there is one, by climate normals beyond
// its horizon and while no provider answers.
type Outlook struct {
	weather KeptWeather
	air     KeptAir
	normals Normals
	zoneAt  func(Point) string
	log     *slog.Logger
}

// NewOutlook puts normals behind providers. ZoneAt gives the IANA zone of a point, for days without a forecast.
func NewOutlook(weather KeptWeather, air KeptAir, normals Normals, zoneAt func(Point) string, log *slog.Logger) *Outlook {
	return &Outlook{weather: weather, air: air, normals: normals, zoneAt: zoneAt, log: log}
}

// Fresh is [Outlook.Forecast] by what the providers say now: forecasts that are older than seconds are asked for anew. One
// that cannot be had takes nothing away.
func (o *Outlook) Fresh(ctx context.Context, at Point, first time.Time, days int) Forecast {
	var asking sync.WaitGroup
	asking.Go(func() {
		if err := o.air.Refresh(ctx, at); err != nil && ctx.Err() == nil {
			o.log.WarnContext(ctx, "no fresh forecast of the air", "error", err)
		}
	})
	if err := o.weather.Refresh(ctx, at); err != nil && ctx.Err() == nil {
		o.log.WarnContext(ctx, "no fresh forecast", "error", err)
	}
	asking.Wait()
	return o.Forecast(ctx, at, first, days)
}

// Forecast gives a day's weather for each day asked for; a day is missing only where neither a forecast nor normals are
// known. The first day is a civil date at the point, at midnight UTC.
func (o *Outlook) Forecast(ctx context.Context, at Point, first time.Time, days int) Forecast {
	var air Air
	var asking sync.WaitGroup
	asking.Go(func() {
		var err error
		if air, err = o.air.Air(ctx, at, first, days); err != nil && ctx.Err() == nil {
			o.log.WarnContext(ctx, "no forecast of the air", "error", err)
		}
	})
	f, err := o.weather.Forecast(ctx, at, first, days)
	asking.Wait()
	if err != nil && ctx.Err() == nil {
		o.log.WarnContext(ctx, "no forecast: normals are told", "error", err)
	}
	known := make(map[time.Time]DayWeather, len(f.Days))
	for _, day := range f.Days {
		known[day.Date] = day
	}
	whole := Forecast{Zone: f.Zone}
	if whole.Zone == "" {
		whole.Zone = o.zoneAt(at)
	}
	for i := range days {
		date := first.AddDate(0, 0, i)
		day, ok := known[date]
		if !ok {
			day, ok = o.normals.Normal(at, date)
		}
		if pm, known := air.PM25[date]; ok && known {
			day.PM25, day.AirSource = pm, air.Source
		}
		if ok {
			whole.Days = append(whole.Days, day)
		}
	}
	return whole
}
