package planner_test

import (
	"slices"
	"testing"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// [A9] A must-see that only opens while another is locked: the two are named,
// nothing else, and every way out really is one.
func TestClashNamesTheSmallestSetAndWaysOutThatWork(t *testing.T) {
	t.Parallel()
	p := city()
	p.Places[0].Hours[0].Open = []planner.Interval{{Open: 600, Close: 680}}
	p.Places[0].Hours[1].Open = nil
	p.MustSee = []planner.PlaceRef{{ID: "p0"}, {ID: "p3"}, {ID: "p6"}}
	p.Locks = []planner.Lock{{Day: 0, Place: "p1", Arrive: 605, Leave: 700}}
	it := mustPlan(t, p)
	if len(it.Clashes) != 1 {
		t.Fatalf("clashes: %+v", it.Clashes)
	}
	want := []planner.Wish{{Kind: planner.WishLock, Day: 0, Place: "p1"}, {Kind: planner.WishMustSee, Day: -1, Place: "p0"}}
	if got := it.Clashes[0].Wishes; len(got) != 2 || !slices.Contains(got, want[0]) || !slices.Contains(got, want[1]) {
		t.Fatalf("wishes: %+v, want %+v", got, want)
	}
	ways := it.Clashes[0].WaysOut
	if !slices.IsSortedFunc(ways, func(a, b planner.Relaxation) int { return a.Cost - b.Cost }) {
		t.Errorf("ways out not cheapest first: %+v", ways)
	}
	for _, w := range ways {
		q := city()
		q.Places[0].Hours, q.MustSee, q.Locks = p.Places[0].Hours, slices.Clone(p.MustSee), slices.Clone(p.Locks)
		relax(q, w)
		if again := mustPlan(t, q); len(again.Clashes) > 0 || told(again, planner.WishMustSee) || told(again, planner.WishLock) {
			t.Errorf("%+v is no way out: %+v", w, again.Unhonoured)
		}
	}
}

func relax(p *planner.Problem, r planner.Relaxation) {
	switch r.Kind {
	case planner.DropMustSee:
		p.MustSee = slices.DeleteFunc(p.MustSee, func(m planner.PlaceRef) bool { return m.ID == r.Place })
	case planner.Unlock:
		p.Locks = slices.DeleteFunc(p.Locks, func(l planner.Lock) bool { return l.Place == r.Place })
	case planner.StartEarlier:
		p.Days[r.Day].Start -= r.Minutes
	case planner.EndLater:
		p.Days[r.Day].End += r.Minutes
	case planner.ShortenStay:
		for k := range p.Places {
			if p.Places[k].ID == r.Place {
				p.Places[k].StayMinutes -= r.Minutes
			}
		}
	case planner.MoreStops:
		p.Days[r.Day].MaxStops++
	}
}

func told(it *planner.Itinerary, k planner.UnhonouredKind) bool {
	return slices.ContainsFunc(it.Unhonoured, func(u planner.Unhonoured) bool { return u.Kind == k })
}

// [A9] More must-sees than a short trip's pace holds clash with each other, and
// what stays out is told with its reason.
func TestTooManyMustSeesClash(t *testing.T) {
	t.Parallel()
	p := city()
	p.Days = p.Days[:1]
	p.Days[0].MaxStops = 2
	for k := range p.Places {
		p.Places[k].Hours = p.Places[k].Hours[:1]
	}
	p.MustSee = []planner.PlaceRef{{ID: "p0"}, {ID: "p1"}, {ID: "p3"}}
	it := mustPlan(t, p)
	if len(it.Clashes) != 1 || len(it.Clashes[0].Wishes) != 3 || !told(it, planner.WishMustSee) {
		t.Fatalf("clashes %+v, unhonoured %+v", it.Clashes, it.Unhonoured)
	}
	if w := it.Clashes[0].WaysOut[0]; w.Kind != planner.MoreStops {
		t.Errorf("cheapest way out: %+v", w)
	}
}

// Wishes that hold together are no clash.
func TestWishesThatHoldTogetherAreNoClash(t *testing.T) {
	t.Parallel()
	p := city()
	p.MustSee = []planner.PlaceRef{{ID: "p0"}, {ID: "p1"}, {ID: "p3"}, {Name: "Place 5"}}
	p.Locks = []planner.Lock{{Day: 1, Place: "p4", Arrive: 605, Leave: 700}}
	if it := mustPlan(t, p); len(it.Clashes) > 0 || told(it, planner.WishMustSee) {
		t.Fatalf("clashes %+v, unhonoured %+v", it.Clashes, it.Unhonoured)
	}
}
