package openinghours

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// June 2026 begins on a Monday.
const (
	monday = 1 + iota
	tuesday
	wednesday
	thursday
	friday
	saturday
	sunday
)

func june(day int) Date { return Date{2026, time.June, day} }

func at(open, close string) Interval {
	minutes := func(s string) int { return value(s[:2])*60 + value(s[3:]) }
	return Interval{minutes(open), minutes(close)}
}

// onlyIf makes one day a holiday, if it is one, and no other.
func onlyIf(holiday bool, day Date) func(Date) bool {
	return func(d Date) bool { return holiday && d == day }
}

var allDay = at("00:00", "24:00")

// [A8] The hours of a day are those that the rules give, in their order.
func TestScheduleOnADay(t *testing.T) {
	t.Parallel()
	nine := at("09:00", "18:00")
	for _, test := range []struct {
		hours   string
		date    Date
		holiday bool
		want    []Interval
	}{
		{"24/7", june(sunday), true, []Interval{allDay}},
		{"open", june(monday), false, []Interval{allDay}},
		{"off", june(monday), false, nil},
		{"24/7 closed", june(monday), false, nil},
		{"09:00-18:00", june(sunday), true, []Interval{nine}},
		{"9:00-18:00", june(sunday), false, []Interval{nine}},
		{"00:00-24:00", june(monday), false, []Interval{allDay}},

		// weekdays
		{"Mo-Fr 09:00-18:00", june(friday), false, []Interval{nine}},
		{"Mo-Fr 09:00-18:00", june(saturday), false, nil},
		{"mo–fr 09:00–18:00", june(friday), false, []Interval{nine}},
		{"We-Mo 09:00-18:00", june(tuesday), false, nil},
		{"We-Mo 09:00-18:00", june(monday), false, []Interval{nine}},
		{"Mo,We,Sa-Su 09:00-18:00", june(sunday), false, []Interval{nine}},
		{"Mo, We 09:00-18:00", june(wednesday), false, []Interval{nine}},
		{"Mo,We,Sa-Su 09:00-18:00", june(thursday), false, nil},
		{"Mo-Fr", june(monday), false, []Interval{allDay}},

		// public holidays
		{"Mo-Fr 09:00-18:00", june(monday), true, []Interval{nine}},
		{"Mo-Fr 09:00-18:00; PH off", june(monday), true, nil},
		{"Mo-Fr 09:00-18:00; PH off", june(monday), false, []Interval{nine}},
		{"Tu-Su,PH 09:00-18:00", june(monday), true, []Interval{nine}},
		{"Tu-Su,PH 09:00-18:00", june(monday), false, nil},
		{"PH,Sa 09:00-18:00", june(saturday), false, []Interval{nine}},
		{"Mo-Fr 09:00-18:00, PH off", june(monday), true, nil},

		// several spans, past midnight
		{"11:30-14:00,17:00-21:00", june(monday), false, []Interval{at("11:30", "14:00"), at("17:00", "21:00")}},
		{"17:00-21:00, 11:30-14:00", june(monday), false, []Interval{at("11:30", "14:00"), at("17:00", "21:00")}},
		{"10:00-15:00,14:00-18:00", june(monday), false, []Interval{at("10:00", "18:00")}},
		{"Fr 18:00-02:00", june(friday), false, []Interval{at("18:00", "26:00")}},
		{"Fr 18:00-02:00", june(saturday), false, nil},
		{"Fr 18:00-26:00", june(friday), false, []Interval{at("18:00", "26:00")}},
		{"18:00-00:00", june(friday), false, []Interval{at("18:00", "24:00")}},

		// override, addition, taking away
		{"Mo-Su 09:00-18:00; Tu off", june(tuesday), false, nil},
		{"Mo-Su 09:00-18:00; Tu 10:00-12:00", june(tuesday), false, []Interval{at("10:00", "12:00")}},
		{"Tu off; Mo-Su 09:00-18:00", june(tuesday), false, []Interval{nine}},
		{"Mo-Fr 09:00-12:00, We 14:00-18:00", june(wednesday), false, []Interval{at("09:00", "12:00"), at("14:00", "18:00")}},
		{"Mo-Fr 09:00-12:00, We 14:00-18:00", june(thursday), false, []Interval{at("09:00", "12:00")}},
		{"Mo-Fr 09:00-18:00; 12:00-13:00 off", june(monday), false, []Interval{at("09:00", "12:00"), at("13:00", "18:00")}},
		{"Mo-Fr 09:00-18:00; 08:00-19:00 off", june(monday), false, nil},
		{"Mo-Fr 09:00-18:00;", june(monday), false, []Interval{nine}},

		// months and their days
		{"Apr-Sep 09:00-18:00", june(monday), false, []Interval{nine}},
		{"Apr-Sep 09:00-18:00", Date{2026, time.October, 1}, false, nil},
		{"Nov-Feb 09:00-18:00", Date{2026, time.January, 31}, false, []Interval{nine}},
		{"Nov-Feb 09:00-18:00", Date{2028, time.February, 29}, false, []Interval{nine}},
		{"Nov-Feb 09:00-18:00", Date{2026, time.March, 1}, false, nil},
		{"Jun,Aug: 09:00-18:00", june(monday), false, []Interval{nine}},
		{"Jun,Aug: 09:00-18:00", Date{2026, time.July, 1}, false, nil},
		{"Jun Mo-Fr 09:00-18:00", june(saturday), false, nil},
		{"Jun 02-04 09:00-18:00", june(thursday), false, []Interval{nine}},
		{"Jun 02-04 09:00-18:00", june(friday), false, nil},
		{"May 15-Jun 03 09:00-18:00", june(wednesday), false, []Interval{nine}},
		{"May 15-Jun 03 09:00-18:00", june(thursday), false, nil},
		{"Dec 20-Jan 06 off", Date{2026, time.January, 6}, false, nil},
		{"09:00-18:00; Dec 25,Jan 1 off", Date{2026, time.January, 1}, false, nil},
		{"09:00-18:00; Dec 25,Jan 1 off", Date{2026, time.December, 24}, false, []Interval{nine}},

		// the n-th weekday of the month
		{"09:00-18:00; Mo[1] off", june(1), false, nil},
		{"09:00-18:00; Mo[1] off", june(8), false, []Interval{nine}},
		{"Mo[1,3] 09:00-18:00", june(15), false, []Interval{nine}},
		{"Mo[2-3] 09:00-18:00", june(22), false, nil},
		{"Tu[-1] 09:00-18:00", june(30), false, []Interval{nine}},
		{"Tu[-1] 09:00-18:00", june(23), false, nil},
		{"Mo[5],We 09:00-18:00", june(29), false, []Interval{nine}},

		// comments
		{`Mo-Fr 09:00-18:00 "ring; twice"`, june(monday), false, []Interval{nine}},
		{`24/7 "self-service"`, june(monday), false, []Interval{allDay}},
		{`Mo open "by the back door"; Tu off "repairs"`, june(monday), false, []Interval{allDay}},
	} {
		s, err := Parse(test.hours)
		if err != nil {
			t.Errorf("%s: %v", test.hours, err)
			continue
		}
		if got := s.On(test.date, onlyIf(test.holiday, test.date)); !slices.Equal(got, test.want) {
			t.Errorf("%s on %v (holiday: %v) = %v, want %v", test.hours, test.date, test.holiday, got, test.want)
		}
	}
}

