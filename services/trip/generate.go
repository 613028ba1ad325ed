package trip

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
)

// Wish is what somebody asks of a generation.
type Wish struct {
	// Revision is the trip's that the caller saw.
	Revision int64
	// Day is planned anew, from 1; 0 for the whole trip.
	Day int
	// DayStart is when days start, in minutes; nil for 09:00.
	DayStart *int
	// Special are wishes in the traveller's words, up to 500 characters.
	Special string
	// Keep are stops that must stay; MaxChanges bounds how many may change, nil for no bound.
	Keep       []string
	MaxChanges *int
}

const (
	defaultDayStart = 9 * 60
	dayStartGrid    = 10
)

// Generate starts a generation and gives it as it stands, with the AI service's receipt if that came in time: it is
// accepted even while the AI service is away. Errors: ErrNotReady, ErrGenerationRunning, ErrRegenerationLimit,
// ErrStaleRevision, ErrCityUnknown, and the AI service's refusals (QUEUE_FULL, BUDGET_SPENT).
func (s *Service) Generate(ctx context.Context, c Caller, tripID string, w Wish) (Generation, error) {
	return writeOnce(ctx, s, c, func() (Generation, error) {
		return s.generate(ctx, c, tripID, w)
	}, func(ids []string) (Generation, error) { return s.Generations.Generation(ctx, ids[0]) })
}

func (s *Service) generate(ctx context.Context, c Caller, tripID string, w Wish) (Generation, error) {
	if err := w.check(); err != nil {
		return Generation{}, err
	}
	t, err := s.Get(ctx, c, tripID)
	if err != nil {
		return Generation{}, err
	}
	found, err := s.locateAll(ctx, &t)
	if err != nil {
		return Generation{}, err
	}
	present, err := s.present(ctx, c, &t, w)
	if err != nil {
		return Generation{}, err
	}
	g, err := s.Generations.Begin(ctx, c.Owner, tripID, c.Once, func(t *Trip) (Generation, error) {
		if t.IsDeleted() {
			return Generation{}, ErrNoTrip
		}
		if t.Revision != w.Revision {
			return Generation{}, ErrStaleRevision.WithResource(*t)
		}
		t.adopt(found)
		return s.begin(c, t, w, present)
	})
	if err != nil {
		return Generation{}, err
	}
	return s.handOver(ctx, g)
}

// handOver starts the saga and waits a moment for what the AI service says.
func (s *Service) handOver(ctx context.Context, g Generation) (Generation, error) {
	if err := s.Sagas.Start(ctx, g.ID); err != nil {
		// The generation is accepted and stored: the sweep starts its saga.
		s.Log.WarnContext(ctx, "start the saga of a generation", "generation", g.ID, "error", err)
		return g, nil
	}
	receipt, err := s.Sagas.HandedOver(ctx, g.ID, s.HandOverWait)
	g.Receipt = receipt
	return g, err
}

// begin checks whether the trip may have a generation now and reserves it.
func (s *Service) begin(c Caller, t *Trip, w Wish, present Itinerary) (Generation, error) {
	step, missing := t.Step()
	if step < StepGenerate {
		return Generation{}, notReady(missing)
	}
	if t.Running != "" {
		return Generation{}, ErrGenerationRunning.With("generation", t.Running)
	}
	if t.Itinerary != present.Version && present.Version != 0 {
		return Generation{}, ErrStaleRevision.WithResource(*t)
	}
	if w.Day > t.Days() {
		return Generation{}, noDay("day")
	}
	now := s.now()
	g := Generation{
		ID: s.IDs.New(id.Generation), TripID: t.ID, Owner: c.Owner, ClientID: c.ClientID, State: GenerationAccepted,
		Day: w.Day, Created: now,
		Request: Request{
			Profile: t.Profile(), Day: w.Day, DayStart: defaultDayStart, Special: w.Special,
			Present: present.Plan.Document, Keep: w.Keep, MaxChanges: w.MaxChanges, Language: c.Language, Asked: now,
		},
	}
	if w.DayStart != nil {
		g.Request.DayStart = *w.DayStart
	}
	if t.Itinerary > 0 {
		g.CountedOn = t.Today(now)
		if !t.Regenerations.Take(g.CountedOn) {
			return Generation{}, ErrRegenerationLimit
		}
	}
	t.Running = g.ID
	return g, nil
}

// notReady names each of the fields.
func notReady(missing []string) error {
	refusal := ErrNotReady.With("missing", strings.Join(missing, ","))
	for _, field := range missing {
		refusal = refusal.WithField(field, "일정을 만들려면 필요합니다.", "An itinerary needs this.")
	}
	return refusal
}

func (w Wish) check() error {
	var v violations
	if m := w.DayStart; m != nil && (*m < 0 || *m >= minutesOfDay || *m%dayStartGrid != 0) {
		v.add("day_start", "하루 시작 시각은 10분 단위로 골라 주세요.", "The start of the day is on a 10-minute grid.")
	}
	if w.Day < 0 {
		v.add("day", "그런 날은 없습니다.", "There is no such day.")
	}
	return v.err()
}

func noDay(field string) error {
	return errs.Invalid(errs.Field(field, "그런 날은 없습니다.", "The trip has no such day."))
}

// present reads the present itinerary where the wish builds on it.
func (s *Service) present(ctx context.Context, c Caller, t *Trip, w Wish) (Itinerary, error) {
	if w.Day == 0 && len(w.Keep) == 0 && w.MaxChanges == nil {
		return Itinerary{}, nil
	}
	if t.Itinerary == 0 {
		return Itinerary{}, ErrNoItinerary
	}
	it, err := s.Itineraries.Itinerary(ctx, c.Owner, t.ID, 0)
	if err != nil {
		return Itinerary{}, err
	}
	var v violations
	if w.Day > 0 && !it.Plan.Outline.HasDay(w.Day) {
		v.add("day", "그런 날은 없습니다.", "The itinerary has no such day.")
	}
	for i, stopID := range w.Keep {
		if _, _, ok := it.Plan.Outline.Find(stopID); !ok {
			v.add(fmt.Sprintf("keep_stop_ids[%d]", i), "일정에 없는 장소입니다.", "The itinerary has no such stop.")
		}
	}
	return it, v.err()
}

// locateAll looks up the destinations whose city is not known yet and gives those that were found, by id. It does
// nothing while the trip lacks something else.
func (s *Service) locateAll(ctx context.Context, t *Trip) (map[string]City, error) {
	if step, _ := t.Step(); step != StepDestinations {
		return nil, nil
	}
	found := map[string]City{}
	var v violations
	for i := range t.Destinations {
		d := t.Destinations[i]
		if d.City != "" {
			continue
		}
		if err := s.locate(ctx, &d); err != nil {
			return nil, err
		}
		if d.City == "" {
			v.add(fmt.Sprintf("destinations[%d].name", i), ErrCityUnknown.Message.Ko, ErrCityUnknown.Message.En)
			continue
		}
		found[d.ID] = City{d.City, d.Zone}
	}
	if len(v) > 0 {
		unknown := *ErrCityUnknown
		unknown.Kind, unknown.Fields = errs.KindFailedPrecondition, slices.Clone(v)
		return nil, &unknown
	}
	return found, nil
}

// adopt takes over cities that were found.
func (t *Trip) adopt(found map[string]City) {
	for i := range t.Destinations {
		if city, ok := found[t.Destinations[i].ID]; ok {
			t.Destinations[i].City, t.Destinations[i].Zone = city.ID, city.Zone
		}
	}
}
