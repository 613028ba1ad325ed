package rpc_test

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

const (
	noStop             = "stop_01890a5d-ac96-774b-bcce-b302099a8057"
	noStopKo, noStopEn = "일정에 없는 장소입니다.", "The itinerary has no such stop."
	goneKo, goneEn     = "더 이상 보관하지 않는 일정입니다.", "This version of the itinerary is not kept any more."
)

// generating asks for a generation with something wrong in it.
func generating(change func(*tripv1.GenerateItineraryRequest)) func(context.Context, *story) error {
	return func(ctx context.Context, s *story) error {
		r := &tripv1.GenerateItineraryRequest{TripId: s.trip.GetId(), Revision: s.trip.GetRevision()}
		change(r)
		_, err := s.user.Itineraries.GenerateItinerary(ctx, r)
		return err
	}
}

// gone is a refusal for a version that is not kept, or another trip's.
func gone(name string, call func(context.Context, *story) error) refused {
	return refused{name, call, connect.CodeNotFound, errs.ReasonVersionGone, "", goneKo, goneEn}
}

// [T5] [T6] Generations.
func TestGenerationsThatAreRefused(t *testing.T) {
	t.Parallel()
	newStory(t).refuses(t, []refused{
		{
			"a stale revision", generating(func(r *tripv1.GenerateItineraryRequest) { r.Revision = 9 }),
			connect.CodeAborted, errs.ReasonStaleRevision, "", staleKo, staleEn,
		},
		invalid("off the 10-minute grid", "day_start", "하루 시작 시각은 10분 단위로 골라 주세요.", "The start of the day is on a 10-minute grid.",
			generating(func(r *tripv1.GenerateItineraryRequest) { r.DayStart = &typev1.TimeOfDay{Minutes: 545} })),
		invalid("501 characters", "special_request", "500자까지 쓸 수 있습니다.", "This has at most 500 characters.",
			generating(func(r *tripv1.GenerateItineraryRequest) { r.SpecialRequest = strings.Repeat("꽃", 501) })),
		notFound("somebody else's trip", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Itineraries.GenerateItinerary(ctx, &tripv1.GenerateItineraryRequest{TripId: s.trip.GetId(), Revision: 1})
			return err
		}),
	})
}

// [T5] A trip that lacks something says what.
func TestAnUnreadyTripIsRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.trip = s.create(func(r *tripv1.CreateTripRequest) { r.StartDate = nil })
	s.refuses(t, []refused{{
		"no start date", generating(func(*tripv1.GenerateItineraryRequest) {}), connect.CodeFailedPrecondition,
		errs.ReasonTripNotReady, "", "일정을 만들기에 아직 부족한 정보가 있습니다.", "The trip still lacks something that an itinerary needs.",
	}, {
		"the field that is missing", generating(func(*tripv1.GenerateItineraryRequest) {}), connect.CodeFailedPrecondition,
		errs.ReasonTripNotReady, "start_date", "일정을 만들려면 필요합니다.", "An itinerary needs this.",
	}})
	s.refuses(t, []refused{notFound("no itinerary yet", "아직 만들어진 일정이 없습니다.", "The trip has no itinerary yet.",
		func(ctx context.Context, s *story) error {
			_, err := s.user.Itineraries.GetItinerary(ctx, &tripv1.GetItineraryRequest{TripId: s.trip.GetId()})
			return err
		})})
	s.trip = s.create(func(r *tripv1.CreateTripRequest) { r.Destinations[1].Name = "Atlantis" })
	s.refuses(t, []refused{{
		"an unknown city", generating(func(*tripv1.GenerateItineraryRequest) {}), connect.CodeFailedPrecondition,
		errs.ReasonDestinationUnknown, "destinations[1].name",
		"아직 장소 정보가 없는 여행지입니다.", "There is no place data for this destination yet.",
	}})
}

