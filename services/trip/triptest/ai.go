package triptest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// AI is the AI service's intake and planner as the trip service sees them, in memory. It takes each generation once,
// makes itineraries of a lodging and two visits a day, and keeps account of what it was told.
type AI struct {
	mu   sync.Mutex
	ids  id.Sequence
	jobs map[string]*job
	// away makes every call fail as if the service could not be reached; refuse makes Start refuse.
	away   bool
	refuse error
	// finished is called when a generation has finished.
	finished func(generationID string, state aiv1.GenerationState, reason string)
	// hold keeps generations running until Finish.
	hold bool
}

type job struct {
	request   *aiv1.StartGenerationRequest
	state     aiv1.GenerationState
	reason    string // of a failure
	itinerary *typev1.Itinerary
	better    []*typev1.Day
	version   int64
	starts    int
}

// NewAI makes the fake. finished is told of each generation that has finished, as Kafka would tell; it may be nil.
func NewAI(finished func(generationID string, state aiv1.GenerationState, reason string)) *AI {
	if finished == nil {
		finished = func(string, aiv1.GenerationState, string) {}
	}
	return &AI{jobs: map[string]*job{}, finished: finished}
}

// Away takes the service away or brings it back.
func (a *AI) Away(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = away
}

// Refuse makes Start refuse with this error; nil ends that.
func (a *AI) Refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = err
}

// Hold keeps new generations running until Finish.
func (a *AI) Hold(hold bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = hold
}

// Finish ends a held generation.
func (a *AI) Finish(generationID string, state aiv1.GenerationState, reason string) {
	a.mu.Lock()
	j := a.jobs[generationID]
	if j != nil {
		j.reason = reason
		a.end(j, state)
	}
	a.mu.Unlock()
	a.finished(generationID, state, reason)
}

func (a *AI) end(j *job, state aiv1.GenerationState) {
	j.state = state
	if state == aiv1.GenerationState_GENERATION_STATE_READY {
		j.state = aiv1.GenerationState_GENERATION_STATE_RUNNING // until the itinerary is stored
		j.itinerary = a.itinerary(j.request)
	}
}

// Improve offers a better version of a day of a finished generation: with one visit less.
func (a *AI) Improve(generationID string, number int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.jobs[generationID]
	for _, d := range j.itinerary.GetDays() {
		if d.GetNumber() == number {
			better := proto.CloneOf(d)
			better.Stops = append(better.Stops[:1], better.Stops[2:]...)
			j.better = append(j.better, better)
		}
	}
}

// Confirmed is the version that a generation was stored as; 0 while it was not.
func (a *AI) Confirmed(generationID string) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if j := a.jobs[generationID]; j != nil {
		return j.version
	}
	return 0
}

// Started counts the generations that were taken.
func (a *AI) Started() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.jobs)
}

// Request is what a generation was started with.
func (a *AI) Request(generationID string) *aiv1.StartGenerationRequest {
	a.mu.Lock()
	defer a.mu.Unlock()
	if j := a.jobs[generationID]; j != nil {
		return proto.CloneOf(j.request)
	}
	return nil
}

func (a *AI) there() error {
	if a.away {
		return errs.Unavailable(fmt.Errorf("the AI service is away"))
	}
	return nil
}

// StartGeneration takes a generation.
func (a *AI) StartGeneration(_ context.Context, r *aiv1.StartGenerationRequest) (*aiv1.StartGenerationResponse, error) {
	a.mu.Lock()
	if err := a.there(); err != nil {
		a.mu.Unlock()
		return nil, err
	}
	j, known := a.jobs[r.GetGenerationId()]
	switch {
	case known && !proto.Equal(j.request, r):
		a.mu.Unlock()
		return nil, errs.AlreadyExists(errs.ReasonIdempotencyMismatch, "다른 요청입니다.", "Another request.")
	case !known && a.refuse != nil:
		defer a.mu.Unlock()
		return nil, a.refuse
	case !known:
		j = &job{request: proto.CloneOf(r), state: aiv1.GenerationState_GENERATION_STATE_QUEUED}
		a.jobs[r.GetGenerationId()] = j
	}
	j.starts++
	ended := !known && !a.hold
	res := &aiv1.StartGenerationResponse{Generation: j.message()}
	if ended {
		a.end(j, aiv1.GenerationState_GENERATION_STATE_READY)
	}
	a.mu.Unlock()
	if ended {
		a.finished(r.GetGenerationId(), aiv1.GenerationState_GENERATION_STATE_READY, "")
	}
	return res, nil
}

func (j *job) message() *aiv1.Generation {
	return &aiv1.Generation{
		Id: j.request.GetGenerationId(), TripId: j.request.GetTripId(), Day: j.request.GetDay(), State: j.state,
		PriorityClass: aiv1.PriorityClass_PRIORITY_CLASS_EXPRESS, ItineraryVersion: j.version,
	}
}

