package e2e

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// watched is a trip with an itinerary to a place whose weather no other test is in.
type watched struct {
	*testing.T
	client *tripgen.Client
	trip   string

	mu   sync.Mutex
	told []*tripv1.Alert
}

// weather changes it around Gyeongju.
func (w *watched) weather(kind string) {
	w.Helper()
	body := `{"near":{"lat":35.84,"lng":129.22},"kind":"` + kind + `"}`
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPut, simulators+"/weather/", strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusNoContent {
		w.Fatal("the simulator says ", res.Status, err)
	}
}

// check asks for changes until the answer is as expected: forecasts of the last seconds count as new.
func (w *watched) check(what string, expected func([]*tripv1.Alert) bool) []*tripv1.Alert {
	w.Helper()
	var alerts []*tripv1.Alert
	defer func() {
		if w.Failed() {
			w.Logf("waiting for %s, the last check told %v", what, alerts)
		}
	}()
	await(w.T, what, func() bool {
		res, err := w.client.Itineraries.CheckForChanges(w.Context(), &tripv1.CheckForChangesRequest{TripId: w.trip})
		if err != nil {
			w.Fatal("check for changes: ", err)
		}
		alerts = res.GetAlerts()
		return expected(alerts)
	})
	return alerts
}

func (w *watched) itinerary() (*typev1.Itinerary, []*tripv1.Alert) {
	w.Helper()
	res, err := w.client.Itineraries.GetItinerary(w.Context(), &tripv1.GetItineraryRequest{TripId: w.trip})
	if err != nil {
		w.Fatal("get itinerary: ", err)
	}
	return res.GetItinerary(), res.GetAlerts()
}

func (w *watched) resolve(a *tripv1.Alert, action tripv1.AlertAction) *tripv1.ResolveAlertResponse {
	w.Helper()
	res, err := w.client.Itineraries.ResolveAlert(w.Context(), &tripv1.ResolveAlertRequest{TripId: w.trip, AlertId: a.GetId(), Action: action})
	if err != nil {
		w.Fatalf("%v of %v: %v", action, a, err)
	}
	if got := res.GetAlert(); got.GetId() != a.GetId() || got.GetResolution() != action || got.GetEndTime() == nil {
		w.Fatalf("resolved as %v", got)
	}
	return res
}

// listen notes the alerts that the trip's feed tells.
func (w *watched) listen(ctx context.Context) {
	stream, err := w.client.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: w.trip})
	if err != nil {
		w.Error("watch: ", err)
		return
	}
	defer stream.Close() //nolint:errcheck // its work is done
	for stream.Receive() {
		if a := stream.Msg().GetAlertRaised(); a != nil {
			w.mu.Lock()
			w.told = append(w.told, a)
			w.mu.Unlock()
		}
	}
	if ctx.Err() == nil {
		w.Error("watch: ", stream.Err())
	}
}

// toldOf is what the feed told last of an alert.
func (w *watched) toldOf(alertID string) *tripv1.Alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range slices.Backward(w.told) {
		if a.GetId() == alertID {
			return a
		}
	}
	return nil
}

// due makes the daily look due now, as the calendar would.
func (w *watched) due() {
	w.Helper()
	u, err := url.Parse(database)
	if err != nil {
		w.Fatal(err)
	}
	u.Path = "/tripgen_trip"
	conn, err := pgx.Connect(w.Context(), u.String())
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close(w.Context()) //nolint:errcheck // its work is done
	if tag, err := conn.Exec(w.Context(), `UPDATE trip SET look_due = now() WHERE id = $1`, w.trip); err != nil || tag.RowsAffected() != 1 {
		w.Fatal("make the look due: ", tag, err)
	}
}

const (
	regenerate = tripv1.AlertAction_ALERT_ACTION_REGENERATE_DAY
	replace    = tripv1.AlertAction_ALERT_ACTION_REPLACE_PLACE
	keep       = tripv1.AlertAction_ALERT_ACTION_KEEP
)

