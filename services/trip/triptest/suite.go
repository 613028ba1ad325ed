package triptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/trip"
)

// Store is all that is stored.
type Store interface {
	trip.Trips
	trip.Itineraries
	trip.Generations
	trip.Feed
	trip.Keys
	trip.Shares
	trip.Alerts
}

// Now is when tests begin.
var Now = time.Date(2027, 5, 10, 3, 0, 0, 0, time.UTC)

const (
	// Owner has the trips of the suite, Stranger has none.
	Owner    = "user_01890a5d-ac96-774b-bcce-b302099a8057"
	Stranger = "user_01890a5d-ac96-774b-bcce-b302099a8058"
)

// fixture is one store in a test.
type fixture struct {
	*testing.T
	Store
	clock *clock.Fake
	ids   id.Source
	ctx   context.Context
}

// Suite checks that a store keeps what the interfaces of package trip promise. open gives an empty store that goes by
// the clock.
func Suite(t *testing.T, open func(t *testing.T, c clock.Clock) Store) {
	for name, test := range map[string]func(*fixture){
		"CreatedTripReadsBack":          testCreate,
		"SomebodyElsesTripIsNotThere":   testOwners,
		"UpdateCountsUpAndTellsTheFeed": testUpdate,
		"UpdateOfSeveralIsAllOrNone":    testUpdateAll,
		"WritesOfOneTripDoNotOverlap":   testConcurrentUpdates,
		"WritesUnderOneKeyHappenOnce":   testOnce,
		"SameKeyAtOnceMakesOneTrip":     testOnceConcurrently,
		"KeysAreForgottenAfterADay":     testKeysExpire,
		"ListsByEveryOrderInPages":      testList,
		"ListsByStatusAndSearch":        testListFilters,
		"DeletedTripsCanBeListedAWeek":  testDeleted,
		"PurgeRemovesWhatIsPast":        testPurge,
		"FeedHasNoGapsAndKnowsItsEnds":  testFeed,
		"SubscribersAreWoken":           testSubscribe,
		"FilledPlacesAreTold":           testFilled,
		"ThreeVersionsAreKept":          testVersions,
		"EditsChangeAVersionInPlace":    testEdit,
		"GenerationsAdvanceWithTheTrip": testGeneration,
		"RefusedRequestFreesItsKey":     testForgetKey,
		"ShareLinks":                    testShares,
		"ShareLinksUnderOneKey":         testShareOnce,
		"AlertsAreToldAndKeptApart":     testAlerts,
		"DueTripsAreTakenOnce":          testDue,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(Now)
			test(&fixture{T: t, Store: open(t, c), clock: c, ids: id.Random{}, ctx: t.Context()})
		})
	}
}

// Sample is a valid trip of two destinations.
func Sample(ids id.Source, now time.Time) trip.Trip {
	checkIn, checkOut := 15*60, 11*60
	return trip.Trip{
		ID: ids.New(id.Trip), Owner: Owner, Name: "가족 여행", Mode: trip.PublicTransport, Start: trip.Date{Year: 2027, Month: 6, Day: 1},
		Members: []trip.Member{{
			ID: ids.New(id.Member), Name: "지우", Age: 38, Gender: trip.Female, Health: trip.Good,
			Preferences: []trip.Preference{trip.Culture, trip.Nature},
		}},
		Destinations: []trip.Destination{
			{ID: ids.New(id.Destination), Name: "뮌헨", Nights: 3, City: "munich", Zone: "Europe/Berlin", Lodging: &trip.Lodging{
				Name: "Hotel", At: &trip.Point{Lat: 48.14, Lng: 11.56}, CheckIn: &checkIn, CheckOut: &checkOut,
			}},
			{ID: ids.New(id.Destination), Name: "Paris", Nights: 2, City: "paris", Zone: "Europe/Paris"},
		},
		Created: now, Updated: now, Revision: 1,
	}
}

