package trip_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/trip"
)

func date(t *testing.T, s string) trip.Date {
	t.Helper()
	d, err := trip.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// stays makes a trip of destinations, given as zone and nights.
func stays(start trip.Date, zonesAndNights ...any) trip.Trip {
	t := trip.Trip{Start: start}
	for i := 0; i < len(zonesAndNights); i += 2 {
		t.Destinations = append(t.Destinations, trip.Destination{
			Zone: zonesAndNights[i].(string), Nights: zonesAndNights[i+1].(int),
		})
	}
	return t
}

// [T2] The first destination starts with the trip, each next where the one before ends.
func TestDestinationDatesFollowNights(t *testing.T) {
	t.Parallel()
	tr := stays(date(t, "2028-02-27"), "Asia/Seoul", 2, "Asia/Tokyo", 1, "Asia/Seoul", 30)
	want := [][2]string{{"2028-02-27", "2028-02-29"}, {"2028-02-29", "2028-03-01"}, {"2028-03-01", "2028-03-31"}}
	for i, stay := range tr.Schedule() {
		if got := [2]string{stay.Start.String(), stay.End.String()}; got != want[i] {
			t.Errorf("destination %d: %v, want %v", i, got, want[i])
		}
	}
	if tr.End().String() != "2028-03-31" || tr.Days() != 34 {
		t.Errorf("ends %v after %d days", tr.End(), tr.Days())
	}
	undated := stays(trip.Date{}, "Asia/Seoul", 2)
	if undated.Schedule() != nil || !undated.End().IsZero() {
		t.Error("a trip without a start has dates")
	}
}

// [T4] Planning, ongoing and past go by the calendar where the trip begins and ends.
func TestStatusByTheTripsOwnCalendar(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trip    trip.Trip
		at      string
		status  trip.Status
		day     int
		percent int
	}{
		"a minute before it begins in Seoul": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 2), "2027-05-31T14:59:59Z", trip.Planning, 0, 0,
		},
		"it begins at Seoul's midnight": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 2), "2027-05-31T15:00:00Z", trip.Ongoing, 1, 0,
		},
		"half of it": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 2), "2027-06-02T03:00:00Z", trip.Ongoing, 2, 50,
		},
		"it ends with the day of leaving": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 2), "2027-06-03T14:59:59Z", trip.Ongoing, 3, 99,
		},
		"it is over": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 2), "2027-06-03T15:00:00Z", trip.Past, 0, 100,
		},
		"no destinations": {stays(date(t, "2020-06-01")), "2027-06-03T15:00:00Z", trip.Planning, 0, 0},
		"no start":        {stays(trip.Date{}, "Asia/Seoul", 2), "2027-06-03T15:00:00Z", trip.Planning, 0, 0},
		"unknown zones count as UTC": {
			stays(date(t, "2027-06-01"), "", 1), "2027-06-01T00:00:00Z", trip.Ongoing, 1, 0,
		},
		"an unknown zone is its neighbour's": {
			stays(date(t, "2027-06-01"), "", 1, "Asia/Seoul", 1), "2027-05-31T15:00:00Z", trip.Ongoing, 1, 0,
		},
		// Clocks go forward in Berlin on 28 March 2027: that day has 23 hours.
		"the hour that is missing": {
			stays(date(t, "2027-03-28"), "Europe/Berlin", 1), "2027-03-28T21:59:59Z", trip.Ongoing, 1, 48,
		},
		"the day after it": {
			stays(date(t, "2027-03-28"), "Europe/Berlin", 1), "2027-03-28T22:00:00Z", trip.Ongoing, 2, 48,
		},
		// Clocks go forward at midnight in Beirut on 28 March 2027: the day begins at 01:00.
		"a day without a midnight": {
			stays(date(t, "2027-03-28"), "Asia/Beirut", 1), "2027-03-27T21:59:59Z", trip.Planning, 0, 0,
		},
		"begins an hour late by the clock": {
			stays(date(t, "2027-03-28"), "Asia/Beirut", 1), "2027-03-27T22:00:00Z", trip.Ongoing, 1, 0,
		},
		// Clocks go back from 01:00 to 00:00 in Havana on 7 November 2027: midnight comes twice.
		"the first of two midnights": {
			stays(date(t, "2027-11-07"), "America/Havana", 1), "2027-11-07T04:00:00Z", trip.Ongoing, 1, 0,
		},
		// Over the date line: in Honolulu it is still the day before.
		"eastwards over the date line": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 1, "Pacific/Honolulu", 1), "2027-06-02T09:59:59Z", trip.Ongoing, 2, 47,
		},
		"the day goes on in Honolulu": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 1, "Pacific/Honolulu", 1), "2027-06-03T09:59:59Z", trip.Ongoing, 2, 73,
		},
		"the last day is Honolulu's": {
			stays(date(t, "2027-06-01"), "Asia/Seoul", 1, "Pacific/Honolulu", 1), "2027-06-04T09:59:59Z", trip.Ongoing, 3, 99,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := instant(t, c.at)
			if got := c.trip.Status(now); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if got := c.trip.DayAt(now); got != c.day {
				t.Errorf("day %d, want %d", got, c.day)
			}
			if got := c.trip.Progress(now); got != c.percent {
				t.Errorf("%d%%, want %d%%", got, c.percent)
			}
		})
	}
}

