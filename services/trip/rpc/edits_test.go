package rpc_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// [T3] Each edit returns the whole trip at its next revision; an edit of an old revision gets the present trip.
func TestEditsAndStaleRevisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, trips := t.Context(), w.user.Trips
	tr := w.create()
	id := tr.GetId()
	mask := func(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }
	edits := []struct {
		name string
		edit func(revision int64) (*tripv1.Trip, error)
		ok   func(*tripv1.Trip) bool
	}{
		{"update", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
				TripId: id, Revision: r, UpdateMask: mask("name", "start_date"),
				Basics: &tripv1.TripBasics{Name: "바다", TransportMode: 2, StartDate: &typev1.Date{Year: 2027, Month: 7, Day: 1}},
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			return tr.GetName() == "바다" && tr.GetTransportMode() == 1 && tr.GetDestinations()[1].GetStartDate().GetDay() == 3
		}},
		{"add member", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.AddMember(ctx, &tripv1.AddMemberRequest{
				TripId: id, Revision: r, Member: &tripv1.Member{Name: "민준", Age: 70, Health: 3},
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			return len(tr.GetMembers()) == 2 && tr.GetMembers()[1].GetName() == "민준"
		}},
		{"update member", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.UpdateMember(ctx, &tripv1.UpdateMemberRequest{
				TripId: id, Revision: r, MemberId: w.get(id).GetMembers()[1].GetId(), UpdateMask: mask("age", "health"),
				Member: &tripv1.Member{Age: 71, Health: 4},
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			m := tr.GetMembers()[1]
			return m.GetName() == "민준" && m.GetAge() == 71 && m.GetHealth() == 4
		}},
		{"remove member", func(r int64) (*tripv1.Trip, error) {
			members := w.get(id).GetMembers()
			res, err := trips.RemoveMember(ctx, &tripv1.RemoveMemberRequest{
				TripId: id, Revision: r, MemberId: members[len(members)-1].GetId(),
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool { return len(tr.GetMembers()) == 1 }},
		{"add destination", func(r int64) (*tripv1.Trip, error) {
			zero := int32(0)
			res, err := trips.AddDestination(ctx, &tripv1.AddDestinationRequest{
				TripId: id, Revision: r, Destination: &tripv1.Destination{Name: "서울", Nights: 1}, Position: &zero,
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			d := tr.GetDestinations()
			return len(d) == 3 && d[0].GetCityId() == "seoul" && d[1].GetStartDate().GetDay() == 2 && d[2].GetEndDate().GetDay() == 5
		}},
		{"update destination", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.UpdateDestination(ctx, &tripv1.UpdateDestinationRequest{
				TripId: id, Revision: r, DestinationId: w.get(id).GetDestinations()[0].GetId(), UpdateMask: mask("name", "nights"),
				Destination: &tripv1.Destination{Name: "Honolulu", Nights: 3},
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			d := tr.GetDestinations()
			return d[0].GetTimeZone() == "Pacific/Honolulu" && d[1].GetStartDate().GetDay() == 4
		}},
		{"move destination", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.MoveDestination(ctx, &tripv1.MoveDestinationRequest{
				TripId: id, Revision: r, DestinationId: w.get(id).GetDestinations()[0].GetId(), Position: 2,
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			d := tr.GetDestinations()
			return d[2].GetName() == "Honolulu" && d[0].GetStartDate().GetDay() == 1 && d[2].GetEndDate().GetDay() == 7
		}},
		{"remove destination", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.RemoveDestination(ctx, &tripv1.RemoveDestinationRequest{
				TripId: id, Revision: r, DestinationId: w.get(id).GetDestinations()[0].GetId(),
			})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool {
			d := tr.GetDestinations()
			return len(d) == 2 && d[0].GetName() == "Paris" && d[0].GetStartDate().GetDay() == 1
		}},
		{"delete", func(r int64) (*tripv1.Trip, error) {
			res, err := trips.DeleteTrip(ctx, &tripv1.DeleteTripRequest{TripId: id, Revision: r})
			return res.GetTrip(), err
		}, func(tr *tripv1.Trip) bool { return tr.GetDeleteTime() != nil }},
	}
	for _, e := range edits {
		present := w.get(id)
		_, err := e.edit(present.GetRevision() + 1)
		stale := wantReason(t, err, errs.ReasonStaleRevision)
		if stale.code != connect.CodeAborted || stale.message == "" {
			t.Errorf("%s: refused with %+v", e.name, stale)
		}
		wantSame(t, stale.resource, present)
		got, err := e.edit(present.GetRevision())
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		if got.GetRevision() != present.GetRevision()+1 || !e.ok(got) {
			t.Errorf("%s: got %v", e.name, got)
		}
		if e.name != "delete" {
			wantSame(t, w.get(id), got)
		}
	}
}

// [T1] [T2] Edits keep the same rules as creation, told with the edit's own field names.
func TestBadEditsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, trips := in(t.Context(), "en"), w.user.Trips
	tr := w.create()
	id, revision := tr.GetId(), tr.GetRevision()
	mask := func(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }
	for name, c := range map[string]struct {
		call  func() error
		field string
	}{
		"a long name": {func() error {
			_, err := trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
				TripId: id, Revision: revision, Basics: &tripv1.TripBasics{Name: strings.Repeat("x", 17)}, UpdateMask: mask("name"),
			})
			return err
		}, "basics.name"},
		"a passed start": {func() error {
			_, err := trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
				TripId: id, Revision: revision, UpdateMask: mask("start_date"),
				Basics: &tripv1.TripBasics{StartDate: &typev1.Date{Year: 2020, Month: 1, Day: 1}},
			})
			return err
		}, "basics.start_date"},
		"an unknown path": {func() error {
			_, err := trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
				TripId: id, Revision: revision, Basics: &tripv1.TripBasics{}, UpdateMask: mask("members"),
			})
			return err
		}, "update_mask"},
		"a member's age": {func() error {
			_, err := trips.UpdateMember(ctx, &tripv1.UpdateMemberRequest{
				TripId: id, Revision: revision, MemberId: tr.GetMembers()[0].GetId(), Member: &tripv1.Member{Age: 121},
				UpdateMask: mask("age"),
			})
			return err
		}, "member.age"},
		"the last member": {func() error {
			_, err := trips.RemoveMember(ctx, &tripv1.RemoveMemberRequest{
				TripId: id, Revision: revision, MemberId: tr.GetMembers()[0].GetId(),
			})
			return err
		}, "member_id"},
		"a destination's nights": {func() error {
			_, err := trips.UpdateDestination(ctx, &tripv1.UpdateDestinationRequest{
				TripId: id, Revision: revision, DestinationId: tr.GetDestinations()[0].GetId(),
				Destination: &tripv1.Destination{}, UpdateMask: mask("nights"),
			})
			return err
		}, "destination.nights"},
		"a new destination's name": {func() error {
			_, err := trips.AddDestination(ctx, &tripv1.AddDestinationRequest{
				TripId: id, Revision: revision, Destination: &tripv1.Destination{Name: "\u200b", Nights: 1},
			})
			return err
		}, "destination.name"},
		"a position past the end": {func() error {
			_, err := trips.MoveDestination(ctx, &tripv1.MoveDestinationRequest{
				TripId: id, Revision: revision, DestinationId: tr.GetDestinations()[0].GetId(), Position: 2,
			})
			return err
		}, "position"},
	} {
		got := wantReason(t, c.call(), errs.ReasonInvalidArgument)
		if got.fields[c.field] == "" {
			t.Errorf("%s: got %v, want %s", name, got.fields, c.field)
		}
	}
	wantSame(t, w.get(id), tr)
}
