package aitest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

const marienplatz = "builtin:munich-marienplatz"

// [A3] Why a place suits the group comes from the model, once for equal groups and seasons and for a day; weather,
// hours and the alternative are facts.
func TestARecommendationIsTheModelsOnceForEqualGroups(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true})
	s.Places.Rain.Store(true)
	first, second := aitest.Request("munich", 2), aitest.Request("munich", 2)
	for i, request := range []*aiv1.StartGenerationRequest{first, second} {
		s.Begin(t, request)
		resp, err := s.Advice.GetRecommendation(t.Context(), &aiv1.GetRecommendationRequest{TripId: request.GetTripId(), PlaceId: marienplatz, Day: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := resp.GetRecommendation()
		if r.GetSource().GetProvider() != "anthropic" || len(r.GetReasons()) == 0 || r.GetReasons()[0].GetKo() == "" || r.GetPhotoSpot().GetEn() == "" || r.GetStayMinutes() == 0 {
			t.Errorf("%d: recommended %v", i, r)
		}
		if len(r.GetBring()) == 0 || !strings.Contains(r.GetBring()[0].GetEn(), "umbrella") || r.GetAlternative().GetPlaceId() == "" {
			t.Errorf("%d: bring %v, alternative %v", i, r.GetBring(), r.GetAlternative())
		}
	}
	if calls := s.Claude.Counts().Calls; calls != 1 {
		t.Errorf("%d calls for two equal groups", calls)
	}
	kept, err := s.Redis.Keys(t.Context(), "*answer*").Result()
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept are %v, %v", kept, err)
	}
	if left, err := s.Redis.TTL(t.Context(), kept[0]).Result(); err != nil || left > 24*time.Hour || left < 23*time.Hour {
		t.Errorf("it is kept for %v, %v", left, err)
	}
	other, summer := aitest.Request("munich", 2), aitest.Request("munich", 2)
	other.Profile.Members[0].Health = typev1.HealthLevel_HEALTH_LEVEL_LIMITED
	summer.Profile.Destinations[0].StartDate = &typev1.Date{Year: 2027, Month: 7, Day: 5}
	for i, request := range []*aiv1.StartGenerationRequest{other, summer} {
		s.Begin(t, request)
		if _, err := s.Advice.GetRecommendation(t.Context(), &aiv1.GetRecommendationRequest{TripId: request.GetTripId(), PlaceId: marienplatz, Day: 1}); err != nil {
			t.Fatal(err)
		}
		if calls := s.Claude.Counts().Calls; calls != int64(i+2) {
			t.Errorf("%d calls after another group or season", calls)
		}
	}
	// [A7] What it cost counts for the day's budgets.
	if spent, err := s.Store.Spent(t.Context(), time.Now().UTC().Truncate(24*time.Hour)); err != nil || spent["app"] == 0 {
		t.Errorf("spent are %v, %v", spent, err)
	}
}

// [A7] With the client's budget spent, recommendations are made of facts.
func TestRecommendationsKeepToTheBudget(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, ClientUSD: 0.000001})
	request := aitest.Request("munich", 2)
	s.Begin(t, request)
	if err := s.Store.AddAdvice(t.Context(), "app", ai.Cost{MicroUSD: 5}); err != nil {
		t.Fatal(err)
	}
	aitest.Await(t, func() bool { // what was spent is counted every few seconds
		resp, err := s.Advice.GetRecommendation(t.Context(), &aiv1.GetRecommendationRequest{TripId: request.GetTripId(), PlaceId: marienplatz, Day: 1})
		if err != nil {
			t.Fatal(err)
		}
		if resp.GetRecommendation().GetSource().GetProvider() != "planner" {
			s.ForgetRedis() // the answer is not to come from there
			return false
		}
		return true
	})
}

// [A3] Without the model the recommendation is made of facts; unknown places and others' trips are refused.
func TestWithoutTheModelARecommendationIsMadeOfFacts(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, Claude: anthropic.Config{ErrorRate: 1}})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	ask := func(c aiv1connect.RecommendationServiceClient, trip, place string) (*aiv1.Recommendation, error) {
		resp, err := c.GetRecommendation(t.Context(), &aiv1.GetRecommendationRequest{TripId: trip, PlaceId: place, Day: 2})
		return resp.GetRecommendation(), err
	}
	r, err := ask(s.Advice, request.GetTripId(), marienplatz)
	if err != nil {
		t.Fatal(err)
	}
	if r.GetSource().GetProvider() != "planner" || len(r.GetReasons()) == 0 || !strings.Contains(r.GetReasons()[0].GetEn(), "1 of your 2 like") || r.GetPhotoSpot() != nil {
		t.Errorf("recommended %v", r)
	}
	_, err = ask(s.Advice, request.GetTripId(), "builtin:nowhere")
	wantReason(t, err, errs.ReasonPlaceGone)
	_, err = ask(s.Advice, id.Random{}.New(id.Trip), marienplatz)
	wantReason(t, err, errs.ReasonNotFound)
	stranger := aiv1connect.NewRecommendationServiceClient(
		s.Server.Client(t, s.Server.Token("user_0198c0de-0000-7000-8000-000000000002", "trips.read")), s.Server.BaseURL)
	_, err = ask(stranger, request.GetTripId(), marienplatz)
	wantReason(t, err, errs.ReasonNotFound)
}