// GetGenerationResult gives what was made, or how it ended otherwise; NOT_FOUND while there is neither.
func (a *AI) GetGenerationResult(_ context.Context, r *aiv1.GetGenerationResultRequest) (*aiv1.GetGenerationResultResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.there(); err != nil {
		return nil, err
	}
	j := a.jobs[r.GetGenerationId()]
	ended := j != nil && (j.state == aiv1.GenerationState_GENERATION_STATE_FAILED || j.state == aiv1.GenerationState_GENERATION_STATE_CANCELLED)
	if j == nil || j.itinerary == nil && !ended {
		return nil, errs.NotFound(errs.ReasonNotFound, "없습니다.", "There is none.")
	}
	if ended {
		m := j.message()
		m.Failure = &aiv1.GenerationFailure{Reason: j.reason}
		return &aiv1.GetGenerationResultResponse{Generation: m}, nil
	}
	return &aiv1.GetGenerationResultResponse{Generation: j.message(), Itinerary: proto.CloneOf(j.itinerary), Improvements: j.better}, nil
}

// ConfirmStored ends a generation as ready, as one version and no other.
func (a *AI) ConfirmStored(_ context.Context, r *aiv1.ConfirmStoredRequest) (*aiv1.ConfirmStoredResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.there(); err != nil {
		return nil, err
	}
	j := a.jobs[r.GetGenerationId()]
	if j == nil || j.itinerary == nil || j.version != 0 && j.version != r.GetItineraryVersion() {
		return nil, errs.FailedPrecondition(errs.ReasonGenerationEnded, "이미 끝났습니다.", "It has ended otherwise.")
	}
	j.version, j.state = r.GetItineraryVersion(), aiv1.GenerationState_GENERATION_STATE_READY
	return &aiv1.ConfirmStoredResponse{Generation: j.message()}, nil
}

// itinerary makes two visits between the lodgings of each day; where the request has a present one, only the day asked
// for is new.
func (a *AI) itinerary(r *aiv1.StartGenerationRequest) *typev1.Itinerary {
	if present := r.GetPresent(); present != nil && r.GetDay() > 0 {
		it := proto.CloneOf(present)
		for _, d := range it.GetDays() {
			if d.GetNumber() == r.GetDay() {
				d.Stops = a.stops(int(d.GetNumber()) + 100)
			}
		}
		return it
	}
	it := new(typev1.Itinerary)
	days := 1
	for _, d := range r.GetProfile().GetDestinations() {
		days += int(d.GetNights())
	}
	start := r.GetProfile().GetDestinations()[0].GetStartDate()
	for n := 1; n <= days; n++ {
		year, month, day := time.Date(
			int(start.GetYear()), time.Month(start.GetMonth()), int(start.GetDay())+n-1, 0, 0, 0, 0, time.UTC).Date()
		it.Days = append(it.Days, &typev1.Day{
			Number: int32(n), Date: &typev1.Date{Year: int32(year), Month: int32(month), Day: int32(day)},
			TimeZone: r.GetProfile().GetDestinations()[0].GetTimeZone(), Stops: a.stops(n),
			Weather: &typev1.DayWeather{
				Kind: typev1.WeatherKind_WEATHER_KIND_CLEAR, MinCelsius: 14, MaxCelsius: 22, PrecipitationPercent: 10, Pm25: 8,
			},
		})
	}
	return it
}

func (a *AI) stops(seed int) []*typev1.Stop {
	var stops []*typev1.Stop
	for i, kind := range []typev1.StopKind{
		typev1.StopKind_STOP_KIND_LODGING, typev1.StopKind_STOP_KIND_VISIT, typev1.StopKind_STOP_KIND_VISIT,
		typev1.StopKind_STOP_KIND_LODGING,
	} {
		s := &typev1.Stop{
			Id: a.ids.New(id.Stop), Kind: kind, Arrive: at(9*60 + 120*i), Leave: at(10*60 + 120*i),
			Location: &typev1.LatLng{Latitude: 48.137 + float64(i)/1000, Longitude: 11.575 + float64(seed%10)/1000},
		}
		if kind == typev1.StopKind_STOP_KIND_VISIT {
			s.PlaceId = fmt.Sprintf("builtin:place-%d-%d", seed, i)
			s.Name = &typev1.LocalizedText{Ko: fmt.Sprintf("명소 %d-%d", seed, i), En: fmt.Sprintf("Sight %d-%d", seed, i)}
			if i == 1 {
				s.Setting = typev1.Setting_SETTING_OUTDOOR
			} else {
				s.Setting = typev1.Setting_SETTING_INDOOR
			}
			s.Alternatives = []*typev1.Alternative{
				{Reason: typev1.AlternativeReason_ALTERNATIVE_REASON_RAIN, PlaceId: fmt.Sprintf("builtin:roof-%d-%d", seed, i)},
				{Reason: typev1.AlternativeReason_ALTERNATIVE_REASON_CLOSED, PlaceId: fmt.Sprintf("builtin:alike-%d-%d", seed, i)},
			}
		} else {
			s.Name = &typev1.LocalizedText{Ko: "숙소", En: "Lodging"}
		}
		stops = append(stops, s)
	}
	return stops
}

func at(minutes int) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: int32(minutes)} }
