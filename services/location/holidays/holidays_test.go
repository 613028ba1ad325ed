package holidays_test

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/location/holidays"
)

// reference is of the Python library holidays 0.109, for the countries and regions of the built-in cities; Bavaria's with
// the days of its Catholic municipalities, as Munich is one. It leaves out Spanish days that fall on a Sunday and names
// a commemoration on Sundays in Italy: Sundays of these two are not compared.
//
//go:embed testdata/reference.json
var reference []byte

func TestHolidaysAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	var want map[string]map[string][]string
	if err := json.Unmarshal(reference, &want); err != nil {
		t.Fatal(err)
	}
	calendar, err := holidays.New()
	if err != nil {
		t.Fatal(err)
	}
	for place, years := range want {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			country, region, _ := strings.Cut(place, "-")
			for text, days := range years {
				year, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				is := make(map[string]bool, len(days))
				for _, day := range days {
					is[text+"-"+day] = true
				}
				for date := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); date.Year() == year; date = date.AddDate(0, 0, 1) {
					if date.Weekday() == time.Sunday && (country == "ES" || country == "IT") {
						continue
					}
					if got, want := calendar.IsHoliday(country, region, date), is[date.Format(time.DateOnly)]; got != want {
						t.Errorf("%s: holiday is %v, the reference says %v", date.Format(time.DateOnly), got, want)
					}
				}
			}
		})
	}
}

func TestACountryThatIsNotKnownHasNoHolidays(t *testing.T) {
	t.Parallel()
	calendar, err := holidays.New()
	if err != nil {
		t.Fatal(err)
	}
	if calendar.IsHoliday("XX", "", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("nowhere celebrates")
	}
}
