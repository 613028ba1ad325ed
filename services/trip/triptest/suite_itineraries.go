package triptest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/trip"
)

func (f *fixture) plan(text string) trip.Plan {
	return trip.Plan{Document: trip.Document(text), Outline: trip.Outline{{Number: 1, Date: day(20), Stops: []trip.OutlineStop{
		{ID: f.ids.New(id.Stop), Kind: trip.Visit, Place: "builtin:munich-marienplatz", Arrive: 540, Leave: 600},
		{ID: f.ids.New(id.Stop), Kind: trip.Meal, Place: "builtin:munich-viktualienmarkt", Arrive: 720, Leave: 780},
	}}}}
}

func (f *fixture) addVersion(t trip.Trip, text string) trip.Itinerary {
	f.Helper()
	it, err := f.AddVersion(f.ctx, Owner, t.ID, trip.Once{}, func(*trip.Trip) (trip.Itinerary, error) {
		return trip.Itinerary{Origin: trip.FromGeneration, Generation: "gen_x", DayStart: 600, Plan: f.plan(text)}, nil
	})
	f.must(err)
	return it
}

func testVersions(f *fixture) {
	t := f.create()
	_, err := f.Itinerary(f.ctx, Owner, t.ID, 0)
	f.wantReason(err, errs.ReasonNotFound)
	for i := range 5 {
		it := f.addVersion(t, fmt.Sprint("plan ", i+1))
		if it.Version != int64(i+1) || it.Revision != 1 || it.TripID != t.ID {
			f.Fatalf("version %d is %+v", i+1, it)
		}
	}
	newest, err := f.Itinerary(f.ctx, Owner, t.ID, 0)
	f.must(err)
	if newest.Version != 5 || string(newest.Plan.Document) != "plan 5" || newest.DayStart != 600 || newest.Plan.Outline.Stops() != 2 {
		f.Fatalf("the newest is %+v", newest)
	}
	versions, err := f.Versions(f.ctx, Owner, t.ID)
	f.must(err)
	f.wantSame(versions, []trip.VersionInfo{
		{Version: 5, Origin: trip.FromGeneration, Created: f.clock.Now(), Stops: 2},
		{Version: 4, Origin: trip.FromGeneration, Created: f.clock.Now(), Stops: 2},
		{Version: 3, Origin: trip.FromGeneration, Created: f.clock.Now(), Stops: 2},
	})
	for _, version := range []int64{2, 6} {
		_, err = f.Itinerary(f.ctx, Owner, t.ID, version)
		f.wantReason(err, errs.ReasonVersionGone)
	}
	got, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if got.Itinerary != 5 || got.Revision != 1 {
		f.Fatalf("the trip is %+v", got)
	}
}

func testEdit(f *fixture) {
	t := f.create()
	f.addVersion(t, "one")
	f.addVersion(t, "two")
	once := trip.Once{Key: "k", Fingerprint: []byte("a")}
	change := func(it *trip.Itinerary) ([]int, error) {
		it.Plan.Document = trip.Document("edited")
		return []int{2, 1}, nil
	}
	it, err := f.Edit(f.ctx, Owner, t.ID, 1, once, change)
	f.must(err)
	if it.Version != 1 || it.Revision != 2 {
		f.Fatalf("got %+v", it)
	}
	read, err := f.Itinerary(f.ctx, Owner, t.ID, 1)
	f.must(err)
	f.wantSame(read, it)
	var repeated *trip.Repeated
	if _, err := f.Edit(f.ctx, Owner, t.ID, 1, once, change); !errors.As(err, &repeated) {
		f.Fatalf("got %v, want Repeated", err)
	}
	_, err = f.Edit(f.ctx, Owner, t.ID, 9, trip.Once{}, change)
	f.wantReason(err, errs.ReasonVersionGone)
	changes, err := f.Changes(f.ctx, Owner, t.ID, 3, 10)
	f.must(err)
	f.wantSame(changes, []trip.Change{{
		TripID: t.ID, Number: 4, Time: f.clock.Now(), Itinerary: &trip.ItineraryChange{Version: 1, Revision: 2, Days: []int{1, 2}},
	}})
}

