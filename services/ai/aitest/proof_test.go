package aitest_test

import (
	"fmt"
	"hash/fnv"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

const holiday = 8 // of December, the trip's second day

// localHours are hours with all that local calendars know: a break in the afternoon, a last entry, and on the holiday
// half of the places closed and the others open for shorter.
func localHours(placeID string, date *typev1.Date) *locationv1.CandidateHours {
	h := fnv.New32a()
	_, _ = h.Write([]byte(placeID)) // never fails
	span := func(open, closes, last int32) *typev1.OpeningInterval {
		return &typev1.OpeningInterval{Open: minutes(open), Close: minutes(closes), LastEntry: minutes(last)}
	}
	switch {
	case date.GetDay() == holiday && h.Sum32()%2 == 0:
		return &locationv1.CandidateHours{Known: true}
	case date.GetDay() == holiday:
		return &locationv1.CandidateHours{Known: true, Intervals: []*typev1.OpeningInterval{span(11*60, 20*60, 19*60+15)}}
	default:
		return &locationv1.CandidateHours{Known: true, Intervals: []*typev1.OpeningInterval{
			span(8*60, 15*60, 14*60+20), span(16*60, 22*60, 21*60+10),
		}}
	}
}

func minutes(m int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: m} }

// [A8] Each stop proves itself: it carries the opening interval of its place on its date, within which it lies with its
// last entry, the slack that follows from it, and the source of the place's data with the time of its fetching; each leg
// says where it comes from.
func TestEachStopAndLegProvesItself(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true})
	s.Places.Hours = localHours
	s.StartWorker(t)
	request := aitest.Request("munich", 3)
	s.Begin(t, request)
	it := s.AwaitMade(t, request.GetGenerationId()).GetItinerary()
	checkItinerary(t, it, 4)
	proved := 0
	for _, day := range it.GetDays() {
		for i, stop := range day.GetStops() {
			if k := stop.GetKind(); k != typev1.StopKind_STOP_KIND_VISIT && k != typev1.StopKind_STOP_KIND_MEAL {
				continue
			}
			proved++
			if why := unproved(day, i); why != "" {
				t.Errorf("day %d: %s %s", day.GetNumber(), stop.GetPlaceId(), why)
			}
		}
		for i, leg := range day.GetLegs() {
			// The stand-in routes nothing: every leg has to say that it is an estimate, and since when.
			if leg.GetSource().GetProvider() != "estimate" || leg.GetSource().GetFetchedAt() == nil || len(leg.GetGeometry()) != 0 {
				t.Errorf("day %d: leg %d comes from %v", day.GetNumber(), i, leg.GetSource())
			}
		}
	}
	if proved < 8 {
		t.Errorf("only %d stops in four days", proved)
	}
}

// unproved says what a stop does not prove; empty where it proves all.
func unproved(day *typev1.Day, i int) string {
	stop := day.GetStops()[i]
	given := localHours(stop.GetPlaceId(), day.GetDate()).GetIntervals()
	planned := stop.GetOpening()
	if !slices.ContainsFunc(given, func(g *typev1.OpeningInterval) bool { return proto.Equal(g, planned) }) {
		return fmt.Sprintf("was planned against %v, and is open %v", planned, given)
	}
	arrive, leave := stop.GetArrive().GetMinutes(), stop.GetLeave().GetMinutes()
	if arrive < planned.GetOpen().GetMinutes() || arrive > planned.GetLastEntry().GetMinutes() || leave > planned.GetClose().GetMinutes() {
		return fmt.Sprintf("is visited from %d to %d, open %v", arrive, leave, planned)
	}
	slack := stop.GetSlack()
	if slack.GetBeforeClosingMinutes() != planned.GetClose().GetMinutes()-leave || slack.GetBeforeNextMinutes() > planned.GetLastEntry().GetMinutes()-arrive {
		return fmt.Sprintf("has the slack %v in %v, from %d to %d", slack, planned, arrive, leave)
	}
	source := stop.GetSource()
	if source.GetProvider() != "builtin" || !source.GetFetchedAt().AsTime().Equal(aitest.Fetched) {
		return fmt.Sprintf("comes from %v", source)
	}
	return ""
}
