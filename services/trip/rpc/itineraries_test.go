package rpc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

func day(n int32) func(*tripv1.GenerateItineraryRequest) {
	return func(r *tripv1.GenerateItineraryRequest) { r.Day = n }
}

// [T6] [T8] What a generation cannot be asked for is refused with its reason, and nothing is started.
func TestBadGenerationsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create()
	unready := w.create(func(r *tripv1.CreateTripRequest) { r.StartDate = nil })
	unknown := w.create(func(r *tripv1.CreateTripRequest) { r.Destinations[1].Name = "Atlantis" })
	changes, stop := int32(2), "stop_01890a5d-ac96-774b-bcce-b302099a8057"
	for name, c := range map[string]struct {
		r      *tripv1.GenerateItineraryRequest
		reason string
		field  string
	}{
		"an old revision": {&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 9}, errs.ReasonStaleRevision, ""},
		"no start":        {&tripv1.GenerateItineraryRequest{TripId: unready.GetId(), Revision: 1}, errs.ReasonTripNotReady, ""},
		"an unknown city": {
			&tripv1.GenerateItineraryRequest{TripId: unknown.GetId(), Revision: 1}, errs.ReasonDestinationUnknown, "destinations[1].name",
		},
		"off the 10-minute grid": {
			&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1, DayStart: &typev1.TimeOfDay{Minutes: 545}},
			errs.ReasonInvalidArgument, "day_start",
		},
		"after midnight": {
			&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1, DayStart: &typev1.TimeOfDay{Minutes: 1500}},
			errs.ReasonInvalidArgument, "day_start",
		},
		"501 characters": {
			&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1, SpecialRequest: strings.Repeat("꽃", 501)},
			errs.ReasonInvalidArgument, "special_request",
		},
		"a day of no itinerary": {
			&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1, Day: 1}, errs.ReasonNotFound, "",
		},
		"least change of nothing": {
			&tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1, MaxChanges: &changes}, errs.ReasonNotFound, "",
		},
	} {
		_, err := w.user.Itineraries.GenerateItinerary(t.Context(), c.r)
		got := wantReason(t, err, c.reason)
		if c.field != "" && got.fields[c.field] == "" {
			t.Errorf("%s: got %v, want %s", name, got.fields, c.field)
		}
		if c.reason == errs.ReasonTripNotReady && got.metadata["missing"] != "start_date" {
			t.Errorf("%s: missing %q", name, got.metadata["missing"])
		}
	}
	if w.ai.Started() != 0 {
		t.Error("a refused generation was started")
	}
	w.generate(tr)
	for name, r := range map[string]*tripv1.GenerateItineraryRequest{
		"day":              {TripId: tr.GetId(), Revision: 1, Day: 5},
		"keep_stop_ids[0]": {TripId: tr.GetId(), Revision: 1, KeepStopIds: []string{stop}},
	} {
		_, err := w.user.Itineraries.GenerateItinerary(t.Context(), r)
		if got := wantReason(t, err, errs.ReasonInvalidArgument); got.fields[name] == "" {
			t.Errorf("got %v, want %s", got.fields, name)
		}
	}
	w.ai.Hold(true)
	held, err := w.user.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.user.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1})
	running := wantReason(t, err, errs.ReasonGenerationRunning)
	if running.metadata["generation"] != held.GetGeneration().GetId() {
		t.Errorf("got %v", running.metadata)
	}
	_, err = w.user.Itineraries.RestoreVersion(t.Context(), &tripv1.RestoreVersionRequest{TripId: tr.GetId(), Version: 1})
	wantReason(t, err, errs.ReasonGenerationRunning)
}

