// Package openinghours reads and evaluates the common forms of OpenStreetMap's
// opening_hours: 24/7, weekdays and lists of them with public holidays (PH) and
// the n-th weekday of a month, holidays on weekdays (PH Mo) and the days before
// and after holidays (PH +1 day), several spans a day, spans past midnight, off,
// months and days of months, and rules that override (;) or add (,).
//
// What it does not understand it refuses with ErrNotUnderstood and the place in
// the text: sunrise and sunset, open ends, school holidays, week numbers, years,
// easter, fall-back rules (||). It never guesses.
//
// The grammar: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
package openinghours

import (
	"slices"
	"time"
)

// MinutesPerDay is the length of a civil day on the schedule's clock. A
// schedule knows wall-clock times only; changes to daylight saving are the
// caller's to apply.
const MinutesPerDay = 24 * 60

// Date is a civil date in the place's own zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the civil date of t in t's own location.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// add returns the date so many days later, or earlier where days is negative.
func (d Date) add(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

func (d Date) weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Interval is a time of being open, in minutes from the midnight that begins
// its date: 0 ≤ Open < MinutesPerDay, Open < Close ≤ 2·MinutesPerDay. Close is
// over MinutesPerDay where the place closes after the next midnight.
type Interval struct{ Open, Close int }

// Schedule is when a place is open. The zero Schedule is never open. It is
// immutable and safe for concurrent use.
type Schedule struct{ rules []rule }

// On returns the times of being open that begin on date, in order and apart
// from each other; nil when the place is closed. holiday tells which days are
// public holidays where the place is; nil for none. What still goes on from the
// day before, an interval of that day with Close over MinutesPerDay, is not
// repeated.
func (s Schedule) On(date Date, holiday func(Date) bool) []Interval {
	if holiday == nil {
		holiday = func(Date) bool { return false }
	}
	var open []Interval
	for _, r := range s.rules {
		if !r.matches(date, holiday) {
			continue
		}
		switch {
		case r.off && len(r.spans) == 0:
			open = nil
		case r.off:
			open = subtract(open, r.spans)
		case r.additional:
			open = append(open, r.times()...)
		default:
			open = slices.Clone(r.times())
		}
	}
	return merge(open)
}

// rule is one rule of a schedule. Its selectors all have to match; one that is
// empty matches always.
type rule struct {
	additional bool // adds to the rules before instead of overriding them
	off        bool
	dates      []dateRange
	days       daySelector
	spans      []Interval // none: the whole day
}

var wholeDay = []Interval{{Open: 0, Close: MinutesPerDay}}

func (r rule) times() []Interval {
	if len(r.spans) == 0 {
		return wholeDay
	}
	return r.spans
}

func (r rule) matches(date Date, holiday func(Date) bool) bool {
	if len(r.dates) > 0 {
		day := monthDay{date.Month, date.Day}
		if !slices.ContainsFunc(r.dates, func(d dateRange) bool { return d.contains(day) }) {
			return false
		}
	}
	return r.days.matches(date, holiday)
}

// daySelector is a set of weekdays, n-th weekdays of the month and public
// holidays; the zero value is every day.
type daySelector struct {
	weekdays [7]bool // by time.Weekday
	nth      []nthWeekday
	holidays []holiday
}

// holiday is the day so many days after a public holiday, 0 for itself and
// negative for before; only on some weekdays unless none is said.
type holiday struct {
	offset int
	only   [7]bool
}

func (h holiday) matches(date Date, weekday time.Weekday, is func(Date) bool) bool {
	return (h.only == [7]bool{} || h.only[weekday]) && is(date.add(-h.offset))
}

// nthWeekday is the n-th such weekday of a month, 1 to 5, or from its end, -1 to -5.
type nthWeekday struct {
	weekday time.Weekday
	n       int
}

func (d daySelector) isEmpty() bool {
	return d.weekdays == [7]bool{} && len(d.nth) == 0 && len(d.holidays) == 0
}

func (d daySelector) matches(date Date, isHoliday func(Date) bool) bool {
	weekday := date.weekday()
	if d.isEmpty() || d.weekdays[weekday] {
		return true
	}
	for _, h := range d.holidays {
		if h.matches(date, weekday, isHoliday) {
			return true
		}
	}
	for _, nth := range d.nth {
		if nth.weekday != weekday {
			continue
		}
		fromStart := (date.Day-1)/7 + 1
		fromEnd := -((daysIn(date.Year, date.Month)-date.Day)/7 + 1)
		if nth.n == fromStart || nth.n == fromEnd {
			return true
		}
	}
	return false
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// monthDay is a day of any year.
type monthDay struct {
	month time.Month
	day   int
}

func (m monthDay) ordinal() int { return int(m.month)*100 + m.day }

// dateRange is from one day of the year to another, both included; over the end
// of the year when to is before from.
type dateRange struct{ from, to monthDay }

func (d dateRange) contains(day monthDay) bool {
	from, to, at := d.from.ordinal(), d.to.ordinal(), day.ordinal()
	if from <= to {
		return from <= at && at <= to
	}
	return at >= from || at <= to
}

// subtract returns what is left of open without the spans of off.
func subtract(open, off []Interval) []Interval {
	for _, cut := range off {
		var left []Interval
		for _, i := range open {
			if before := (Interval{i.Open, min(i.Close, cut.Open)}); before.Open < before.Close {
				left = append(left, before)
			}
			if after := (Interval{max(i.Open, cut.Close), i.Close}); after.Open < after.Close {
				left = append(left, after)
			}
		}
		open = left
	}
	return open
}

// merge sorts the intervals and joins those that touch.
func merge(open []Interval) []Interval {
	slices.SortFunc(open, func(a, b Interval) int { return a.Open - b.Open })
	var merged []Interval
	for _, i := range open {
		if n := len(merged); n > 0 && i.Open <= merged[n-1].Close {
			merged[n-1].Close = max(merged[n-1].Close, i.Close)
			continue
		}
		merged = append(merged, i)
	}
	return merged
}