// [T9] The weather of a planned trip turns: TripGen says so by itself, says why and what it hits, does what the traveller
// chooses, and takes back what has passed.
func TestATripIsWatchedOver(t *testing.T) {
	t.Parallel()
	w := &watched{T: t, client: loggedIn(t)}
	w.weather("clear")
	made := createTrip(t, w.client, "Gyeongju", 5)
	w.trip = made.GetId()
	generation, err := w.client.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: w.trip, Revision: made.GetRevision()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generation.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	listening, stop := context.WithCancel(t.Context())
	var feed sync.WaitGroup
	defer feed.Wait()
	defer stop()
	feed.Go(func() { w.listen(listening) })
	w.check("a quiet outlook", func(a []*tripv1.Alert) bool { return len(a) == 0 })

	w.weather("rain")
	var alerts []*tripv1.Alert
	await(t, "the daily look to tell of the rain", func() bool {
		w.due()
		_, alerts = w.itinerary()
		return len(alerts) > 0
	})
	plan, _ := w.itinerary()
	free := map[tripv1.AlertAction]*tripv1.Alert{}
	for _, a := range alerts {
		w.checkRain(plan, a)
		for _, action := range []tripv1.AlertAction{replace, regenerate, keep, 0} {
			if free[action] == nil && (action == 0 || slices.Contains(a.GetActions(), action)) && (action != replace || roofed(plan, a)) {
				free[action] = a
				break
			}
		}
	}
	if len(free) != 4 {
		t.Fatalf("%d alerts do not do for the test: %v", len(alerts), alerts)
	}
	await(t, "the feed to tell of them all", func() bool {
		return !slices.ContainsFunc(alerts, func(a *tripv1.Alert) bool { return w.toldOf(a.GetId()) == nil })
	})
	w.replaces(free[replace])
	w.regenerates(free[regenerate])
	w.resolve(free[keep], keep)
	open := w.check("what is resolved to be over", func(open []*tripv1.Alert) bool { return len(open) < len(alerts) })
	for action, a := range free {
		if left := slices.ContainsFunc(open, func(o *tripv1.Alert) bool { return o.GetDay() == a.GetDay() }); left != (action == 0) {
			t.Errorf("after %v of day %d's alert there are %v", action, a.GetDay(), open)
		}
	}

	w.weather("clear")
	w.check("the rain to be over", func(a []*tripv1.Alert) bool { return len(a) == 0 })
	await(t, "the feed to tell that it is over", func() bool { return w.toldOf(free[0].GetId()).GetEndTime() != nil })
	if over := w.toldOf(free[0].GetId()); over.GetResolution() != 0 {
		t.Errorf("over %v", over)
	}
	_, err = w.client.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: w.trip, AlertId: free[0].GetId(), Action: keep})
	if e, ok := tripgen.AsError(err); !ok || e.Reason != "ALERT_ENDED" {
		t.Errorf("an alert that is over is resolved: %v", err)
	}
}

// checkRain holds an alert to [T9]: why, which stops, what to do.
func (w *watched) checkRain(plan *typev1.Itinerary, a *tripv1.Alert) {
	w.Helper()
	day := plan.GetDays()[a.GetDay()-1]
	ko, en := a.GetMessage().GetKo(), a.GetMessage().GetEn()
	if a.GetKind() != tripv1.AlertKind_ALERT_KIND_WEATHER || len(a.GetStopIds()) == 0 || a.GetEndTime() != nil ||
		!strings.Contains(ko, "비 예보") || !strings.Contains(en, "rain is now forecast") {
		w.Errorf("day %d: %v", day.GetNumber(), a)
	}
	for i, id := range a.GetStopIds() {
		at := slices.IndexFunc(day.GetStops(), func(s *typev1.Stop) bool { return s.GetId() == id })
		if at < 0 || day.GetStops()[at].GetSetting() != typev1.Setting_SETTING_OUTDOOR {
			w.Fatalf("%s is no stop of day %d under the open sky", id, day.GetNumber())
		}
		if name := day.GetStops()[at].GetName(); i == 0 && (!strings.Contains(ko, name.GetKo()) || !strings.Contains(en, name.GetEn())) {
			w.Errorf("the alert does not name %v: %v", name, a.GetMessage())
		}
	}
	if !slices.Contains(a.GetActions(), regenerate) || !slices.Contains(a.GetActions(), keep) {
		w.Errorf("nothing to do: %v", a)
	}
}

