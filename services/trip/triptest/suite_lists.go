package triptest

import (
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/trip"
)

func day(d int) trip.Date { return trip.Date{Year: 2027, Month: 5, Day: d} }

func testList(f *fixture) {
	made := make([]trip.Trip, 0, 7)
	for i, name := range []string{"나", "b", "가", "A", "다", "가", "B2"} {
		made = append(made, f.create(func(t *trip.Trip) {
			t.Name = name
			if i%3 != 2 {
				t.Start = day(20 + i%2)
			} else {
				t.Start = trip.Date{}
			}
		}))
	}
	f.create(func(t *trip.Trip) { t.Owner = Stranger })
	for order, want := range map[trip.Order][]int{
		trip.Newest:  {6, 5, 4, 3, 2, 1, 0},
		trip.Oldest:  {0, 1, 2, 3, 4, 5, 6},
		trip.ByStart: {0, 4, 6, 1, 3, 2, 5},
		trip.ByName:  {3, 1, 6, 2, 5, 0, 4}, // letter case aside
	} {
		var got []int
		q := trip.Query{Owner: Owner, Now: Now, Order: order, Limit: 2}
		for {
			page, err := f.List(f.ctx, q)
			f.must(err)
			for _, t := range page {
				got = append(got, slices.IndexFunc(made, func(m trip.Trip) bool { return m.ID == t.ID }))
			}
			if len(page) < q.Limit {
				break
			}
			cursor := page[len(page)-1].CursorOf(order)
			q.After = &cursor
		}
		if !slices.Equal(got, want) {
			f.Errorf("order %d: got %v, want %v", order, got, want)
		}
	}
}

func testListFilters(f *fixture) {
	at := func(name string, start trip.Date) trip.Trip {
		return f.create(func(t *trip.Trip) { t.Name, t.Start = name, start })
	}
	// The sample lasts five nights: 11 May starts tomorrow, 6 May goes on, 1 May is over.
	planning, ongoing, past := at("Next 100%", day(11)), at("지금", day(6)), at("Gone", day(1))
	undated := f.create(func(t *trip.Trip) {
		t.Name, t.Start = "아직_안정함", trip.Date{}
		t.Destinations = t.Destinations[:1]
	})
	for _, c := range []struct {
		name string
		q    trip.Query
		want []trip.Trip
	}{
		{"planning", trip.Query{Status: trip.Planning}, []trip.Trip{undated, planning}},
		{"ongoing", trip.Query{Status: trip.Ongoing}, []trip.Trip{ongoing}},
		{"past", trip.Query{Status: trip.Past}, []trip.Trip{past}},
		{"trip name, letter case aside", trip.Query{Search: trip.Folded("GONE")}, []trip.Trip{past}},
		{"destination name", trip.Query{Search: trip.Folded("paris")}, []trip.Trip{past, ongoing, planning}},
		{"decomposed Hangul", trip.Query{Search: trip.Folded("\u1106\u1171\u11ab")}, []trip.Trip{undated, past, ongoing, planning}},
		{"percent is no wildcard", trip.Query{Search: "100%"}, []trip.Trip{planning}},
		{"underscore is no wildcard", trip.Query{Search: "직_안"}, []trip.Trip{undated}},
		{"nothing", trip.Query{Search: "x_x"}, nil},
		{"both", trip.Query{Search: "paris", Status: trip.Past}, []trip.Trip{past}},
	} {
		c.q.Owner, c.q.Now, c.q.Order, c.q.Limit = Owner, Now, trip.Newest, 10
		got, err := f.List(f.ctx, c.q)
		f.must(err)
		if !slices.EqualFunc(got, c.want, func(a, b trip.Trip) bool { return a.ID == b.ID }) {
			f.Errorf("%s: got %d trips, want %d: %+v", c.name, len(got), len(c.want), got)
		}
	}
}

func remove(now time.Time) func(*trip.Trip) error {
	return func(t *trip.Trip) error {
		t.Deleted = now
		return nil
	}
}