// [T7] Each edit changes its days only, returns the itinerary at its next revision, and tells the feed its days.
func TestItineraryEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, its := t.Context(), w.user.Itineraries
	tr := w.create()
	it := w.generate(tr)
	id, stop := tr.GetId(), it.GetDays()[0].GetStops()[1].GetId()
	where := func(it *typev1.Itinerary, stopID string) (day int32, position int) {
		for _, d := range it.GetDays() {
			for i, s := range d.GetStops() {
				if s.GetId() == stopID {
					return d.GetNumber(), i
				}
			}
		}
		return 0, 0
	}
	position := int32(0)
	var added string
	for _, e := range []struct {
		name string
		edit func(revision int64) (*typev1.Itinerary, error)
		ok   func(*typev1.Itinerary) bool
	}{
		{"move", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.MoveStop(ctx, &tripv1.MoveStopRequest{TripId: id, Version: 1, Revision: r, StopId: stop, ToDay: 2})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool { d, i := where(it, stop); return d == 2 && i == 1 }},
		{"add", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.AddStop(ctx, &tripv1.AddStopRequest{
				TripId: id, Version: 1, Revision: r, PlaceId: "builtin:new", Day: 3, Position: &position, StayMinutes: 40,
			})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool {
			s := it.GetDays()[2].GetStops()[1]
			added = s.GetId()
			return s.GetPlaceId() == "builtin:new" && strings.HasPrefix(added, "stop_")
		}},
		{"replace", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.ReplaceStop(ctx, &tripv1.ReplaceStopRequest{
				TripId: id, Version: 1, Revision: r, StopId: added, PlaceId: "builtin:other",
			})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool { return it.GetDays()[2].GetStops()[1].GetPlaceId() == "builtin:other" }},
		{"lock", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.LockStop(ctx, &tripv1.LockStopRequest{TripId: id, Version: 1, Revision: r, StopId: added, Locked: true})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool { return it.GetDays()[2].GetStops()[1].GetLocked() }},
		{"stay", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.SetStay(ctx, &tripv1.SetStayRequest{TripId: id, Version: 1, Revision: r, StopId: added, StayMinutes: 90})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool {
			s := it.GetDays()[2].GetStops()[1]
			return s.GetLeave().GetMinutes()-s.GetArrive().GetMinutes() == 90
		}},
		{"remove", func(r int64) (*typev1.Itinerary, error) {
			res, err := its.RemoveStop(ctx, &tripv1.RemoveStopRequest{TripId: id, Version: 1, Revision: r, StopId: added})
			return res.GetItinerary(), err
		}, func(it *typev1.Itinerary) bool { d, _ := where(it, added); return d == 0 }},
	} {
		present := w.itinerary(tr)
		_, err := e.edit(present.GetRevision() + 1)
		wantSame(t, wantReason(t, err, errs.ReasonStaleRevision).resource, present)
		got, err := e.edit(present.GetRevision())
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		if got.GetRevision() != present.GetRevision()+1 || got.GetVersion() != 1 || !e.ok(got) {
			t.Errorf("%s: got %v", e.name, got)
		}
		wantSame(t, w.itinerary(tr), got)
	}
	if w.get(id).GetRevision() != 1 {
		t.Error("an itinerary's edit counted up the trip's revision")
	}
}

// [T7] Bad edits are refused and change nothing.
func TestBadItineraryEditsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, its := t.Context(), w.user.Itineraries
	tr := w.create()
	it := w.generate(tr)
	id, stop, none := tr.GetId(), it.GetDays()[0].GetStops()[1].GetId(), "stop_01890a5d-ac96-774b-bcce-b302099a8057"
	for name, c := range map[string]struct {
		call   func() error
		reason string
		field  string
	}{
		"a day that does not exist": {func() error {
			_, err := its.MoveStop(ctx, &tripv1.MoveStopRequest{TripId: id, Version: 1, Revision: 1, StopId: stop, ToDay: 5})
			return err
		}, errs.ReasonInvalidArgument, "to_day"},
		"a new stop on no day": {func() error {
			_, err := its.AddStop(ctx, &tripv1.AddStopRequest{TripId: id, Version: 1, Revision: 1, PlaceId: "builtin:x", Day: 9})
			return err
		}, errs.ReasonInvalidArgument, "day"},
		"an unknown stop": {func() error {
			_, err := its.RemoveStop(ctx, &tripv1.RemoveStopRequest{TripId: id, Version: 1, Revision: 1, StopId: none})
			return err
		}, errs.ReasonNotFound, ""},
		"a place that is gone": {func() error {
			_, err := its.AddStop(ctx, &tripv1.AddStopRequest{TripId: id, Version: 1, Revision: 1, PlaceId: "builtin:gone", Day: 1})
			return err
		}, errs.ReasonPlaceGone, ""},
		"a version that is gone": {func() error {
			_, err := its.RemoveStop(ctx, &tripv1.RemoveStopRequest{TripId: id, Version: 7, Revision: 1, StopId: stop})
			return err
		}, errs.ReasonVersionGone, ""},
		"a time after midnight": {func() error {
			_, err := its.LockStop(ctx, &tripv1.LockStopRequest{
				TripId: id, Version: 1, Revision: 1, StopId: stop, Locked: true, Arrive: &typev1.TimeOfDay{Minutes: 1500},
			})
			return err
		}, errs.ReasonInvalidArgument, "arrive"},
	} {
		got := wantReason(t, c.call(), c.reason)
		if c.field != "" && got.fields[c.field] == "" {
			t.Errorf("%s: got %v", name, got.fields)
		}
	}
	wantSame(t, w.itinerary(tr), it)
}