func (f *fixture) create(change ...func(*trip.Trip)) trip.Trip {
	f.Helper()
	t := Sample(f.ids, f.clock.Now())
	for _, c := range change {
		c(&t)
	}
	f.must(f.Create(f.ctx, t, trip.Once{}))
	t.Changes = 1
	return t
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) wantReason(err error, reason string) {
	f.Helper()
	if !errs.HasReason(err, reason) {
		f.Fatalf("got %v, want %s", err, reason)
	}
}

func (f *fixture) wantSame(got, want any) {
	f.Helper()
	if g, w := fmt.Sprintf("%+v", copyOf(got)), fmt.Sprintf("%+v", copyOf(want)); g != w {
		f.Fatalf("got  %s\nwant %s", g, w)
	}
}

func rename(name string) func(*trip.Trip) error {
	return func(t *trip.Trip) error {
		t.Name = name
		return nil
	}
}

func testCreate(f *fixture) {
	want := f.create()
	got, err := f.Trip(f.ctx, Owner, want.ID)
	f.must(err)
	f.wantSame(got, want)
}

func testOwners(f *fixture) {
	t := f.create()
	_, err := f.Trip(f.ctx, Stranger, t.ID)
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Update(f.ctx, Stranger, t.ID, trip.Once{}, rename("x"))
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Changes(f.ctx, Stranger, t.ID, 0, 10)
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Itinerary(f.ctx, Stranger, t.ID, 0)
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Versions(f.ctx, Stranger, t.ID)
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Begin(f.ctx, Stranger, t.ID, trip.Once{}, func(*trip.Trip) (trip.Generation, error) {
		f.Error("a stranger's generation was begun")
		return trip.Generation{}, nil
	})
	f.wantReason(err, errs.ReasonNotFound)
	_, err = f.Shares(f.ctx, Stranger, t.ID, "", 10)
	f.wantReason(err, errs.ReasonNotFound)
	list, err := f.List(f.ctx, trip.Query{Owner: Stranger, Now: Now, Order: trip.Newest, Limit: 10})
	f.must(err)
	if len(list) != 0 {
		f.Fatalf("a stranger lists %d trips", len(list))
	}
}

func testUpdate(f *fixture) {
	t := f.create()
	f.clock.Advance(time.Minute)
	got, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, rename("바다"))
	f.must(err)
	t.Name, t.Revision, t.Changes, t.Updated = "바다", 2, 2, f.clock.Now()
	f.wantSame(got, t)
	read, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	f.wantSame(read, t)
	changes, err := f.Changes(f.ctx, Owner, t.ID, 1, 10)
	f.must(err)
	f.wantSame(changes, []trip.Change{{TripID: t.ID, Number: 2, Time: f.clock.Now(), Trip: &t}})

	refusal := errors.New("no")
	if _, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, func(t *trip.Trip) error {
		t.Name = "never"
		return refusal
	}); !errors.Is(err, refusal) {
		f.Fatalf("got %v, want the function's own error", err)
	}
	same, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, func(*trip.Trip) error { return trip.ErrUnchanged })
	f.must(err)
	f.wantSame(same, t)
}

func testUpdateAll(f *fixture) {
	a, b := f.create(), f.create()
	_, err := f.UpdateAll(f.ctx, Owner, []string{a.ID, f.ids.New(id.Trip)}, trip.Once{}, rename("x"))
	f.wantReason(err, errs.ReasonNotFound)
	got, err := f.Trip(f.ctx, Owner, a.ID)
	f.must(err)
	f.wantSame(got, a)
	trips, err := f.UpdateAll(f.ctx, Owner, []string{b.ID, a.ID}, trip.Once{}, rename("둘"))
	f.must(err)
	if len(trips) != 2 || trips[0].ID != b.ID || trips[1].ID != a.ID || trips[1].Name != "둘" || trips[1].Revision != 2 {
		f.Fatalf("got %+v", trips)
	}
}