// [A8] A museum that is closed on Mondays is open on a Monday that is a holiday, and closed on the Tuesday behind it.
func TestADayBesideAHoliday(t *testing.T) {
	t.Parallel()
	nine := []Interval{at("09:00", "17:00")}
	const museum = "Tu-Su,PH 09:00-17:00; PH +1 day Tu off"
	for _, test := range []struct {
		hours   string
		holiday Date
		date    Date
		want    []Interval
	}{
		{museum, june(1), june(1), nine},
		{museum, june(1), june(2), nil},
		{museum, june(1), june(3), nine},
		{museum, june(1), june(8), nil},
		{museum, june(1), june(9), nine},
		{museum, june(3), june(4), nine}, // a holiday on another day changes nothing
		{"PH Mo,Tu 09:00-17:00", june(2), june(2), nine},
		{"PH Mo,Tu 09:00-17:00", june(3), june(3), nil},
		{"PH Mo-We 09:00-17:00", june(3), june(3), nine},
		{"PH Mo-We 09:00-17:00", june(4), june(1), nil},
		{"09:00-17:00; PH -1 day off", june(1), Date{2026, time.May, 31}, nil},
		{"09:00-17:00; PH -1 day off", june(1), june(1), nine},
		{"09:00-17:00; PH +2 days off", Date{2025, time.December, 31}, Date{2026, time.January, 2}, nil},
		{"Sa,PH,PH +1 day 09:00-17:00", june(3), june(4), nine},
	} {
		s, err := Parse(test.hours)
		if err != nil {
			t.Errorf("%s: %v", test.hours, err)
			continue
		}
		if got := s.On(test.date, onlyIf(true, test.holiday)); !slices.Equal(got, test.want) {
			t.Errorf("%s on %v with a holiday on %v = %v, want %v", test.hours, test.date, test.holiday, got, test.want)
		}
	}
}