// [T4] Whatever zones a group crosses, its day never goes back, ends with the last, and statuses follow each other.
func TestDaysNeverGoBack(t *testing.T) {
	t.Parallel()
	zones := []string{
		"Asia/Seoul", "Pacific/Honolulu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "America/New_York",
		"Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Asia/Beirut",
	}
	rapid.Check(t, func(t *rapid.T) {
		tr := trip.Trip{Start: trip.Date{Year: 2027, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 360).Draw(t, "start"))}
		for range rapid.IntRange(1, 4).Draw(t, "destinations") {
			tr.Destinations = append(tr.Destinations, trip.Destination{
				Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Nights: rapid.IntRange(1, 3).Draw(t, "nights"),
			})
		}
		begin, end, ok := tr.Span()
		if !ok || !begin.Before(end) {
			t.Fatalf("span %v to %v", begin, end)
		}
		status, day, percent := trip.Planning, 0, 0
		for at := begin.Add(-2 * time.Hour); at.Before(end.Add(2 * time.Hour)); at = at.Add(30 * time.Minute) {
			if s := tr.Status(at); s < status {
				t.Fatalf("%v: status goes back from %d to %d", at, status, s)
			} else {
				status = s
			}
			if status == trip.Ongoing {
				if d := tr.DayAt(at); d < max(1, day) || d > tr.Days() {
					t.Fatalf("%v: day %d after %d of %d", at, d, day, tr.Days())
				} else {
					day = d
				}
			}
			if p := tr.Progress(at); p < percent || p > 100 {
				t.Fatalf("%v: progress %d after %d", at, p, percent)
			} else {
				percent = p
			}
		}
		if status != trip.Past || day != tr.Days() {
			t.Fatalf("ends with status %d on day %d of %d", status, day, tr.Days())
		}
	})
}

func TestDatesOfTheCalendar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d     trip.Date
		valid bool
	}{
		{trip.Date{Year: 2028, Month: 2, Day: 29}, true},
		{trip.Date{Year: 2027, Month: 2, Day: 29}, false},
		{trip.Date{Year: 2027, Month: 13, Day: 1}, false},
		{trip.Date{Year: 1969, Month: 12, Day: 31}, false},
		{trip.Date{}, false},
	} {
		if c.d.Valid() != c.valid {
			t.Errorf("%v: valid %v, want %v", c.d, c.d.Valid(), c.valid)
		}
	}
	if got := date(t, "2027-12-31").AddDays(1); got.String() != "2028-01-01" || got.DaysSince(date(t, "2027-12-31")) != 1 {
		t.Errorf("the day after New Year's Eve is %v", got)
	}
}

// [T8] Regenerations are counted by the day and given back to the day that they were taken from.
func TestRegenerationsADay(t *testing.T) {
	t.Parallel()
	var r trip.Regenerations
	monday, tuesday := date(t, "2027-06-07"), date(t, "2027-06-08")
	for i := range trip.RegenerationsPerDay {
		if !r.Take(monday) {
			t.Fatalf("refused the regeneration %d", i+1)
		}
	}
	if r.Take(monday) || r.Left(monday) != 0 || r.Left(tuesday) != trip.RegenerationsPerDay {
		t.Fatalf("got %+v", r)
	}
	r.GiveBack(monday)
	if r.Left(monday) != 1 || !r.Take(tuesday) || r.Left(tuesday) != trip.RegenerationsPerDay-1 {
		t.Fatalf("got %+v", r)
	}
	r.GiveBack(monday) // yesterday's: nothing to give back any more
	if r.Left(tuesday) != trip.RegenerationsPerDay-1 {
		t.Fatalf("got %+v", r)
	}
}
