// Package chain puts providers behind one another: each source is asked through its gate, what one says is kept for all
// processes, and the next one is asked only where the one before has no answer. The order is that of story [L3]: the next
// provider, then what is kept however old; what TripGen ships stands behind all of it, in the domain.
package chain

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/cacheaside"
	"github.com/tripgen/tripgen/services/location/gate"
)

const (
	// weatherCell is some 11 km: forecast models know no more.
	weatherCell = 0.1
	// horizon is as far as forecasts go, and a day that is past in some zone and not in another.
	horizon = 17
	// fresh is how old a forecast may be that somebody wants fresh: who looks again after a warning is not told of the sky
	// before it, and however many look at once, a provider is asked once for a cell.
	fresh = 10 * time.Second
)

// errNoSource says that there is nobody to ask.
var errNoSource = errors.New("no provider is configured")

// WeatherPolicy keeps forecasts, as new models come out each hour; an old one is better than none for two days. One that
// was refreshed is planned with in all processes two seconds later.
func WeatherPolicy(kind string) cacheaside.Policy {
	return cacheaside.Policy{
		Kind: kind, Version: 1, Fresh: time.Hour, Jitter: 0.2, Revalidate: 6 * time.Hour, Keep: 48 * time.Hour,
		Missing: time.Minute, Local: 2 * time.Second, Load: 6 * time.Second, Patience: 600 * time.Millisecond, Entries: 2000,
	}
}

// WeatherSource is a provider with its gate.
type WeatherSource struct {
	location.WeatherProvider
	Gate *gate.Gate
}

// Weather implements location.WeatherProvider on sources in order and a cache.
type Weather struct {
	Sources []WeatherSource
	Cache   *cacheaside.Cache[location.Forecast]
	Clock   clock.Clock
}

// Forecast gives the days that are known out of those asked for. Days of a forecast that is older than it should be say
// so.
func (w *Weather) Forecast(ctx context.Context, at location.Point, first time.Time, days int) (location.Forecast, error) {
	from := start(w.Clock)
	if !first.Before(from.AddDate(0, 0, horizon)) || first.AddDate(0, 0, days).Before(from) {
		return location.Forecast{}, nil
	}
	cell := location.CellAt(at, weatherCell)
	kept, err := w.Cache.Get(ctx, cell.Key, w.asking(cell))
	if err != nil {
		return location.Forecast{}, err
	}
	f := location.Forecast{Zone: kept.Value.Zone}
	for _, day := range kept.Value.Days {
		if !day.Date.Before(first) && day.Date.Before(first.AddDate(0, 0, days)) {
			day.Source.Stale = kept.Stale
			f.Days = append(f.Days, day)
		}
	}
	return f, nil
}

// Refresh has the sources asked anew, unless what is kept is seconds old.
func (w *Weather) Refresh(ctx context.Context, at location.Point) error {
	cell := location.CellAt(at, weatherCell)
	_, err := w.Cache.Refresh(ctx, cell.Key, fresh, w.asking(cell))
	return err
}

func (w *Weather) asking(cell location.Cell) func(context.Context) (location.Forecast, error) {
	return func(ctx context.Context) (location.Forecast, error) { return w.ask(ctx, cell.Center) }
}

// ask asks the sources in turn until the horizon is covered; what the first ones know counts.
func (w *Weather) ask(ctx context.Context, at location.Point) (location.Forecast, error) {
	var whole location.Forecast
	failures := []error{errNoSource}
	for _, source := range w.Sources {
		f, err := gate.Call(ctx, source.Gate, func(ctx context.Context) (location.Forecast, error) {
			return source.Forecast(ctx, at, start(w.Clock), horizon)
		})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		whole = join(whole, f)
		if len(whole.Days) >= horizon-1 {
			break
		}
	}
	if len(whole.Days) == 0 {
		return location.Forecast{}, errors.Join(failures...)
	}
	return whole, nil
}

func join(a, b location.Forecast) location.Forecast {
	if a.Zone == "" {
		return b
	}
	known := make(map[time.Time]bool, len(a.Days))
	for _, day := range a.Days {
		known[day.Date] = true
	}
	for _, day := range b.Days {
		if !known[day.Date] {
			a.Days = append(a.Days, day)
		}
	}
	return a
}

// start is the earliest date that it is today somewhere.
func start(c clock.Clock) time.Time { return c.Now().Truncate(24*time.Hour).AddDate(0, 0, -1) }

// AirSource is a provider with its gate.
type AirSource struct {
	location.AirProvider
	Gate *gate.Gate
}

// Air implements location.AirProvider on sources in order and a cache.
type Air struct {
	Sources []AirSource
	Cache   *cacheaside.Cache[location.Air]
	Clock   clock.Clock
}

// Air gives the days that are known out of those asked for, and says if they are older than they should be.
func (a *Air) Air(ctx context.Context, at location.Point, first time.Time, _ int) (location.Air, error) {
	if from := start(a.Clock); !first.Before(from.AddDate(0, 0, horizon)) {
		return location.Air{}, nil
	}
	cell := location.CellAt(at, weatherCell)
	kept, err := a.Cache.Get(ctx, cell.Key, a.asking(cell))
	kept.Value.Source.Stale = kept.Stale
	return kept.Value, err
}

// Refresh has the sources asked anew, unless what is kept is seconds old.
func (a *Air) Refresh(ctx context.Context, at location.Point) error {
	cell := location.CellAt(at, weatherCell)
	_, err := a.Cache.Refresh(ctx, cell.Key, fresh, a.asking(cell))
	return err
}

func (a *Air) asking(cell location.Cell) func(context.Context) (location.Air, error) {
	return func(ctx context.Context) (location.Air, error) {
		failures := []error{errNoSource}
		for _, source := range a.Sources {
			air, err := gate.Call(ctx, source.Gate, func(ctx context.Context) (location.Air, error) {
				return source.Air(ctx, cell.Center, start(a.Clock), horizon)
			})
			if err == nil {
				return air, nil
			}
			failures = append(failures, err)
		}
		return location.Air{}, errors.Join(failures...)
	}
}
