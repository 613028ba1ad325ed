package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// refineAndFinish lets the model refine until all days are answered or the time is over, makes the result, and leaves
// what comes later to the background.
func (w *work) refineAndFinish(ctx context.Context, made func(context.Context, ai.Result) error) (ai.Cost, error) {
	c := w.startCalls(ctx)
	if c.pipeline != nil { // there is a model to wait for
		w.leave()
	}
	refined, wishes, err := w.collect(ctx, c)
	if err != nil {
		c.stop()
		return c.takeCost(), err
	}
	w.stageOver("refine")
	w.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_CHECK, percentRefined)
	itinerary := w.check(refined)
	w.tellWishes(itinerary, wishes)
	body, err := proto.Marshal(itinerary)
	if err != nil {
		c.stop()
		return c.takeCost(), errs.Internal(fmt.Errorf("marshal itinerary: %w", err))
	}
	w.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_STORE, percentCheck)
	cost := c.takeCost()
	result := ai.Result{
		Itinerary: body, DaysReady: numbers(w.days), DaysRefined: numbers(slices.Sorted(maps.Keys(refined))),
		HasClashes: len(itinerary.GetClashes()) > 0, Work: w.took, Cost: cost, LastSequence: w.job.Journal.Last(),
	}
	if err := made(ctx, result); err != nil {
		c.stop()
		return cost, err
	}
	w.stageOver("made")
	w.Metrics.days.WithLabelValues("refined").Add(float64(len(refined)))
	w.Metrics.days.WithLabelValues("planned").Add(float64(len(w.days) - len(refined)))
	w.late.Go(func() {
		err := Safely(func() error {
			w.improve(w.job.Background, c, refined)
			return nil
		})
		if err != nil {
			w.Log.Error("improvements are not offered", "generation", w.job.Generation.ID, "error", err)
		}
	})
	return cost, nil
}

// startCalls asks the model; without one there is nothing under way from the start. The calls outlive the work's
// context when the itinerary is made, but not its cancelling before.
func (w *work) startCalls(ctx context.Context) *calls {
	if !w.mayAsk(ctx) {
		over := make(chan struct{})
		close(over)
		return &calls{over: over, stop: func() {}}
	}
	briefs := w.briefs()
	var wishes *refine.Brief
	if w.facts.Wishes.Text != "" && !w.facts.Wishes.Understood {
		joined := briefs[w.days[0]]
		joined.Days = nil
		for _, d := range w.days {
			if briefs[d].City.ID == joined.City.ID {
				joined.Days = append(joined.Days, briefs[d].Days...)
			}
		}
		wishes = &joined
	}
	return w.call(w.job.Background, briefs, wishes)
}

// mayAsk tells whether there are a model and money for it. Where that cannot be known, the model is asked: a budget is
// there to bound spending, not to stop it at the first trouble with the database.
func (w *work) mayAsk(ctx context.Context) bool {
	if w.Model == nil || w.Affords == nil {
		return w.Model != nil
	}
	affords, err := w.Affords(ctx)
	if err != nil {
		w.Log.WarnContext(ctx, "the budget is not known", "error", err)
		return true
	}
	return affords
}

