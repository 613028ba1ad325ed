package rpc_test

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

const (
	noTripKo, noTripEn = "여행을 찾을 수 없습니다.", "There is no such trip."
	staleKo, staleEn   = "다른 곳에서 먼저 수정되었습니다.", "It was changed elsewhere in the meantime."
	noDayKo            = "그런 날은 없습니다."
	family             = "👨‍👩‍👧‍👦" // one character to people, 25 bytes
)

func minutes(m int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: m} }

// [T1] Names, modes and members.
func TestBasicsThatAreRefused(t *testing.T) {
	t.Parallel()
	newStory(t).refuses(t, []refused{
		invalid("an empty name", "name", "입력해 주세요.", "This is needed.",
			creating(func(r *tripv1.CreateTripRequest) { r.Name = "" })),
		invalid("a name of blanks", "name", "이름을 입력해 주세요.", "A name is needed.",
			creating(func(r *tripv1.CreateTripRequest) { r.Name = " \u200b " })),
		invalid("17 families", "name", "이름은 16자까지 쓸 수 있습니다.", "The name has at most 16 characters.",
			creating(func(r *tripv1.CreateTripRequest) { r.Name = strings.Repeat("👨‍👩‍👧", 17) })),
		invalid("17 Hangul syllables in jamo", "name", "이름은 16자까지 쓸 수 있습니다.", "The name has at most 16 characters.",
			creating(func(r *tripv1.CreateTripRequest) { r.Name = strings.Repeat("\u1100\u1161", 17) })),
		invalid("a control character", "name", "이름에 쓸 수 없는 문자가 있습니다.", "The name has characters that cannot be shown.",
			creating(func(r *tripv1.CreateTripRequest) { r.Name = "a\x07b" })),
		invalid("no mode", "transport_mode", "하나를 골라 주세요.", "Choose one.",
			creating(func(r *tripv1.CreateTripRequest) { r.TransportMode = 0 })),
		invalid("no members", "members", "항목이 부족합니다. (최소 1)", "Too few of them (at least 1).",
			creating(func(r *tripv1.CreateTripRequest) { r.Members = nil })),
		invalid("11 members", "members", "항목이 너무 많습니다. (최대 10)", "Too many of them (at most 10).",
			creating(func(r *tripv1.CreateTripRequest) {
				for len(r.GetMembers()) < 11 {
					r.Members = append(r.Members, r.GetMembers()[0])
				}
			})),
		invalid("age −1", "members[0].age", "0 이상 120 이하여야 합니다.", "This has to be 0 to 120.",
			creating(func(r *tripv1.CreateTripRequest) { r.Members[0].Age = -1 })),
		invalid("age 200", "members[0].age", "0 이상 120 이하여야 합니다.", "This has to be 0 to 120.",
			creating(func(r *tripv1.CreateTripRequest) { r.Members[0].Age = 200 })),
		invalid("no health", "members[0].health", "하나를 골라 주세요.", "Choose one.",
			creating(func(r *tripv1.CreateTripRequest) { r.Members[0].Health = 0 })),
		invalid("an unknown preference", "members[0].preferences[0]", "하나를 골라 주세요.", "Choose one.",
			creating(func(r *tripv1.CreateTripRequest) { r.Members[0].Preferences[0] = 9 })),
		invalid("a taste told twice", "members[0].preferences", "같은 값이 두 번 들어 있습니다.", "The same value is in it twice.",
			creating(func(r *tripv1.CreateTripRequest) {
				r.Members[0].Preferences = append(r.Members[0].Preferences, r.Members[0].GetPreferences()[0])
			})),
		notFound("another trip's member", "일행을 찾을 수 없습니다.", "The trip has no such member.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.RemoveMember(ctx, &tripv1.RemoveMemberRequest{
					TripId: s.trip.GetId(), Revision: s.trip.GetRevision(), MemberId: s.other.GetMembers()[0].GetId(),
				})
				return err
			}),
		invalid("the last member removed", "member_id", "일행은 1~10명이어야 합니다.", "A group has 1 to 10 members.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.RemoveMember(ctx, &tripv1.RemoveMemberRequest{
					TripId: s.trip.GetId(), Revision: s.trip.GetRevision(), MemberId: s.trip.GetMembers()[0].GetId(),
				})
				return err
			}),
	})
}