// [T7] Edits of stops.
func TestStopEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	move := func(change func(*tripv1.MoveStopRequest)) func(context.Context, *story) error {
		return func(ctx context.Context, s *story) error {
			r := &tripv1.MoveStopRequest{TripId: s.trip.GetId(), Version: 2, Revision: 1, StopId: s.stop, ToDay: 2}
			change(r)
			_, err := s.user.Itineraries.MoveStop(ctx, r)
			return err
		}
	}
	newStory(t).refuses(t, []refused{
		invalid("a day that does not exist", "to_day", noDayKo, "The trip has no such day.",
			move(func(r *tripv1.MoveStopRequest) { r.ToDay = 5 })),
		notFound("a stop that is not there", noStopKo, noStopEn,
			move(func(r *tripv1.MoveStopRequest) { r.StopId = noStop })),
		gone("a version that is gone", move(func(r *tripv1.MoveStopRequest) { r.Version = 7 })),
		{
			"a stale revision", move(func(r *tripv1.MoveStopRequest) { r.Revision = 9 }),
			connect.CodeAborted, errs.ReasonStaleRevision, "", staleKo, staleEn,
		},
		{
			"a place that is gone", func(ctx context.Context, s *story) error {
				_, err := s.user.Itineraries.AddStop(ctx, &tripv1.AddStopRequest{
					TripId: s.trip.GetId(), Version: 2, Revision: 1, PlaceId: "builtin:gone", Day: 1,
				})
				return err
			}, connect.CodeNotFound, errs.ReasonPlaceGone, "", "없는 장소입니다.", "There is no such place.",
		},
		invalid("a time after midnight", "arrive", "하루 안의 시각이어야 합니다.", "The time has to be within a day.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Itineraries.LockStop(ctx, &tripv1.LockStopRequest{
					TripId: s.trip.GetId(), Version: 2, Revision: 1, StopId: s.stop, Locked: true, Arrive: minutes(1500),
				})
				return err
			}),
		invalid("a stay of no time", "stay_minutes", "5 이상 720 이하여야 합니다.", "This has to be 5 to 720.", func(ctx context.Context, s *story) error {
			_, err := s.user.Itineraries.SetStay(ctx, &tripv1.SetStayRequest{TripId: s.trip.GetId(), Version: 2, Revision: 1, StopId: s.stop})
			return err
		}),
		notFound("somebody else's trip", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Itineraries.RemoveStop(ctx, &tripv1.RemoveStopRequest{
				TripId: s.trip.GetId(), Version: 2, Revision: 1, StopId: s.stop,
			})
			return err
		}),
	})
}

// [T8] Regenerations and versions.
func TestRegenerationsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.refuses(t, []refused{
		invalid("a day that does not exist", "day", noDayKo, "The itinerary has no such day.",
			generating(func(r *tripv1.GenerateItineraryRequest) { r.Day = 5 })),
		invalid("a stop to keep that is not there", "keep_stop_ids[0]", noStopKo, noStopEn,
			generating(func(r *tripv1.GenerateItineraryRequest) { r.KeepStopIds = []string{noStop} })),
		gone("another trip's version restored", func(ctx context.Context, s *story) error {
			_, err := s.user.Itineraries.RestoreVersion(ctx, &tripv1.RestoreVersionRequest{TripId: s.trip.GetId(), Version: 3})
			return err
		}),
		gone("compared with what never was", func(ctx context.Context, s *story) error {
			_, err := s.user.Itineraries.CompareVersions(ctx, &tripv1.CompareVersionsRequest{TripId: s.trip.GetId(), FromVersion: 1, ToVersion: 9})
			return err
		}),
		invalid("an improvement that nobody offers", "days", "더 나은 일정이 없는 날입니다.", "No better version of that day is offered.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Itineraries.AcceptImprovement(ctx, &tripv1.AcceptImprovementRequest{
					TripId: s.trip.GetId(), GenerationId: s.itinerary.GetGenerationId(), Days: []int32{1},
				})
				return err
			}),
	})
	for s.get(s.trip.GetId()).GetRegenerationsLeft() > 0 {
		s.generate(s.trip, day(1))
	}
	s.refuses(t, []refused{{
		"a sixth of the day", generating(func(*tripv1.GenerateItineraryRequest) {}), connect.CodeResourceExhausted,
		errs.ReasonRegenerationLimit, "", "오늘은 일정을 더 다시 만들 수 없습니다. (하루 5번)",
		"The itinerary was made anew as often as a day allows (5 times).",
	}})
	s.ai.Hold(true)
	s.generate(s.other)
	s.trip = s.other
	s.refuses(t, []refused{{
		"one beside another", generating(func(*tripv1.GenerateItineraryRequest) {}), connect.CodeFailedPrecondition,
		errs.ReasonGenerationRunning, "", "이미 일정을 만들고 있습니다.", "An itinerary is being made already.",
	}})
}