// roofed tells whether there is another place for each stop that an alert of rain hits.
func roofed(plan *typev1.Itinerary, a *tripv1.Alert) bool {
	taken := map[string]bool{}
	found := func(s *typev1.Stop) bool {
		return slices.ContainsFunc(s.GetAlternatives(), func(other *typev1.Alternative) bool {
			free := other.GetReason() == typev1.AlternativeReason_ALTERNATIVE_REASON_RAIN && !taken[other.GetPlaceId()] && !planned(plan, other.GetPlaceId())
			taken[other.GetPlaceId()] = taken[other.GetPlaceId()] || free
			return free
		})
	}
	for _, s := range plan.GetDays()[a.GetDay()-1].GetStops() {
		if slices.Contains(a.GetStopIds(), s.GetId()) && !found(s) {
			return false
		}
	}
	return true
}

// planned tells whether a place is in an itinerary.
func planned(it *typev1.Itinerary, placeID string) bool {
	return slices.ContainsFunc(it.GetDays(), func(d *typev1.Day) bool {
		return slices.ContainsFunc(d.GetStops(), func(s *typev1.Stop) bool { return s.GetPlaceId() == placeID })
	})
}

// chosen are the stops of a day that somebody chose: rests and the way in and out follow from them.
func chosen(d *typev1.Day) map[string]*typev1.Stop {
	stops := map[string]*typev1.Stop{}
	for _, s := range d.GetStops() {
		if s.GetKind() == typev1.StopKind_STOP_KIND_VISIT || s.GetKind() == typev1.StopKind_STOP_KIND_MEAL {
			stops[s.GetId()] = s
		}
	}
	return stops
}

// replaces takes the first choice: the stops that are hit get a roof, nothing else changes its place.
func (w *watched) replaces(a *tripv1.Alert) {
	w.Helper()
	before, _ := w.itinerary()
	res := w.resolve(a, replace)
	for i, d := range before.GetDays() {
		after := chosen(res.GetItinerary().GetDays()[i])
		for id, s := range chosen(d) {
			now, hit := after[id], slices.Contains(a.GetStopIds(), id)
			switch {
			case hit && (now.GetPlaceId() == s.GetPlaceId() || now.GetSetting() != typev1.Setting_SETTING_INDOOR):
				w.Errorf("%s still is %v", id, now)
			case hit && planned(before, now.GetPlaceId()):
				w.Errorf("%s became %s, which is visited already", id, now.GetPlaceId())
			case !hit && now.GetPlaceId() != s.GetPlaceId():
				w.Errorf("day %d: %s changed from %s to %s", d.GetNumber(), id, s.GetPlaceId(), now.GetPlaceId())
			}
		}
	}
	again := w.resolve(a, replace)
	if again.GetItinerary().GetRevision() != res.GetItinerary().GetRevision() {
		w.Error("done again it changes the itinerary again")
	}
	_, err := w.client.Itineraries.ResolveAlert(w.Context(), &tripv1.ResolveAlertRequest{TripId: w.trip, AlertId: a.GetId(), Action: keep})
	if e, ok := tripgen.AsError(err); !ok || e.Reason != "ALERT_ENDED" {
		w.Errorf("it is resolved otherwise too: %v", err)
	}
}

// regenerates plans the alert's day anew with the rain; the other days stay.
func (w *watched) regenerates(a *tripv1.Alert) {
	w.Helper()
	before, _ := w.itinerary()
	started := w.resolve(a, regenerate).GetGeneration()
	again := w.resolve(a, regenerate).GetGeneration()
	if started.GetId() == "" || again.GetId() != started.GetId() || started.GetDay() != a.GetDay() {
		w.Fatalf("started %v, then %v", started, again)
	}
	var after *typev1.Itinerary
	await(w.T, "the day to be planned anew", func() bool {
		after, _ = w.itinerary()
		return after.GetVersion() > before.GetVersion()
	})
	for i, d := range before.GetDays() {
		if d.GetNumber() == a.GetDay() {
			continue
		}
		now := chosen(after.GetDays()[i])
		for id, s := range chosen(d) {
			if now[id].GetPlaceId() != s.GetPlaceId() {
				w.Errorf("day %d: %s was %s and is %v", d.GetNumber(), id, s.GetPlaceId(), now[id])
			}
		}
	}
	if day := after.GetDays()[a.GetDay()-1]; day.GetWeather().GetKind() != typev1.WeatherKind_WEATHER_KIND_RAIN {
		w.Errorf("day %d was planned with %v", day.GetNumber(), day.GetWeather())
	}
}
