// Package recommend says why a place suits a trip's group: by the model, or from facts where it does not answer.
package recommend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/pipeline"
	"github.com/tripgen/tripgen/services/ai/planning"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// Store knows who travels: what a trip's latest generation was asked with.
type Store interface {
	// LatestRequest gives the body of the latest request that is kept of an owner's trip (a marshalled
	// StartGenerationRequest), nil where there is none.
	LatestRequest(ctx context.Context, owner, tripID string) ([]byte, error)
}

// Recommender makes recommendations.
type Recommender struct {
	Store     Store
	Locations pipeline.Locations
	// Advisor is the model; nil for facts only. Affords tells whether there is money for it, for a client, and Spent notes
	// what an answer cost.
	Advisor refine.Advisor
	Affords func(ctx context.Context, clientID string) (bool, error)
	Spent   func(ctx context.Context, clientID string, cost ai.Cost) error
	Cache   pipeline.Cache
	Clock   clock.Clock
	Log     *slog.Logger
}

const (
	keep          = 24 * time.Hour
	gatherTimeout = 3 * time.Second
	adviceTimeout = 6 * time.Second
	cacheTimeout  = 100 * time.Millisecond
	spentTimeout  = 2 * time.Second
	// version goes up with any change of what is asked or kept.
	version = 1
)

// ErrNoTrip also stands for somebody else's trip.
var ErrNoTrip = errs.NotFound(errs.ReasonNotFound,
	"이 여행의 일정을 먼저 만들어 주세요.", "Generate this trip's itinerary first.")

// Recommend says why a place suits a trip's group, on a day of the trip or in general for 0. Errors: ErrNoTrip, and
// reason PLACE_GONE.
func (r *Recommender) Recommend(ctx context.Context, owner, tripID, placeID string, day int) (*aiv1.Recommendation, error) {
	body, err := r.Store.LatestRequest(ctx, owner, tripID)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, ErrNoTrip
	}
	request := &aiv1.StartGenerationRequest{}
	if err := proto.Unmarshal(body, request); err != nil {
		return nil, fmt.Errorf("stored request of %s: %w", tripID, err)
	}
	facts, err := r.gather(ctx, request.GetProfile(), placeID)
	if err != nil {
		return nil, err
	}
	out, err := facts.Advise(placeID, day)
	if err != nil {
		return nil, err
	}
	out.Source.FetchedAt = timestamppb.New(r.Clock.Now())
	if advice := r.advice(ctx, facts, request, placeID, day); advice != nil {
		overlay(out, advice)
	}
	return out, nil
}

func (r *Recommender) gather(ctx context.Context, profile *aiv1.PlanningProfile, placeID string) (*planning.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, gatherTimeout)
	defer cancel()
	return pipeline.Gather(ctx, r.Locations, planning.Request{Profile: profile, Wanted: []string{placeID}}, func(err error) {
		r.Log.WarnContext(ctx, "recommended without the weather", "error", err)
	})
}

// kept is an advice with where and when it comes from.
type kept struct {
	Advice refine.Advice `json:"advice"`
	Time   time.Time     `json:"time"`
}

// advice gives the model's words, from the cache where an equal group asked within a day; nil where there are none.
func (r *Recommender) advice(ctx context.Context, facts *planning.Facts, request *aiv1.StartGenerationRequest, placeID string, day int) *kept {
	if r.Advisor == nil {
		return nil
	}
	place, _ := facts.Place(placeID)
	month, weather := facts.Day(day)
	visit := refine.Visit{Place: placeID, Group: pipeline.GroupOf(request.GetProfile()), Month: month, Weather: pipeline.WeatherWords(weather)}
	key, err := keyOf(visit)
	if err != nil {
		r.Log.ErrorContext(ctx, "advice cannot be shared", "error", err)
		return nil
	}
	if found := r.cached(ctx, key); found != nil {
		return found
	}
	if affords, err := r.Affords(ctx, request.GetClientId()); err == nil && !affords {
		return nil
	}
	visit.City = pipeline.Catalogue(facts, place.GetCityId())
	asking, cancel := context.WithTimeout(ctx, adviceTimeout)
	defer cancel()
	advice, cost, err := r.Advisor.Advise(asking, visit)
	r.spent(ctx, request.GetClientId(), cost)
	if err != nil {
		r.Log.WarnContext(ctx, "recommended from facts alone", "place", placeID, "error", err)
		return nil
	}
	fresh := &kept{Advice: advice, Time: r.Clock.Now()}
	r.remember(ctx, key, fresh)
	return fresh
}

// spent notes what was spent, also for one who has gone.
func (r *Recommender) spent(ctx context.Context, clientID string, cost ai.Cost) {
	if cost.MicroUSD == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), spentTimeout)
	defer cancel()
	if err := r.Spent(ctx, clientID, cost); err != nil {
		r.Log.WarnContext(ctx, "a recommendation's cost is not stored", "error", err)
	}
}

func keyOf(v refine.Visit) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("question: %w", err)
	}
	sum := sha256.Sum256(body)
	return fmt.Sprintf("advice/%d/%s", version, hex.EncodeToString(sum[:])), nil
}

func (r *Recommender) cached(ctx context.Context, key string) *kept {
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	values, err := r.Cache.Get(ctx, []string{key})
	if err != nil {
		r.Log.WarnContext(ctx, "shared advice cannot be read", "error", err)
		return nil
	}
	if values[0] == nil {
		return nil
	}
	found := &kept{}
	if err := json.Unmarshal(values[0], found); err != nil {
		r.Log.WarnContext(ctx, "shared advice cannot be read", "error", err)
		return nil
	}
	return found
}

func (r *Recommender) remember(ctx context.Context, key string, k *kept) {
	value, err := json.Marshal(k)
	if err != nil {
		r.Log.ErrorContext(ctx, "advice cannot be shared", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cacheTimeout)
	defer cancel()
	if err := r.Cache.Put(ctx, key, value, keep); err != nil {
		r.Log.WarnContext(ctx, "advice cannot be shared", "error", err)
	}
}

// overlay puts the model's words over the facts' where it has any; what the weather asks for, the hours and the
// alternative stay the facts'.
func overlay(out *aiv1.Recommendation, k *kept) {
	a := k.Advice
	out.Reasons = texts(a.Reasons)
	out.Highlights = texts(a.Highlights)
	out.Tips = append(texts(a.Tips), out.GetTips()...)
	if a.BestTime != (refine.Text{}) {
		out.BestTime = text(a.BestTime)
	}
	if a.PhotoSpot != (refine.Text{}) {
		out.PhotoSpot = text(a.PhotoSpot)
	}
	out.Source = &typev1.Source{Provider: "anthropic", FetchedAt: timestamppb.New(k.Time)}
}

func text(t refine.Text) *typev1.LocalizedText { return &typev1.LocalizedText{Ko: t.Ko, En: t.En} }

func texts(all []refine.Text) []*typev1.LocalizedText {
	var out []*typev1.LocalizedText
	for _, t := range all {
		out = append(out, text(t))
	}
	return out
}