// [T7] The same edit under one idempotency key is made once.
func TestRepeatedItineraryEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create()
	it := w.generate(tr)
	r := &tripv1.AddStopRequest{TripId: tr.GetId(), Version: 1, Revision: it.GetRevision(), PlaceId: "builtin:new", Day: 1}
	first, err := w.user.Itineraries.AddStop(keyed(t.Context(), "k"), r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.user.Itineraries.AddStop(keyed(t.Context(), "k"), r)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, again, first)
}

// [T8] The last three versions are kept, can be compared and restored; another trip's versions cannot.
func TestVersionsAreComparedAndRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, its := t.Context(), w.user.Itineraries
	tr := w.create()
	first := w.generate(tr)
	second := w.generate(tr, day(2))
	compared, err := its.CompareVersions(ctx, &tripv1.CompareVersionsRequest{TripId: tr.GetId(), FromVersion: 1, ToVersion: 2})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []tripv1.StopChangeKind
	for _, c := range compared.GetChanges() {
		kinds = append(kinds, c.GetKind())
		if c.GetBeforeDay()+c.GetAfterDay() != 2 || (c.GetBefore() == nil) == (c.GetAfter() == nil) {
			t.Errorf("got %v", c)
		}
	}
	removed, added := tripv1.StopChangeKind_STOP_CHANGE_KIND_REMOVED, tripv1.StopChangeKind_STOP_CHANGE_KIND_ADDED
	if !slices.Equal(kinds, []tripv1.StopChangeKind{removed, added, removed, added}) {
		t.Errorf("got %v", kinds)
	}
	restored, err := its.RestoreVersion(ctx, &tripv1.RestoreVersionRequest{TripId: tr.GetId(), Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(first)
	want.Version = 3
	wantSame(t, restored.GetItinerary(), want)
	w.generate(tr, day(1))
	versions, err := its.ListVersions(ctx, &tripv1.ListVersionsRequest{TripId: tr.GetId(), PageSize: 2})
	if err != nil || len(versions.GetVersions()) != 2 || versions.GetVersions()[1].GetOrigin() != tripv1.VersionOrigin_VERSION_ORIGIN_RESTORE {
		t.Fatalf("got %v, %v", versions, err)
	}
	rest, err := its.ListVersions(ctx, &tripv1.ListVersionsRequest{
		TripId: tr.GetId(), PageSize: 2, PageToken: versions.GetNextPageToken(),
	})
	if err != nil || len(rest.GetVersions()) != 1 || rest.GetVersions()[0].GetVersion() != 2 || rest.GetNextPageToken() != "" {
		t.Fatalf("got %v, %v", rest, err)
	}
	old, err := its.GetItinerary(ctx, &tripv1.GetItineraryRequest{TripId: tr.GetId(), Version: 2})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, old.GetItinerary(), second)
	other := w.create()
	w.generate(other)
	for name, call := range map[string]func() error{
		"restore what is gone": func() error {
			_, err := its.RestoreVersion(ctx, &tripv1.RestoreVersionRequest{TripId: tr.GetId(), Version: 1})
			return err
		},
		"restore another trip's version": func() error {
			_, err := its.RestoreVersion(ctx, &tripv1.RestoreVersionRequest{TripId: other.GetId(), Version: 3})
			return err
		},
		"compare with what is gone": func() error {
			_, err := its.CompareVersions(ctx, &tripv1.CompareVersionsRequest{TripId: tr.GetId(), FromVersion: 1, ToVersion: 3})
			return err
		},
	} {
		if got := refusalOf(t, call()); got.reason != errs.ReasonVersionGone {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// [A1] A better version of a day that came late is offered, and taken only by the traveller's wish, as a new version.
func TestImprovementIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, its := t.Context(), w.user.Itineraries
	tr := w.create()
	first := w.generate(tr)
	accept := &tripv1.AcceptImprovementRequest{TripId: tr.GetId(), GenerationId: first.GetGenerationId()}
	_, err := its.AcceptImprovement(ctx, accept)
	wantReason(t, err, errs.ReasonInvalidArgument) // nothing is offered yet
	w.ai.Improve(first.GetGenerationId(), 2)
	accept.Days = []int32{1}
	_, err = its.AcceptImprovement(ctx, accept)
	wantReason(t, err, errs.ReasonInvalidArgument) // not of that day
	accept.Days = nil
	taken, err := its.AcceptImprovement(ctx, accept)
	if err != nil {
		t.Fatal(err)
	}
	it := taken.GetItinerary()
	if it.GetVersion() != 2 || len(it.GetDays()[1].GetStops()) != 3 || !proto.Equal(it.GetDays()[0], first.GetDays()[0]) {
		t.Errorf("got %v", it)
	}
	newest := w.generate(tr)
	_, err = its.AcceptImprovement(ctx, accept) // of a generation that is not the newest any more
	wantSame(t, wantReason(t, err, errs.ReasonStaleRevision).resource, newest)
}

// [T12] A link shows where and when, and nothing about the members, until it expires or is revoked.
func TestSharedItinerary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, shares := t.Context(), w.user.Shares
	tr := w.create()
	w.generate(tr)
	made, err := shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: tr.GetId(), ValidDays: 2})
	if err != nil {
		t.Fatal(err)
	}
	link := made.GetShareLink()
	if link.GetPath() != "/shared/?t="+link.GetToken() || len(link.GetToken()) < 40 {
		t.Errorf("got %v", link)
	}
	anyone := w.clients(w.server.Client(t, "")).Shares
	shown, err := anyone.GetSharedItinerary(ctx, &tripv1.GetSharedItineraryRequest{Token: link.GetToken()})
	if err != nil {
		t.Fatal(err)
	}
	if shown.GetTripName() != tr.GetName() || len(shown.GetItinerary().GetDays()) != 4 || shown.GetItinerary().GetTripId() != "" {
		t.Errorf("got %v", shown)
	}
	if text := shown.String(); strings.Contains(text, "지우") || strings.Contains(text, "gen_") {
		t.Errorf("the link tells too much: %s", text)
	}
	list, err := shares.ListShareLinks(ctx, &tripv1.ListShareLinksRequest{TripId: tr.GetId()})
	if err != nil || len(list.GetShareLinks()) != 1 || list.GetShareLinks()[0].GetToken() != "" {
		t.Errorf("got %v, %v", list, err)
	}
	w.clock.Advance(48*time.Hour - time.Second)
	if _, err := anyone.GetSharedItinerary(ctx, &tripv1.GetSharedItineraryRequest{Token: link.GetToken()}); err != nil {
		t.Error(err)
	}
	second, err := shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: tr.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	revoked, err := shares.RevokeShareLink(ctx, &tripv1.RevokeShareLinkRequest{
		TripId: tr.GetId(), ShareLinkId: second.GetShareLink().GetId(),
	})
	if err != nil || revoked.GetShareLink().GetRevokeTime() == nil {
		t.Errorf("got %v, %v", revoked, err)
	}
	for name, token := range map[string]string{
		"expired": link.GetToken(), "revoked": second.GetShareLink().GetToken(), "never was": strings.Repeat("x", 43),
	} {
		_, err := anyone.GetSharedItinerary(ctx, &tripv1.GetSharedItineraryRequest{Token: token})
		if got := refusalOf(t, err); got.reason != errs.ReasonShareLinkInvalid {
			t.Errorf("%s: got %v", name, got)
		}
	}
	stranger := w.as(triptest.Stranger)
	_, err = stranger.Shares.RevokeShareLink(ctx, &tripv1.RevokeShareLinkRequest{TripId: tr.GetId(), ShareLinkId: link.GetId()})
	wantReason(t, err, errs.ReasonNotFound)
}
