package openinghours

import (
	"strings"
	"time"
)

// selectors reads [months [":"]] [weekdays] [times] into r.
func (p *parser) selectors(r *rule) error {
	var err error
	if _, ok := p.month(p.peek()); ok {
		if r.dates, err = p.dates(); err != nil {
			return err
		}
		p.takeSymbol(":")
	}
	if p.atDay(p.peek()) {
		if r.days, err = p.days(); err != nil {
			return err
		}
	}
	if p.peek().kind == clock {
		r.spans, err = p.spans()
	}
	return err
}

// dates reads "Apr-Sep", "Dec 24-26", "Dec 25-Jan 06", and lists of such.
func (p *parser) dates() ([]dateRange, error) {
	var dates []dateRange
	for {
		d, err := p.dateRange()
		if err != nil {
			return nil, err
		}
		dates = append(dates, d)
		if _, ok := p.month(p.after()); !ok || !p.takeSymbol(",") {
			return dates, nil
		}
	}
}

func (p *parser) dateRange() (dateRange, error) {
	from, fromHasDay, err := p.monthAndDay()
	if err != nil {
		return dateRange{}, err
	}
	if !p.takeSymbol("-") {
		if fromHasDay {
			return dateRange{from, from}, nil
		}
		return dateRange{from, monthDay{from.month, longest[from.month]}}, nil
	}
	if t := p.peek(); fromHasDay && t.kind == number {
		day, err := p.dayOf(from.month)
		if err == nil && day < from.day {
			err = refuse(t.pos, "days of a month backwards")
		}
		return dateRange{from, monthDay{from.month, day}}, err
	}
	to, toHasDay, err := p.monthAndDay()
	if err != nil {
		return dateRange{}, err
	}
	if fromHasDay != toHasDay {
		return dateRange{}, refuse(p.peek().pos, "range of a day and a whole month")
	}
	if !toHasDay {
		to.day = longest[to.month]
	}
	return dateRange{from, to}, nil
}

// monthAndDay reads a month and, if there is one, its day; else the day is 1.
func (p *parser) monthAndDay() (md monthDay, hasDay bool, err error) {
	month, ok := p.month(p.peek())
	if !ok {
		return monthDay{}, false, p.unexpected()
	}
	p.take()
	if p.peek().kind != number {
		return monthDay{month, 1}, false, nil
	}
	day, err := p.dayOf(month)
	return monthDay{month, day}, true, err
}

func (p *parser) dayOf(month time.Month) (int, error) {
	t := p.take()
	if t.n < 1 || t.n > longest[month] {
		return 0, refuse(t.pos, "no such day of the month")
	}
	return t.n, nil
}

// days reads "Mo-Fr", "Sa,PH", "PH +1 day", "Tu[1,3]", and lists of such, and
// "PH Mo": holidays that are Mondays.
func (p *parser) days() (daySelector, error) {
	var days daySelector
	for {
		if err := p.dayItem(&days); err != nil {
			return daySelector{}, err
		}
		if !p.atDay(p.after()) || !p.takeSymbol(",") {
			break
		}
	}
	if _, ok := p.weekday(p.peek()); !ok || len(days.holidays) != 1 || days.weekdays != [7]bool{} || len(days.nth) > 0 {
		return days, nil
	}
	return days, p.only(&days.holidays[0])
}

// only reads the weekdays on which a holiday counts.
func (p *parser) only(h *holiday) error {
	start := p.peek()
	days, err := p.days()
	if err == nil && (len(days.nth) > 0 || len(days.holidays) > 0) {
		err = refuse(start.pos, "holidays on other days than weekdays")
	}
	h.only = days.weekdays
	return err
}

// offset reads "+1 day" or "-2 days" behind a holiday, or nothing.
func (p *parser) offset() (int, error) {
	sign := 1
	switch {
	case p.takeSymbol("+"):
	case p.takeSymbol("-"):
		sign = -1
	default:
		return 0, nil
	}
	t := p.peek()
	if t.kind != number || t.n == 0 {
		return 0, p.unexpected()
	}
	p.take()
	if unit := p.peek(); unit.kind != word || !strings.EqualFold(unit.text, "day") && !strings.EqualFold(unit.text, "days") {
		return 0, p.unexpected()
	}
	p.take()
	return sign * t.n, nil
}