// What is not understood stays unknown and is never guessed.
func TestParseRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hours string
		pos   int
	}{
		{"", 0},
		{"   ", 3},
		{";", 0},
		{"sunrise-sunset", 0},
		{"Mo-Fr sunrise-18:00", 6},
		{"09:00-sunset", 6},
		{"09:00+", 5},
		{"09:00", 5},
		{"09:00-18:00+", 11},
		{"09:00-09:00", 6},
		{"Mo-Fr 09:00-18:00 || \"by appointment\"", 18},
		{"Mo-Fr 09:00-18:00 unknown", 18},
		{"unknown", 0},
		{`"by appointment"`, 0},
		{`Mo-Fr "by appointment"`, 6},
		{`Mo-Fr 09:00-18:00 "no end`, 18},
		{"Mo-Fr, 09:00-18:00", 5},
		{"Jun, 09:00-18:00", 3},
		{"SH 09:00-18:00", 0},
		{"PH Mo[1] 09:00-18:00", 3},
		{"PH Mo,PH off", 3},
		{"Sa,PH Mo 09:00-18:00", 6},
		{"Mo PH 09:00-18:00", 3},
		{"PH + day off", 5},
		{"PH +0 days off", 4},
		{"PH +1 off", 6},
		{"PH +1 week off", 6},
		{"Mo +1 day off", 3},
		{"easter off", 0},
		{"week 1-10 09:00-18:00", 0},
		{"2026 Jun 09:00-18:00", 0},
		{"Monday 09:00-18:00", 0},
		{"월-금 09:00-18:00", 0},
		{"Mo-Fr 9am-6pm", 6},
		{"Mo-Fr 09.00-18.00", 8},
		{"Mo-Fr 09:00-18:00 Sa", 18},
		{"Mo- 09:00-18:00", 4},
		{"Mo-PH 09:00-18:00", 3},
		{"Mo[6] 09:00-18:00", 3},
		{"Mo[0] off", 3},
		{"Mo[] off", 3},
		{"Mo[3-1] off", 5},
		{"Mo[-2--1] off", 6},
		{"Mo[1", 4},
		{"Jun 31 off", 4},
		{"Jun 00 off", 4},
		{"Jun 12-10 off", 7},
		{"Jun 12-Jul off", 11},
		{"Jun-Jul 3 off", 10},
		{"Dec 25,26 off", 6},
		{"25:00-26:00", 0},
		{"24:00-25:00", 0},
		{"09:60-10:00", 0},
		{"09:00-48:01", 6},
		{"09:00-18:00,", 12},
		{"09:00-18:00; ; Mo off", 13},
		{"Mo\x00 off", 2},
		{"100:00-101:00", 0},
	} {
		_, err := Parse(test.hours)
		var syntax *SyntaxError
		if !errors.Is(err, ErrNotUnderstood) || !errors.As(err, &syntax) {
			t.Errorf("%q: error %v, want ErrNotUnderstood", test.hours, err)
			continue
		}
		if syntax.Pos != test.pos {
			t.Errorf("%q: %v, want byte %d", test.hours, err, test.pos)
		}
	}
}

func TestParseRefusesALongText(t *testing.T) {
	t.Parallel()
	longest := "Mo off" + strings.Repeat(" ", MaxLength-6)
	if _, err := Parse(longest); err != nil {
		t.Errorf("%d bytes: %v", len(longest), err)
	}
	for _, text := range []string{longest + " ", strings.Repeat("Mo off;", 64<<10/7)} {
		if _, err := Parse(text); !errors.Is(err, ErrNotUnderstood) {
			t.Errorf("%d bytes: error %v, want ErrNotUnderstood", len(text), err)
		}
	}
}

func TestZeroScheduleIsNeverOpen(t *testing.T) {
	t.Parallel()
	if got := (Schedule{}).On(june(monday), nil); got != nil {
		t.Errorf("open %v", got)
	}
}

func TestOnLeavesTheScheduleAsItIs(t *testing.T) {
	t.Parallel()
	s, err := Parse("17:00-21:00,11:30-14:00; Sa off; Mo-Fr 12:00-13:00 off")
	if err != nil {
		t.Fatal(err)
	}
	first := s.On(june(sunday), nil)
	first[0].Close = 0
	s.On(june(monday), nil)
	if got, want := s.On(june(sunday), nil), []Interval{at("11:30", "14:00"), at("17:00", "21:00")}; !slices.Equal(got, want) {
		t.Errorf("second time %v, want %v", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"24/7", "Mo-Fr 09:00-18:00; PH off", "Tu[1,-1] 18:00-02:00, Sa 10:00-14:00", "Nov-Feb: 09:00-17:00 \"winter\"",
		"Dec 25-Jan 06 off", "PH +1 day Tu off", "Mo[3-1", "\"", "24/", "48:00", "–",
	} {
		f.Add(seed, 0, true)
	}
	f.Fuzz(func(t *testing.T, text string, day int, holiday bool) {
		s, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		date := DateOf(time.Date(2026, time.January, 1+day%800, 0, 0, 0, 0, time.UTC))
		last := -1
		for _, i := range s.On(date, onlyIf(holiday, date)) {
			if i.Open <= last || i.Open >= MinutesPerDay || i.Close <= i.Open || i.Close > 2*MinutesPerDay {
				t.Fatalf("%q on %v: interval %v after %d", text, date, i, last)
			}
			last = i.Close
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("Mo-Fr 09:00-18:00; Sa,PH 10:00-14:00; Dec 25 off"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOn(b *testing.B) {
	s, err := Parse("Mo-Fr 09:00-18:00; Sa,PH 10:00-14:00; Dec 25 off")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.On(june(monday), nil)
	}
}
