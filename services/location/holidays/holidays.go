// Package holidays knows public holidays by country and region: from rickar/cal where it has the country, with what it
// lacks added here (Assumption in Munich, Catalonia's own days, Italy's day of Saint Francis), and from shipped tables
// for Korea and Thailand, which it does not have. See docs/decisions/ for what was compared.
package holidays

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/us"

	data "github.com/tripgen/tripgen/data/holidays"
)

// Calendar tells public holidays. It may be used by several goroutines.
type Calendar struct {
	tables map[string]data.Table

	mu    sync.Mutex // cal's functions change their holidays while they compute
	years map[yearOf]map[string]bool
}

type yearOf struct {
	country, region string
	year            int
}

// New makes a calendar; an error means a broken build.
func New() (*Calendar, error) {
	tables, err := data.Load()
	if err != nil {
		return nil, fmt.Errorf("holiday tables: %w", err)
	}
	return &Calendar{tables: tables, years: make(map[yearOf]map[string]bool)}, nil
}

// IsHoliday tells whether a civil date is a public holiday in a country (ISO 3166-1 alpha-2) and, where the days differ
// within it, a region (the second part of ISO 3166-2, "BY"; empty for the days of the whole country). A country that is
// not known has none.
func (c *Calendar) IsHoliday(country, region string, date time.Time) bool {
	if table, ok := c.tables[country]; ok {
		return table.Has(date)
	}
	key := yearOf{country, region, date.Year()}
	c.mu.Lock()
	defer c.mu.Unlock()
	days, ok := c.years[key]
	if !ok {
		days = compute(key)
		c.years[key] = days
	}
	return days[date.Format(time.DateOnly)]
}

// compute gives the days of one year. A holiday that moves off a weekend counts on both days, and one of the year after
// may be observed on its last day.
func compute(key yearOf) map[string]bool {
	days := make(map[string]bool)
	for _, h := range national(key.country, key.region) {
		for _, year := range []int{key.year, key.year + 1} {
			actual, observed := h.Calc(year)
			for _, day := range []time.Time{actual, observed} {
				if day.Year() == key.year {
					days[day.Format(time.DateOnly)] = true
				}
			}
		}
	}
	if key.country == "JP" {
		citizensHolidays(days, key.year)
	}
	return days
}

// citizensHolidays adds the days between two holidays (Act on National Holidays, article 3.3).
func citizensHolidays(days map[string]bool, year int) {
	first := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
	var between []string
	for day := first.AddDate(0, 0, 1); day.Year() == year; day = day.AddDate(0, 0, 1) {
		name := day.Format(time.DateOnly)
		before, after := day.AddDate(0, 0, -1).Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly)
		if !days[name] && day.Weekday() != time.Sunday && days[before] && days[after] {
			between = append(between, name)
		}
	}
	for _, name := range between {
		days[name] = true
	}
}

func national(country, region string) []*cal.Holiday {
	switch country {
	case "DE":
		if region == "BY" { // Assumption holds where Catholics are the majority: in Munich it does
			return append(slices.Clone(de.HolidaysBY), yearly(aa.AssumptionOfMary, 0))
		}
		return de.Holidays
	case "ES":
		if region == "CT" {
			return catalan()
		}
		return es.Holidays
	case "FR":
		return fr.Holidays
	case "GB":
		return gb.Holidays
	case "IT":
		return append(slices.Clone(it.Holidays), aa.Easter, day(time.October, 4, 2026))
	case "JP":
		return jp.Holidays
	case "US":
		return us.Holidays
	default:
		return nil
	}
}

// catalan is Spain's list with the days that Catalonia adds.
func catalan() []*cal.Holiday {
	return append(slices.Clone(es.Holidays), aa.EasterMonday,
		day(time.June, 24, 0), day(time.September, 11, 0), day(time.December, 26, 0))
}

// day is a holiday on the same date of each year, from a year on.
func day(month time.Month, of, from int) *cal.Holiday {
	return &cal.Holiday{Month: month, Day: of, StartYear: from, Func: cal.CalcDayOfMonth}
}

func yearly(h *cal.Holiday, from int) *cal.Holiday { return day(h.Month, h.Day, from) }