func (p *parser) dayItem(days *daySelector) error {
	t := p.take()
	if isHoliday(t) {
		offset, err := p.offset()
		days.holidays = append(days.holidays, holiday{offset: offset})
		return err
	}
	from := weekdays[strings.ToLower(t.text)]
	if p.takeSymbol("[") {
		return p.nth(from, days)
	}
	to := from
	if p.takeSymbol("-") {
		day, ok := p.weekday(p.peek())
		if !ok {
			return p.unexpected()
		}
		p.take()
		to = day
	}
	for day := from; ; day = (day + 1) % 7 {
		days.weekdays[day] = true
		if day == to {
			return nil
		}
	}
}

// nth reads "1,3]", "1-2]" or "-1]".
func (p *parser) nth(weekday time.Weekday, days *daySelector) error {
	for {
		from, err := p.ordinal()
		if err != nil {
			return err
		}
		to := from
		if p.takeSymbol("-") {
			pos := p.peek().pos
			if to, err = p.ordinal(); err != nil {
				return err
			}
			if from < 0 || to < from {
				return refuse(pos, "ordinals of a weekday backwards")
			}
		}
		for n := from; n <= to; n++ {
			days.nth = append(days.nth, nthWeekday{weekday, n})
		}
		if p.takeSymbol("]") {
			return nil
		}
		if !p.takeSymbol(",") {
			return p.unexpected()
		}
	}
}

func (p *parser) ordinal() (int, error) {
	sign := 1
	if p.takeSymbol("-") {
		sign = -1
	}
	t := p.peek()
	if t.kind != number || t.n < 1 || t.n > 5 {
		return 0, p.unexpected()
	}
	p.take()
	return sign * t.n, nil
}

// spans reads "09:00-12:00,13:00-18:00".
func (p *parser) spans() ([]Interval, error) {
	var spans []Interval
	for {
		span, err := p.span()
		if err != nil {
			return nil, err
		}
		spans = append(spans, span)
		if p.after().kind != clock || !p.takeSymbol(",") {
			return spans, nil
		}
	}
}

func (p *parser) span() (Interval, error) {
	from := p.take()
	if from.minutes >= MinutesPerDay {
		return Interval{}, refuse(from.pos, "opens after the end of the day")
	}
	if !p.takeSymbol("-") {
		return Interval{}, p.unexpected()
	}
	to := p.peek()
	if to.kind != clock {
		return Interval{}, p.unexpected()
	}
	p.take()
	span := Interval{Open: from.minutes, Close: to.minutes}
	switch {
	case span.Open == span.Close: // a whole day or nothing: nobody can tell
		return Interval{}, refuse(to.pos, "closes when it opens")
	case span.Close < span.Open:
		span.Close += MinutesPerDay
	}
	return span, nil
}

func (p *parser) atDay(t token) bool {
	_, ok := p.weekday(t)
	return ok || isHoliday(t)
}

func (p *parser) weekday(t token) (time.Weekday, bool) {
	if t.kind != word {
		return 0, false
	}
	day, ok := weekdays[strings.ToLower(t.text)]
	return day, ok
}

func (p *parser) month(t token) (time.Month, bool) {
	if t.kind != word {
		return 0, false
	}
	month, ok := months[strings.ToLower(t.text)]
	return month, ok
}

func isHoliday(t token) bool { return t.kind == word && strings.EqualFold(t.text, "PH") }

var weekdays = map[string]time.Weekday{
	"mo": time.Monday, "tu": time.Tuesday, "we": time.Wednesday, "th": time.Thursday,
	"fr": time.Friday, "sa": time.Saturday, "su": time.Sunday,
}

var months = map[string]time.Month{
	"jan": time.January, "feb": time.February, "mar": time.March, "apr": time.April,
	"may": time.May, "jun": time.June, "jul": time.July, "aug": time.August,
	"sep": time.September, "oct": time.October, "nov": time.November, "dec": time.December,
}

// longest is the most days that a month has in any year.
var longest = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