// [T2] Dates, nights and lodgings.
func TestDestinationsThatAreRefused(t *testing.T) {
	t.Parallel()
	newStory(t).refuses(t, []refused{
		invalid("a day that is not in the calendar", "start_date", "달력에 없는 날짜입니다.", "The calendar has no such date.",
			creating(func(r *tripv1.CreateTripRequest) { r.StartDate = &typev1.Date{Year: 2027, Month: 2, Day: 30} })),
		invalid("a start in the past", "start_date", "이미 지난 날짜입니다.", "This date has passed.",
			creating(func(r *tripv1.CreateTripRequest) { r.StartDate = &typev1.Date{Year: 2027, Month: 5, Day: 9} })),
		invalid("0 nights", "destinations[0].nights", "1 이상 30 이하여야 합니다.", "This has to be 1 to 30.",
			creating(func(r *tripv1.CreateTripRequest) { r.Destinations[0].Nights = 0 })),
		invalid("1,000 nights", "destinations[1].nights", "1 이상 30 이하여야 합니다.", "This has to be 1 to 30.",
			creating(func(r *tripv1.CreateTripRequest) { r.Destinations[1].Nights = 1000 })),
		invalid("366 nights in all", "destinations", "여행은 모두 365박까지 가능합니다.", "A trip has at most 365 nights in all.",
			creating(func(r *tripv1.CreateTripRequest) {
				for len(r.GetDestinations()) < 15 {
					r.Destinations = append(r.Destinations, &tripv1.Destination{Name: "Munich", Nights: 30})
				}
			})),
		invalid("21 destinations", "destinations", "항목이 너무 많습니다. (최대 20)", "Too many of them (at most 20).",
			creating(func(r *tripv1.CreateTripRequest) {
				for len(r.GetDestinations()) < 21 {
					r.Destinations = append(r.Destinations, &tripv1.Destination{Name: "Munich", Nights: 1})
				}
			})),
		invalid("a lodging of 61 characters", "destinations[0].lodging.name", "이름은 60자까지 쓸 수 있습니다.", "The name has at most 60 characters.",
			creating(func(r *tripv1.CreateTripRequest) {
				r.Destinations[0].Lodging = &tripv1.Lodging{Name: strings.Repeat("숙", 61)}
			})),
		invalid("21 characters", "destinations[0].name", "이름은 20자까지 쓸 수 있습니다.", "The name has at most 20 characters.",
			creating(func(r *tripv1.CreateTripRequest) { r.Destinations[0].Name = strings.Repeat("뮌", 21) })),
		invalid("lodgings that overlap", "destinations[1].lodging.check_in", "앞 숙소의 체크아웃보다 체크인이 빠릅니다.",
			"Check-in is before the check-out of the lodging before it.",
			creating(func(r *tripv1.CreateTripRequest) {
				r.Destinations[0].Lodging = &tripv1.Lodging{Name: "A", CheckOut: minutes(14 * 60)}
				r.Destinations[1].Lodging = &tripv1.Lodging{Name: "B", CheckIn: minutes(13 * 60)}
			})),
		invalid("a check-in after midnight", "destinations[0].lodging.check_in", "하루 안의 시각이어야 합니다.", "The time has to be within a day.",
			creating(func(r *tripv1.CreateTripRequest) {
				r.Destinations[0].Lodging = &tripv1.Lodging{Name: "A", CheckIn: minutes(24 * 60)}
			})),
		invalid("a point off the globe", "destinations[0].lodging.location.latitude", "-90 이상 90 이하여야 합니다.", "This has to be -90 to 90.",
			creating(func(r *tripv1.CreateTripRequest) {
				r.Destinations[0].Lodging = &tripv1.Lodging{Name: "A", Location: &typev1.LatLng{Latitude: 91}}
			})),
		invalid("a position past the end", "position", "그런 순서는 없습니다.", "There is no such position.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.MoveDestination(ctx, &tripv1.MoveDestinationRequest{
					TripId: s.trip.GetId(), Revision: s.trip.GetRevision(), DestinationId: s.trip.GetDestinations()[0].GetId(), Position: 2,
				})
				return err
			}),
		notFound("another trip's destination", "여행지를 찾을 수 없습니다.", "The trip has no such destination.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.RemoveDestination(ctx, &tripv1.RemoveDestinationRequest{
					TripId: s.trip.GetId(), Revision: s.trip.GetRevision(), DestinationId: s.other.GetDestinations()[0].GetId(),
				})
				return err
			}),
	})
}