func (f *fixture) begin(t trip.Trip, once trip.Once) trip.Generation {
	f.Helper()
	g, err := f.Begin(f.ctx, Owner, t.ID, once, func(t *trip.Trip) (trip.Generation, error) {
		g := trip.Generation{
			ID: f.ids.New(id.Generation), TripID: t.ID, Owner: Owner, ClientID: "app", State: trip.GenerationAccepted, Day: 2,
			CountedOn: day(10), Created: f.clock.Now(),
			Request: trip.Request{Profile: t.Profile(), Day: 2, DayStart: 540, Special: "no stairs", Asked: f.clock.Now()},
		}
		t.Running = g.ID
		t.Regenerations.Take(g.CountedOn)
		return g, nil
	})
	f.must(err)
	return g
}

func testGeneration(f *fixture) {
	t := f.create()
	g := f.begin(t, trip.Once{})
	read, err := f.Generation(f.ctx, g.ID)
	f.must(err)
	f.wantSame(read, g)
	got, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if got.Running != g.ID || got.Regenerations.Used != 1 || got.Revision != 1 {
		f.Fatalf("the trip is %+v", got)
	}
	_, err = f.Advance(f.ctx, g.ID, func(a *trip.Advance) error {
		a.Generation.State, a.Generation.Receipt = trip.GenerationHandedOver, trip.Receipt("receipt")
		return nil
	})
	f.must(err)
	stored, err := f.Advance(f.ctx, g.ID, func(a *trip.Advance) error {
		a.Trip.Itinerary++
		a.Generation.State, a.Generation.Version = trip.GenerationStored, a.Trip.Itinerary
		a.NewVersion = &trip.Itinerary{Origin: trip.FromDayRegeneration, Generation: g.ID, Plan: f.plan("made")}
		return nil
	})
	f.must(err)
	if stored.Version != 1 || string(stored.Receipt) != "receipt" || stored.Request.Special == "" {
		f.Fatalf("got %+v", stored)
	}
	it, err := f.Itinerary(f.ctx, Owner, t.ID, 0)
	f.must(err)
	if it.Generation != g.ID || string(it.Plan.Document) != "made" {
		f.Fatalf("got %+v", it)
	}
	f.clock.Advance(time.Second)
	_, err = f.Advance(f.ctx, g.ID, func(a *trip.Advance) error {
		a.Generation.State, a.Generation.Ended, a.Generation.Request = trip.GenerationReady, f.clock.Now(), trip.Request{}
		a.Trip.Running = ""
		a.Enrich = it.Plan.Outline.Places()
		return nil
	})
	f.must(err)
	unchanged, err := f.Advance(f.ctx, g.ID, func(a *trip.Advance) error {
		a.Trip.Name = "never"
		return trip.ErrUnchanged
	})
	f.must(err)
	if unchanged.State != trip.GenerationReady || unchanged.Request.Special != "" {
		f.Fatalf("got %+v", unchanged)
	}
	f.wantKinds(t, "trip", "accepted", "itinerary", "stored", "ready")
	_, err = f.Advance(f.ctx, f.ids.New(id.Generation), func(*trip.Advance) error { return nil })
	f.wantReason(err, errs.ReasonNotFound)
}

// wantKinds compares the trip's whole feed.
func (f *fixture) wantKinds(t trip.Trip, want ...string) {
	f.Helper()
	changes, err := f.Changes(f.ctx, Owner, t.ID, 0, 100)
	f.must(err)
	var got []string
	for _, c := range changes {
		switch {
		case c.Trip != nil:
			got = append(got, "trip")
		case c.Itinerary != nil:
			got = append(got, "itinerary")
		case c.Generation != nil:
			got = append(got, string(c.Generation.State))
		}
	}
	f.wantSame(got, want)
}

func testForgetKey(f *fixture) {
	t := f.create()
	once := trip.Once{Key: "k", Fingerprint: []byte("a")}
	g := f.begin(t, once)
	again := func() error {
		_, err := f.Begin(f.ctx, Owner, t.ID, once, func(*trip.Trip) (trip.Generation, error) { return trip.Generation{}, trip.ErrNotReady })
		return err
	}
	var repeated *trip.Repeated
	if err := again(); !errors.As(err, &repeated) || repeated.Resources[0] != g.ID {
		f.Fatalf("got %v, want the first generation again", err)
	}
	_, err := f.Advance(f.ctx, g.ID, func(a *trip.Advance) error {
		a.Generation.State, a.Generation.Ended, a.ForgetKey = trip.GenerationRefused, f.clock.Now(), true
		return nil
	})
	f.must(err)
	f.wantReason(again(), errs.ReasonTripNotReady)
}