func testConcurrentUpdates(f *fixture) {
	t := f.create()
	const writers, rounds = 8, 5
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range rounds {
				if _, err := f.Update(f.ctx, Owner, t.ID, trip.Once{}, func(t *trip.Trip) error {
					t.Members[0].Age++
					return nil
				}); err != nil {
					f.Error(err)
				}
			}
		})
	}
	group.Wait()
	got, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if n := writers * rounds; got.Members[0].Age != 38+n || got.Revision != int64(1+n) || got.Changes != int64(1+n) {
		f.Fatalf("after %d writes: %+v", n, got)
	}
	changes, err := f.Changes(f.ctx, Owner, t.ID, 0, 1000)
	f.must(err)
	for i, c := range changes {
		if c.Number != int64(i+1) || c.Trip.Revision != c.Number {
			f.Fatalf("entry %d has number %d and revision %d", i, c.Number, c.Trip.Revision)
		}
	}
}

func testOnce(f *fixture) {
	once := trip.Once{Key: "k1", Fingerprint: []byte("a")}
	t := Sample(f.ids, Now)
	f.must(f.Create(f.ctx, t, once))
	other := Sample(f.ids, Now)
	var repeated *trip.Repeated
	if err := f.Create(f.ctx, other, once); !errors.As(err, &repeated) || !slices.Equal(repeated.Resources, []string{t.ID}) {
		f.Fatalf("got %v, want the first trip again", err)
	}
	f.wantReason(f.Create(f.ctx, other, trip.Once{Key: "k1", Fingerprint: []byte("b")}), errs.ReasonIdempotencyMismatch)
	if _, err := f.Trip(f.ctx, Owner, other.ID); err == nil {
		f.Fatal("the repeated request made a second trip")
	}
	other.Owner = Stranger
	f.must(f.Create(f.ctx, other, once)) // keys belong to their owner

	edit := trip.Once{Key: "k2", Fingerprint: []byte("c")}
	_, err := f.Update(f.ctx, Owner, t.ID, edit, rename("하나"))
	f.must(err)
	if _, err := f.Update(f.ctx, Owner, t.ID, edit, rename("둘")); !errors.As(err, &repeated) {
		f.Fatalf("got %v, want Repeated", err)
	}
	got, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if got.Name != "하나" || got.Revision != 2 {
		f.Fatalf("the repeated edit changed something: %+v", got)
	}
	if err := f.Made(f.ctx, Owner, edit); !errors.As(err, &repeated) || !slices.Equal(repeated.Resources, []string{t.ID}) {
		f.Fatalf("got %v, want the edit", err)
	}
	f.wantReason(f.Made(f.ctx, Owner, trip.Once{Key: "k2", Fingerprint: []byte("x")}), errs.ReasonIdempotencyMismatch)
	f.must(errors.Join(f.Made(f.ctx, Stranger, edit), f.Made(f.ctx, Owner, trip.Once{}), f.Made(f.ctx, Owner, trip.Once{Key: "k9"})))
	refused := trip.Once{Key: "k3", Fingerprint: []byte("d")}
	if _, err := f.Update(f.ctx, Owner, t.ID, refused, func(*trip.Trip) error { return trip.ErrNotReady }); err == nil {
		f.Fatal("no error")
	}
	_, err = f.Update(f.ctx, Owner, t.ID, refused, rename("셋")) // a refusal is not remembered
	f.must(err)
}

func testOnceConcurrently(f *fixture) {
	once := trip.Once{Key: "k", Fingerprint: []byte("a")}
	var group sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 8 {
		group.Go(func() {
			err := f.Create(f.ctx, Sample(f.ids, Now), once)
			var repeated *trip.Repeated
			if err != nil && !errors.As(err, &repeated) {
				f.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				made++
			}
		})
	}
	group.Wait()
	if made != 1 {
		f.Fatalf("one request made %d trips", made)
	}
}

func testKeysExpire(f *fixture) {
	once := trip.Once{Key: "k", Fingerprint: []byte("a")}
	f.must(f.Create(f.ctx, Sample(f.ids, Now), once))
	f.clock.Advance(trip.KeepKeys - time.Second)
	if err := f.Create(f.ctx, Sample(f.ids, Now), once); err == nil {
		f.Fatal("the key was forgotten early")
	}
	f.clock.Advance(2 * time.Second)
	f.must(f.Create(f.ctx, Sample(f.ids, Now), once))
}