func testDeleted(f *fixture) {
	t := f.create()
	_, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, remove(f.clock.Now()))
	f.must(err)
	count := func(deleted bool) int {
		list, err := f.List(f.ctx, trip.Query{Owner: Owner, Now: f.clock.Now(), Order: trip.Newest, Deleted: deleted, Limit: 10})
		f.must(err)
		return len(list)
	}
	f.clock.Advance(trip.KeepDeleted - time.Second)
	if count(false) != 0 || count(true) != 1 {
		f.Fatalf("%d trips and %d deleted ones, want 0 and 1", count(false), count(true))
	}
	got, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if !got.IsDeleted() {
		f.Fatal("the trip is not deleted")
	}
	_, err = f.Itinerary(f.ctx, Owner, t.ID, 0)
	f.wantReason(err, errs.ReasonNotFound)
	f.clock.Advance(2 * time.Second)
	if count(true) != 0 {
		f.Fatal("the trip can still be taken back")
	}
	_, err = f.Trip(f.ctx, Owner, t.ID)
	f.wantReason(err, errs.ReasonNotFound)
}

func testPurge(f *fixture) {
	gone, kept := f.create(), f.create()
	_, err := f.Update(f.ctx, Owner, gone.ID, trip.Once{}, remove(f.clock.Now()))
	f.must(err)
	f.clock.Advance(8 * 24 * time.Hour)
	_, err = f.Update(f.ctx, Owner, kept.ID, trip.Once{}, rename("그대로"))
	f.must(err)
	week := f.clock.Now().Add(-trip.KeepDeleted)
	n, err := f.Purge(f.ctx, week, f.clock.Now().Add(-trip.KeepKeys), week)
	f.must(err)
	if n != 1 {
		f.Fatalf("purged %d trips, want 1", n)
	}
	_, err = f.Update(f.ctx, Owner, gone.ID, trip.Once{}, rename("x"))
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Changes(f.ctx, Owner, kept.ID, 0, 10)
	f.wantReason(err, errs.ReasonResumeTokenInvalid)
	changes, err := f.Changes(f.ctx, Owner, kept.ID, 1, 10)
	f.must(err)
	if len(changes) != 1 || changes[0].Trip.Name != "그대로" {
		f.Fatalf("got %+v", changes)
	}
}

func testFeed(f *fixture) {
	t := f.create()
	for range 4 {
		_, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, rename("이름"))
		f.must(err)
	}
	numbers := func(after int64, limit int) []int64 {
		changes, err := f.Changes(f.ctx, Owner, t.ID, after, limit)
		f.must(err)
		var all []int64
		for _, c := range changes {
			all = append(all, c.Number)
		}
		return all
	}
	if got := numbers(0, 2); !slices.Equal(got, []int64{1, 2}) {
		f.Fatalf("got %v", got)
	}
	if got := numbers(2, 100); !slices.Equal(got, []int64{3, 4, 5}) {
		f.Fatalf("got %v", got)
	}
	if got := numbers(5, 100); len(got) != 0 {
		f.Fatalf("got %v", got)
	}
	_, err := f.Changes(f.ctx, Owner, t.ID, 6, 10) // from the future: not one of this trip's
	f.wantReason(err, errs.ReasonResumeTokenInvalid)
}

func testFilled(f *fixture) {
	t := f.create()
	f.must(f.Filled(f.ctx, "evt_1_"+t.ID, t.ID, "builtin:a"))
	f.must(f.Filled(f.ctx, "evt_1_"+t.ID, t.ID, "builtin:a")) // delivered again
	f.must(f.Filled(f.ctx, "evt_2_"+t.ID, f.ids.New(id.Trip), "builtin:a"))
	_, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, rename("이름"))
	f.must(err)
	changes, err := f.Changes(f.ctx, Owner, t.ID, 1, 10)
	f.must(err)
	if len(changes) != 2 || !slices.Equal(changes[0].Places, []string{"builtin:a"}) || changes[1].Trip.Revision != 2 {
		f.Fatalf("got %+v", changes)
	}
}

func testSubscribe(f *fixture) {
	t, other := f.create(), f.create()
	wake, stop := f.Subscribe(t.ID)
	defer stop()
	quiet, stopQuiet := f.Subscribe(other.ID)
	defer stopQuiet()
	_, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, rename("이름"))
	f.must(err)
	select {
	case <-wake:
	case <-time.After(5 * time.Second):
		f.Fatal("not woken")
	}
	select {
	case <-quiet:
		f.Fatal("woken for another trip")
	default:
	}
}