// [T9] What cannot be done about an alert.
func TestResolutionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.trip = s.soon()
	s.outlook.SetWeather(tomorrow, rain)
	alert := s.check(s.trip)[0]
	resolving := func(change func(*tripv1.ResolveAlertRequest)) func(context.Context, *story) error {
		return func(ctx context.Context, s *story) error {
			r := &tripv1.ResolveAlertRequest{TripId: s.trip.GetId(), AlertId: alert.GetId(), Action: replace}
			change(r)
			_, err := s.user.Itineraries.ResolveAlert(ctx, r)
			return err
		}
	}
	s.refuses(t, []refused{
		invalid("no action", "action", "하나를 골라 주세요.", "Choose one.", resolving(func(r *tripv1.ResolveAlertRequest) { r.Action = 0 })),
		invalid("a stop that it does not hit", "stop_id", "알림과 관계없는 장소입니다.", "The alert does not hit this stop.",
			resolving(func(r *tripv1.ResolveAlertRequest) { r.StopId = noStop })),
	})
	s.resolve(s.trip, alert, keep)
	s.refuses(t, []refused{{
		"one that was resolved", resolving(func(*tripv1.ResolveAlertRequest) {}), connect.CodeFailedPrecondition, errs.ReasonAlertEnded, "",
		"이미 처리되었거나 지나간 알림입니다.", "The alert was resolved already, or its cause has gone away.",
	}})
}

// [T9] [T10] [T11] [T12] Alerts, maps, files and links.
func TestLooksExportsAndSharesThatAreRefused(t *testing.T) {
	t.Parallel()
	export := func(change func(*tripv1.ExportItineraryRequest)) func(context.Context, *story) error {
		return func(ctx context.Context, s *story) error {
			r := &tripv1.ExportItineraryRequest{TripId: s.trip.GetId(), Format: tripv1.ExportFormat_EXPORT_FORMAT_ICS}
			change(r)
			_, err := s.user.Exports.ExportItinerary(ctx, r)
			return err
		}
	}
	picture := tripv1.ExportFormat_EXPORT_FORMAT_PNG
	newStory(t).refuses(t, []refused{
		notFound("an alert that never was", "알림을 찾을 수 없습니다.", "There is no such alert.", func(ctx context.Context, s *story) error {
			_, err := s.user.Itineraries.ResolveAlert(ctx, &tripv1.ResolveAlertRequest{
				TripId: s.trip.GetId(), AlertId: "alert_01890a5d-ac96-774b-bcce-b302099a8057", Action: tripv1.AlertAction_ALERT_ACTION_KEEP,
			})
			return err
		}),
		notFound("somebody else's trip looked over", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Itineraries.CheckForChanges(ctx, &tripv1.CheckForChangesRequest{TripId: s.trip.GetId()})
			return err
		}),
		invalid("a map of 99 pixels", "width", "100픽셀 이상이어야 합니다.", "The picture has at least 100 pixels.",
			func(ctx context.Context, s *story) error {
				_, err := s.user.Exports.RenderMap(ctx, &tripv1.RenderMapRequest{TripId: s.trip.GetId(), Width: 99})
				return err
			}),
		invalid("no format", "format", "하나를 골라 주세요.", "Choose one.", export(func(r *tripv1.ExportItineraryRequest) { r.Format = 0 })),
		invalid("a picture of all days", "day", noDayKo, "The itinerary has no such day.",
			export(func(r *tripv1.ExportItineraryRequest) { r.Format = picture })),
		invalid("a file of a day that does not exist", "day", noDayKo, "The itinerary has no such day.",
			export(func(r *tripv1.ExportItineraryRequest) { r.Day = 9 })),
		gone("a file of a version that is gone", export(func(r *tripv1.ExportItineraryRequest) { r.Version = 9 })),
		invalid("a link for more than a year", "valid_days", "0 이상 365 이하여야 합니다.", "This has to be 0 to 365.", func(ctx context.Context, s *story) error {
			_, err := s.user.Shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: s.trip.GetId(), ValidDays: 366})
			return err
		}),
		notFound("another trip's link revoked", "공유 링크를 찾을 수 없습니다.", "There is no such link.", func(ctx context.Context, s *story) error {
			_, err := s.user.Shares.RevokeShareLink(ctx, &tripv1.RevokeShareLinkRequest{
				TripId: s.trip.GetId(), ShareLinkId: "share_01890a5d-ac96-774b-bcce-b302099a8057",
			})
			return err
		}),
		notFound("somebody else's trip shared", noTripKo, noTripEn, func(ctx context.Context, s *story) error {
			_, err := s.stranger.Shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: s.trip.GetId()})
			return err
		}),
		{
			"a link that never was", func(ctx context.Context, s *story) error {
				_, err := s.clients(s.server.Client(s.T, "")).Shares.GetSharedItinerary(ctx, &tripv1.GetSharedItineraryRequest{
					Token: strings.Repeat("x", 43),
				})
				return err
			}, connect.CodeNotFound, errs.ReasonShareLinkInvalid, "", "더 이상 열 수 없는 링크입니다.", "This link does not work (any more).",
		},
	})
}