// [T3] [T4] [T5] Stale edits, somebody else's trips, lists and steps.
func TestEditsAndListsThatAreRefused(t *testing.T) {
	t.Parallel()
	name := &fieldmaskpb.FieldMask{Paths: []string{"name"}}
	newStory(t).refuses(t, []refused{
		{
			"a stale revision", func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
					TripId: s.trip.GetId(), Revision: 9, Basics: &tripv1.TripBasics{Name: "바다"}, UpdateMask: name,
				})
				if err != nil {
					wantSame(s.T, refusalOf(s.T, err).resource, s.trip)
				}
				return err
			}, connect.CodeAborted, errs.ReasonStaleRevision, "", staleKo, staleEn,
		},
		invalid("a field that cannot be changed", "update_mask", "바꿀 수 없는 항목입니다: id", "This field cannot be changed: id",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
					TripId: s.trip.GetId(), Revision: 1, Basics: &tripv1.TripBasics{}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"id"}},
				})
				return err
			}),
		{
			"one request number for two requests", func(ctx context.Context, s *story) error {
				if _, err := s.user.Trips.UndeleteTrip(keyed(ctx, "once"), &tripv1.UndeleteTripRequest{TripId: s.trip.GetId()}); err != nil {
					return err
				}
				_, err := s.user.Trips.UndeleteTrip(keyed(ctx, "once"), &tripv1.UndeleteTripRequest{TripId: s.other.GetId()})
				return err
			}, connect.CodeAlreadyExists, errs.ReasonIdempotencyMismatch, "", "같은 요청 번호로 다른 내용이 왔습니다.", "The same idempotency key came with another request.",
		},
		invalid("a request number of 256 characters", "Idempotency-Key", "요청 번호는 255자까지입니다.", "An idempotency key has at most 255 characters.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.UndeleteTrip(keyed(ctx, strings.Repeat("k", 256)), &tripv1.UndeleteTripRequest{TripId: s.trip.GetId()})
				return err
			}),
		{
			"a feed resumed with nonsense", func(ctx context.Context, s *story) error {
				stream, err := s.user.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: s.trip.GetId(), ResumeToken: "e30.e30"})
				if err != nil {
					return err
				}
				defer func() { _ = stream.Close() }()
				if stream.Receive() {
					s.T.Errorf("told %v", stream.Msg())
				}
				return stream.Err()
			}, connect.CodeInvalidArgument, errs.ReasonResumeTokenInvalid, "", "너무 오래된 연결입니다. 처음부터 다시 불러와 주세요.",
			"This resume token is too old or of another trip. Start afresh.",
		},
		notFound("somebody else's trip read", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Trips.GetTrip(ctx, &tripv1.GetTripRequest{TripId: s.trip.GetId()})
			return err
		}),
		notFound("somebody else's trip edited", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Trips.UpdateTrip(ctx, &tripv1.UpdateTripRequest{
				TripId: s.trip.GetId(), Revision: s.trip.GetRevision(), Basics: &tripv1.TripBasics{Name: "바다"}, UpdateMask: name,
			})
			return err
		}),
		notFound("somebody else's trip deleted", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Trips.DeleteTrip(ctx, &tripv1.DeleteTripRequest{TripId: s.trip.GetId(), Revision: s.trip.GetRevision()})
			return err
		}),
		notFound("one's own and somebody else's deleted at once", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.user.Trips.BatchDeleteTrips(ctx, &tripv1.BatchDeleteTripsRequest{TripIds: []string{s.trip.GetId(), noTrip}})
			return err
		}),
		notFound("a deletion that never was taken back", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.user.Trips.UndeleteTrip(ctx, &tripv1.UndeleteTripRequest{TripId: noTrip})
			return err
		}),
		{
			"a page token of nowhere", func(ctx context.Context, s *story) error {
				_, err := s.user.Trips.ListTrips(ctx, &tripv1.ListTripsRequest{PageToken: "e30.e30"})
				return err
			}, connect.CodeInvalidArgument, errs.ReasonPageTokenInvalid, "", "목록이 바뀌었습니다. 처음부터 다시 불러와 주세요.", "This page token does not belong to this list. Start again from the first page.",
		},
		invalid("a page of 101", "page_size", "0 이상 100 이하여야 합니다.", "This has to be 0 to 100.", func(ctx context.Context, s *story) error {
			_, err := s.user.Trips.ListTrips(ctx, &tripv1.ListTripsRequest{PageSize: 101})
			return err
		}),
	})
}

const noTrip = "trip_01890a5d-ac96-774b-bcce-b302099a8057"
