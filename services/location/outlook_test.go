package location_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/climate"
	"github.com/tripgen/tripgen/services/location/holidays"
	"github.com/tripgen/tripgen/services/location/openinghours"
)

// horizon forecasts some days from a first one on, or fails.
type horizon struct {
	first time.Time
	days  int
	err   error
}

func (h horizon) Forecast(_ context.Context, _ location.Point, first time.Time, days int) (location.Forecast, error) {
	f := location.Forecast{Zone: "Europe/Berlin"}
	for i := range days {
		if date := first.AddDate(0, 0, i); !date.Before(h.first) && date.Before(h.first.AddDate(0, 0, h.days)) {
			f.Days = append(f.Days, location.DayWeather{Date: date, Kind: "rain", PM25: location.PM25Unknown})
		}
	}
	return f, h.err
}

func (h horizon) Air(_ context.Context, _ location.Point, first time.Time, _ int) (location.Air, error) {
	return location.Air{PM25: map[time.Time]float64{first: 12}, Source: location.Source{Provider: "air"}}, h.err
}

func (h horizon) Refresh(context.Context, location.Point) error { return h.err }

// [L5]
func TestOutlookAnswersEveryDayAskedFor(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	cities, _, err := builtin.Load(today)
	if err != nil {
		t.Fatal(err)
	}
	normals, err := climate.New(cities, today)
	if err != nil {
		t.Fatal(err)
	}
	zone := func(location.Point) string { return "Europe/Berlin" }
	outlook := func(h horizon) *location.Outlook {
		return location.NewOutlook(h, h, normals, zone, slog.New(slog.DiscardHandler))
	}
	munich := location.Point{Lat: 48.1374, Lng: 11.5755}
	for name, tc := range map[string]struct {
		provider  horizon
		forecasts int
	}{
		"forecasts, then normals":     {horizon{today, 16, nil}, 16},
		"a provider that is away":     {horizon{today, 0, errors.New("away")}, 0},
		"a provider that knows a day": {horizon{today.AddDate(0, 0, 20), 1, nil}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := outlook(tc.provider).Forecast(t.Context(), munich, today, 62)
			if len(f.Days) != 62 || f.Zone != "Europe/Berlin" {
				t.Fatalf("%d days in %q", len(f.Days), f.Zone)
			}
			forecasts := 0
			for i, day := range f.Days {
				if !day.Date.Equal(today.AddDate(0, 0, i)) {
					t.Fatalf("day %d is %v", i, day.Date)
				}
				if !day.Normals {
					forecasts++
				} else if day.Source.Provider != "normals" || day.Kind == "rain" || day.MaxCelsius > 10 && day.Date.Month() == time.December {
					t.Errorf("normal %+v", day)
				}
			}
			if forecasts != tc.forecasts {
				t.Errorf("%d days are forecast, want %d", forecasts, tc.forecasts)
			}
		})
	}
	t.Run("a point that nothing is known of has no days", func(t *testing.T) {
		t.Parallel()
		if f := outlook(horizon{err: errors.New("away")}).Forecast(t.Context(), location.Point{}, today, 3); len(f.Days) != 0 {
			t.Errorf("got %+v", f.Days)
		}
	})
}

func TestEveryBuiltInCityHasNormals(t *testing.T) {
	t.Parallel()
	cities, _, err := builtin.Load(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	normals, err := climate.New(cities, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, city := range cities {
		for month := time.January; month <= time.December; month++ {
			day, ok := normals.Normal(city.Center, time.Date(2027, month, 15, 0, 0, 0, 0, time.UTC))
			if !ok || day.MinCelsius >= day.MaxCelsius || day.MinCelsius < -10 || day.MaxCelsius > 40 || day.PrecipitationPercent < 0 || day.PrecipitationPercent > 80 {
				t.Errorf("%s in %v: %+v, %v", city.ID, month, day, ok)
			}
		}
	}
}

func TestHoursFollowPublicHolidays(t *testing.T) {
	t.Parallel()
	schedule, err := openinghours.Parse("Mo-Su 10:00-18:00; PH off")
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := holidays.New()
	if err != nil {
		t.Fatal(err)
	}
	p := location.Place{Schedule: &schedule}
	for name, tc := range map[string]struct {
		city string
		date time.Time
		open bool
	}{
		"German Unity Day in Munich":           {"munich", time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC), false},
		"the same day in Paris":                {"paris", time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC), true},
		"Assumption in Munich":                 {"munich", time.Date(2026, 8, 15, 12, 0, 0, 0, time.UTC), false},
		"Seollal in Seoul":                     {"seoul", time.Date(2026, 2, 17, 5, 0, 0, 0, time.UTC), false},
		"Sant Joan in Barcelona":               {"barcelona", time.Date(2026, 6, 24, 12, 0, 0, 0, time.UTC), false},
		"New Year begins in Tokyo before noon": {"tokyo", time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), false},
		"an ordinary day":                      {"munich", time.Date(2026, 10, 6, 12, 0, 0, 0, time.UTC), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			city, ok := catalog(t).City(tc.city)
			if !ok {
				t.Fatal("no city")
			}
			if open, known := p.OpenAt(tc.date, city, calendar); open != tc.open || !known {
				t.Errorf("open is %v, known %v", open, known)
			}
		})
	}
}
