package pipeline

import (
	"context"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// ErrInfeasible says that the planner itself found no plan that keeps the rules.
var ErrInfeasible = errs.FailedPrecondition(errs.ReasonPlanInfeasible,
	"이 조건으로는 일정을 만들 수 없습니다.", "No itinerary can be made under these conditions.")

// work is a draft on its way to an itinerary.
type work struct {
	*run
	facts *planning.Facts
	// plan is the draft with the days that were refined so far; drafted is the draft itself.
	plan, drafted *planner.Itinerary
	// present is the present itinerary, where one was given; before is the same in the planner's terms.
	present *typev1.Itinerary
	before  *planner.Itinerary
	// days are the indexes of those that are made.
	days []int
	// fixed are places that must stay on their day; textsOnly keeps the model from changing the plan.
	fixed     map[string]bool
	textsOnly bool
	// shared tells that the draft is an equal problem's.
	shared bool
	// took is how long a whole search took; zero where it was cut short or shared.
	took time.Duration
	// rendered are the made days as they were published last, by index.
	rendered map[int]*typev1.Day
}

// draft plans the days that are asked for.
func (r *run) draft(ctx context.Context, facts *planning.Facts) (*work, error) {
	w := &work{run: r, facts: facts, fixed: map[string]bool{}, rendered: map[int]*typev1.Day{}}
	if err := w.readPresent(); err != nil {
		return nil, err
	}
	iterations := r.iterations()
	r.searching.Add(1)
	defer r.searching.Add(-1)
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := r.Clock.Now()
	budget := planner.Budget{Iterations: iterations, Spent: func() float64 {
		if ctx.Err() != nil {
			return 1
		}
		return float64(r.Clock.Now().Sub(began)) / float64(r.Budgets.Plan)
	}}
	plan, err := w.search(ctx, budget)
	if err != nil {
		return nil, errs.Internal(fmt.Errorf("planner: %w", err))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !w.shared && whole(budget) {
		w.took = r.Clock.Now().Sub(began)
	}
	if hard := w.hardOn(plan); len(hard) > 0 {
		return nil, ErrInfeasible.Wrap(fmt.Errorf("the draft breaks %s on day %d: %s", hard[0].Rule, hard[0].Day+1, hard[0].Message.En))
	}
	planning.Name(plan, r.IDs)
	w.plan, w.drafted = plan, plan
	r.stageOver("draft")
	return w, nil
}

// whole tells whether a search went on to its end.
func whole(b planner.Budget) bool { return b.Iterations >= planner.DefaultIterations && b.Spent() < 1 }

// iterations bounds a search by how many others wait: a long queue is worked off many times faster by
// plans that are worth some hundredths less.
func (r *run) iterations() int {
	const pressed, crowded = planner.DefaultIterations / 8, planner.DefaultIterations / 32
	switch waiting := max(int(r.searching.Load())-cap(r.slots), r.job.Backlog); {
	case waiting < 2:
		return planner.DefaultIterations
	case waiting < 8:
		return pressed
	default:
		return crowded
	}
}

// readPresent takes in the present itinerary and what must stay of it.
func (w *work) readPresent() error {
	w.present = w.request.GetPresent()
	day := int(w.request.GetDay())
	trip := len(w.facts.Problem.Days)
	if day > trip || day > 0 && w.present == nil {
		return errs.Invalid(errs.Field("day", "여행에 없는 날입니다.", "The trip has no such day."))
	}
	if w.present != nil {
		before, err := w.facts.Read(w.present)
		if err != nil {
			return err
		}
		w.before = before
		w.facts.AvoidGone()
	}
	if day > 0 {
		w.days = []int{day - 1}
	} else {
		for d := range trip {
			w.days = append(w.days, d)
		}
	}
	keep := map[string]bool{}
	for _, stopID := range w.request.GetKeepStopIds() {
		keep[stopID] = true
	}
	for _, d := range daysOf(w.before) {
		for _, s := range d.Stops {
			if s.Place != "" && (keep[s.ID] || s.Locked) {
				w.fixed[s.Place] = true
			}
		}
	}
	w.textsOnly = w.request.MaxChanges != nil
	return nil
}

func daysOf(it *planner.Itinerary) []planner.DayPlan {
	if it == nil {
		return nil
	}
	return it.Days
}

// search asks the planner for what is wanted: a whole plan, a day anew, or the least change.
func (w *work) search(ctx context.Context, b planner.Budget) (*planner.Itinerary, error) {
	p := w.facts.Problem
	switch {
	case w.request.GetDay() > 0:
		return planner.ReplanDay(w.fixDay(), w.before, int(w.request.GetDay())-1, b)
	case w.before != nil && (w.request.MaxChanges != nil || len(w.fixed) > 0):
		near := planner.Closeness{Most: math.MaxInt32}
		if w.request.MaxChanges != nil {
			near.Most = int(max(0, w.request.GetMaxChanges()))
		}
		for place := range w.fixed {
			near.Keep = append(near.Keep, place)
		}
		return planner.LeastChange(p, w.before, near, b)
	default:
		return w.planWhole(ctx, b)
	}
}

// fixDay is the problem of a day anew: stops to keep are wanted on it.
func (w *work) fixDay() *planner.Problem {
	p := *w.facts.Problem
	p.MustSee = append([]planner.PlaceRef(nil), p.MustSee...)
	for _, s := range w.before.Days[w.days[0]].Stops {
		if w.fixed[s.Place] {
			p.MustSee = append(p.MustSee, planner.PlaceRef{ID: s.Place})
		}
	}
	return &p
}

// hardOn gives the hard violations on the days that are made.
func (w *work) hardOn(plan *planner.Itinerary) []rules.Violation {
	var out []rules.Violation
	for _, v := range rules.HardOnly(rules.Check(plan, w.facts.Problem)) {
		if v.Day < 0 && w.request.GetDay() == 0 || v.Day >= 0 && w.makes(v.Day) {
			out = append(out, v)
		}
	}
	return out
}

func (w *work) makes(d int) bool {
	return w.request.GetDay() == 0 || d == int(w.request.GetDay())-1
}

// publishDraft shows the planned days.
func (w *work) publishDraft(ctx context.Context) {
	for i, d := range w.days {
		w.rendered[d] = w.facts.RenderDay(w.plan, d, w.Clock.Now())
		w.tellDay(ctx, w.rendered[d], percentContext+(percentDraft-percentContext)*(i+1)/len(w.days))
	}
	w.stageOver("first_day")
}

// itinerary tells the whole in the contract's terms: the days that were made as they stand, the others as they were.
func (w *work) itinerary() *typev1.Itinerary {
	out := w.facts.Render(w.plan, w.Clock.Now())
	// A plan whose days were rearranged answers the same problem as the draft: the draft's bound is its bound.
	if q, bound := out.GetQuality(), w.drafted.Quality.Bound; q.GetUpperBound() == 0 && bound > 0 {
		q.UpperBound, q.Gap = bound, max(0, (bound-q.GetScore())/bound)
	}
	for d := range out.GetDays() {
		switch {
		case w.makes(d):
			out.Days[d] = w.rendered[d]
		case w.present != nil:
			out.Days[d] = proto.CloneOf(w.present.GetDays()[d])
		}
	}
	out.TripId, out.GenerationId = w.job.Generation.TripID, w.job.Generation.ID
	return out
}

// stageOver observes how long after the asking a stage was over.
func (r *run) stageOver(stage string) {
	r.Metrics.stages.WithLabelValues(stage).Observe(r.Clock.Now().Sub(r.job.Generation.RequestTime).Seconds())
}
