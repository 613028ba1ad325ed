package trip

import (
	"fmt"
	"time"
)

// Date is a civil date, without a zone; the zero value means none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the date of an instant in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, err
	}
	return DateOf(t, time.UTC), nil
}

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Valid tells whether the calendar has the date, within the years 1970 to 9999.
func (d Date) Valid() bool {
	return d.Year >= 1970 && d.Year <= 9999 && d == DateOf(d.noon(), time.UTC)
}

// String is YYYY-MM-DD, or empty for the zero date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Compact is YYYYMMDD.
func (d Date) Compact() string { return fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day) }

// AddDays is the date n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.noon().AddDate(0, 0, n), time.UTC) }

// Before tells whether d is an earlier date than e.
func (d Date) Before(e Date) bool { return d.noon().Before(e.noon()) }

// DaysSince counts the days from e to d.
func (d Date) DaysSince(e Date) int { return int(d.noon().Sub(e.noon()) / (24 * time.Hour)) }

func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// Begin is the first instant of the date in a zone. That is not always midnight: where clocks are put forward at
// midnight the day begins an hour later, and where they are put back after it midnight comes twice.
func (d Date) Begin(zone *time.Location) time.Time {
	const grid = 15 * time.Minute // all changes of clocks lie on it
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	for DateOf(t, zone).Before(d) {
		t = t.Add(grid)
	}
	for DateOf(t.Add(-grid), zone) == d {
		t = t.Add(-grid)
	}
	return t
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD, or nothing for the zero date.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(text))
	return err
}