func testShares(f *fixture) {
	t := f.create()
	f.addVersion(t, "shown")
	add := func(token string) trip.Share {
		s := trip.Share{ID: f.ids.New("share"), TripID: t.ID, Created: f.clock.Now(), Expires: f.clock.Now().Add(time.Hour)}
		f.must(f.AddShare(f.ctx, Owner, s, token, trip.Once{}))
		return s
	}
	a, b := add("a"), add("b")
	f.wantReason(f.AddShare(f.ctx, Stranger, trip.Share{ID: "share_x", TripID: t.ID}, "c", trip.Once{}), errs.ReasonNotFound)
	list, err := f.Shares(f.ctx, Owner, t.ID, "", 1)
	f.must(err)
	f.wantSame(list, []trip.Share{b})
	list, err = f.Shares(f.ctx, Owner, t.ID, b.ID, 5)
	f.must(err)
	f.wantSame(list, []trip.Share{a})
	read, err := f.Share(f.ctx, Owner, t.ID, a.ID)
	f.must(err)
	f.wantSame(read, a)
	_, err = f.Share(f.ctx, Stranger, t.ID, a.ID)
	f.wantReason(err, errs.ReasonNotFound)
	shown, it, err := f.Shared(f.ctx, "a", f.clock.Now())
	f.must(err)
	if shown.ID != t.ID || string(it.Plan.Document) != "shown" {
		f.Fatalf("the link shows %+v", it)
	}
	revoked, err := f.RevokeShare(f.ctx, Owner, t.ID, a.ID, f.clock.Now())
	f.must(err)
	if revoked.Revoked.IsZero() {
		f.Fatal("not revoked")
	}
	f.clock.Advance(time.Minute)
	again, err := f.RevokeShare(f.ctx, Owner, t.ID, a.ID, f.clock.Now())
	f.must(err)
	f.wantSame(again, revoked)
	for token, at := range map[string]time.Time{
		"a": f.clock.Now(), "never": f.clock.Now(), "b": f.clock.Now().Add(time.Hour),
	} {
		_, _, err := f.Shared(f.ctx, token, at)
		f.wantReason(err, errs.ReasonShareLinkInvalid)
	}
	_, err = f.RevokeShare(f.ctx, Owner, t.ID, f.ids.New("share"), f.clock.Now())
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.RevokeShare(f.ctx, Stranger, t.ID, b.ID, f.clock.Now())
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Update(f.ctx, Owner, t.ID, trip.Once{}, remove(f.clock.Now()))
	f.must(err)
	_, _, err = f.Shared(f.ctx, "b", f.clock.Now())
	f.wantReason(err, errs.ReasonShareLinkInvalid)
}

// A link that is asked for again under its key is the same, and so is its token.
func testShareOnce(f *fixture) {
	t := f.create()
	once := trip.Once{Key: "k", Fingerprint: []byte("a")}
	s := trip.Share{ID: f.ids.New("share"), TripID: t.ID, Created: f.clock.Now(), Expires: f.clock.Now().Add(time.Hour)}
	f.must(f.AddShare(f.ctx, Owner, s, "first", once))
	other := s
	other.ID = f.ids.New("share")
	repeated, ok := errors.AsType[*trip.Repeated](f.AddShare(f.ctx, Owner, other, "second", once))
	if !ok || !slices.Equal(repeated.Resources, []string{s.ID, "first"}) {
		f.Fatalf("got %+v", repeated)
	}
	f.wantReason(f.AddShare(f.ctx, Owner, other, "third", trip.Once{Key: "k", Fingerprint: []byte("b")}), errs.ReasonIdempotencyMismatch)
	list, err := f.Shares(f.ctx, Owner, t.ID, "", 5)
	f.must(err)
	f.wantSame(list, []trip.Share{s})
}