// collect takes answers until all are there, no call is under way, or the time is over.
func (w *work) collect(ctx context.Context, c *calls) (refined map[int]bool, wishes []refine.Wish, err error) {
	refined = map[int]bool{}
	timer := time.NewTimer(w.madeBy.Sub(w.Clock.Now()))
	defer timer.Stop()
	take := func(a refine.Answer) {
		d := a.Number - 1
		plan, day, ok := w.apply(a)
		if !ok {
			w.Metrics.days.WithLabelValues("rejected").Inc()
			return
		}
		w.plan, w.rendered[d], refined[d] = plan, day, true
		w.tellDay(ctx, day, percentDraft+(percentRefined-percentDraft)*len(refined)/len(w.days))
	}
	over := c.over
	for {
		select {
		case a := <-c.answers:
			take(a)
		case wishes = <-c.wishes:
		case <-over:
			over = nil
		case <-timer.C:
			return refined, wishes, nil
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
		if over == nil { // what came before the end is in the channels
			for len(c.answers) > 0 {
				take(<-c.answers)
			}
			if len(c.wishes) > 0 {
				wishes = <-c.wishes
			}
			return refined, wishes, nil
		}
	}
}

// apply makes of an answer the plan and the day; false if nothing of it can be used.
func (w *work) apply(a refine.Answer) (*planner.Itinerary, *typev1.Day, bool) {
	d := a.Number - 1
	chosen := make([]string, len(a.Stops))
	for i, s := range a.Stops {
		chosen[i] = s.ID
	}
	plan := w.plan
	if !w.textsOnly && w.keepsFixed(d, chosen) {
		if better, ok := w.facts.Rearrange(w.plan, d, chosen); ok {
			planning.Name(better, w.IDs)
			plan = better
		}
	}
	day := w.facts.RenderDay(plan, d, w.Clock.Now())
	if !overlay(day, a) {
		return nil, nil, false
	}
	return plan, day, true
}

// keepsFixed tells whether the stops of a day that must stay are among the chosen.
func (w *work) keepsFixed(d int, chosen []string) bool {
	for _, s := range w.plan.Days[d].Stops {
		if w.fixed[s.Place] && !slices.Contains(chosen, s.Place) {
			return false
		}
	}
	return true
}

// overlay puts the model's texts on a day; false if none of its stops is the day's.
func overlay(day *typev1.Day, a refine.Answer) bool {
	choices := make(map[string]refine.Choice, len(a.Stops))
	for _, s := range a.Stops {
		choices[s.ID] = s
	}
	matched := false
	for _, stop := range day.GetStops() {
		if k := stop.GetKind(); k != typev1.StopKind_STOP_KIND_VISIT && k != typev1.StopKind_STOP_KIND_MEAL {
			continue
		}
		choice, ok := choices[stop.GetPlaceId()]
		if !ok {
			continue
		}
		matched = true
		if choice.Why != (refine.Text{}) {
			stop.Why = text(choice.Why.Ko, choice.Why.En)
		}
		if choice.Note != (refine.Text{}) {
			stop.Note = text(choice.Note.Ko, choice.Note.En)
		}
	}
	if !matched {
		return false
	}
	if a.Title != (refine.Text{}) {
		day.Title = text(a.Title.Ko, a.Title.En)
	}
	for _, n := range a.Notes {
		day.Notes = append(day.Notes, text(n.Ko, n.En))
	}
	day.Refinement = typev1.Refinement_REFINEMENT_REFINED
	return true
}

// check lets the rules decide on the whole. The days were checked one by one, so that something hard is a fault of ours:
// then the draft, which kept the rules, is taken.
func (w *work) check(refined map[int]bool) *typev1.Itinerary {
	if hard := w.hardOn(w.plan); len(hard) > 0 {
		w.Log.Error("refined itinerary breaks a rule; the draft is taken", "generation", w.job.Generation.ID, "rule", hard[0].Rule)
		w.plan = w.drafted
		for d := range refined {
			w.rendered[d] = w.facts.RenderDay(w.plan, d, w.Clock.Now())
			delete(refined, d)
		}
	}
	return w.itinerary()
}

var notInterpreted = text("제때 풀이하지 못해, 요청에 적힌 장소와 음식 이름만 반영했습니다.",
	"It could not be interpreted in time; only places and food named in it were considered.")

// tellWishes says what of the traveller's words is not honoured.
func (w *work) tellWishes(it *typev1.Itinerary, wishes []refine.Wish) {
	if w.facts.Wishes.Understood {
		return
	}
	if wishes == nil {
		it.Unhonoured = append(it.Unhonoured, &typev1.Unhonoured{Wish: w.facts.Wishes.Text, Why: notInterpreted})
	}
	for _, wish := range wishes {
		if !wish.Honoured {
			it.Unhonoured = append(it.Unhonoured, &typev1.Unhonoured{Wish: wish.Wish, Why: text(wish.Why.Ko, wish.Why.En)})
		}
	}
}

// improve keeps what the model answers after the itinerary was made, as offers.
func (w *work) improve(ctx context.Context, c *calls, refined map[int]bool) {
	defer c.stop()
	for over := false; !over; {
		select {
		case a := <-c.answers:
			w.offer(ctx, a, refined)
		case <-c.over:
			over = true
			for len(c.answers) > 0 {
				w.offer(ctx, <-c.answers, refined)
			}
		}
	}
	if cost := c.takeCost(); cost != (ai.Cost{}) {
		// The process may be on its way out; what was spent is told all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), costTimeout)
		defer cancel()
		if err := w.Improver.AddCost(ctx, w.job.Generation.ID, cost); err != nil {
			w.Log.Warn("cost is not stored", "generation", w.job.Generation.ID, "error", err)
		}
	}
}

const costTimeout = 2 * time.Second

func (w *work) offer(ctx context.Context, a refine.Answer, refined map[int]bool) {
	if refined[a.Number-1] {
		return
	}
	_, day, ok := w.apply(a)
	if !ok {
		w.Metrics.days.WithLabelValues("rejected").Inc()
		return
	}
	body, err := proto.Marshal(day)
	if err == nil {
		err = w.Improver.Improve(ctx, w.job.Generation.ID, a.Number, body)
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			w.Log.WarnContext(ctx, "improvement is not stored", "generation", w.job.Generation.ID, "error", err)
		}
		return
	}
	w.Metrics.days.WithLabelValues("late").Inc()
	w.job.Journal.Tell(ctx, &aiv1.GenerationEvent{
		Time:  timestamppb.New(w.Clock.Now()),
		Event: &aiv1.GenerationEvent_ImprovementOffered{ImprovementOffered: &aiv1.ImprovementOffered{Day: day}},
	}, percentCheck)
}

func numbers(indexes []int) []int {
	out := make([]int, len(indexes))
	for i, d := range indexes {
		out[i] = d + 1
	}
	return out
}
