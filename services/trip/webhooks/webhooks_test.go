package webhooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/webhooks"
)

func signedBy(t *testing.T, c call, secret string) bool {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.VerifyIgnoringTimestamp(c.body, c.header) == nil
}

// [P2] Each kind of event is told once, signed, with ids and nothing personal, and stands in the log.
func TestEventsAreToldSignedAndWithoutPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusNoContent))
	hook := w.hook(e)
	w.run(e.roots())
	made := w.trip()
	_, err := w.store.AddVersion(t.Context(), made.Owner, made.ID, trip.Once{}, func(*trip.Trip) (trip.Itinerary, error) {
		return trip.Itinerary{Plan: trip.Plan{Document: trip.Document("x")}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alert := trip.Alert{ID: "alert_1", Kind: trip.AlertAir, Day: 2, Ko: "나쁨", En: "bad", Cause: trip.Cause{What: trip.FoundBadAir}}
	for range 2 { // raised, then refreshed: told once
		err = w.store.UpdateAlerts(t.Context(), made.Owner, made.ID, trip.Once{}, func(*trip.Trip, []trip.Alert) ([]trip.Alert, error) {
			return []trip.Alert{alert}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	g := trip.Generation{ID: "gen_1", TripID: made.ID, Owner: made.Owner, State: trip.GenerationAccepted, Created: w.clock.Now()}
	if _, err := w.store.Begin(t.Context(), made.Owner, made.ID, trip.Once{}, func(*trip.Trip) (trip.Generation, error) { return g, nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Advance(t.Context(), g.ID, func(a *trip.Advance) error {
		a.Generation.State, a.Generation.Ended = trip.GenerationReady, w.clock.Now()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	told := map[string]map[string]any{}
	ids := map[string]bool{}
	for range 4 {
		c := <-e.calls
		if !signedBy(t, c, hook.Secret) || c.header.Get("Content-Type") != "application/json" {
			t.Errorf("not signed: %v", c.header)
		}
		var m struct {
			Type string
			Time time.Time `json:"timestamp"`
			Data map[string]any
		}
		if err := json.Unmarshal(c.body, &m); err != nil {
			t.Fatal(err)
		}
		if m.Data["trip_id"] != made.ID || !m.Time.Equal(w.clock.Now()) {
			t.Errorf("told %s", c.body)
		}
		for _, personal := range []string{made.Name, made.Members[0].Name, made.Destinations[0].Name, "Hotel", "나쁨"} {
			if strings.Contains(string(c.body), personal) {
				t.Errorf("%s has %q", c.body, personal)
			}
		}
		told[m.Type] = m.Data
		ids[c.header.Get(standardwebhooks.HeaderWebhookID)] = true
	}
	if len(ids) != 4 || told["trip.changed"] == nil || told["itinerary.changed"]["version"] != 1.0 ||
		told["alert.raised"]["kind"] != "air" || told["generation.finished"]["state"] != "READY" {
		t.Errorf("told %v", told)
	}
	w.settled(hook.ID, 1)
	log, err := w.service.Deliveries(t.Context(), w.caller, hook.ID, "", 10)
	if err != nil || len(log) != 4 {
		t.Fatalf("the log has %d, %v", len(log), err)
	}
	select {
	case c := <-e.calls:
		t.Errorf("told more: %s", c.body)
	default:
	}
}

// [P2] Only the owner's endpoints are told, of what they asked for; what was rolled back is told to nobody.
func TestOnlyWhoAskedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusOK))
	mine, other := w.hook(e, trip.OnTripChanged), w.hook(e, trip.OnAlertRaised)
	w.caller.Owner = triptest.Stranger
	theirs := w.hook(e)
	made := w.trip()
	undo := errors.New("undo")
	if _, err := w.store.Update(t.Context(), made.Owner, made.ID, trip.Once{}, func(*trip.Trip) error { return undo }); !errors.Is(err, undo) {
		t.Fatal(err)
	}
	count := func(id string) int {
		t.Helper()
		found, err := w.store.Deliveries(t.Context(), id, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if count(mine.ID) != 1 || count(other.ID) != 0 || count(theirs.ID) != 0 {
		t.Errorf("told %d, %d, %d times", count(mine.ID), count(other.ID), count(theirs.ID))
	}
	if _, err := w.service.Deliveries(t.Context(), w.caller, mine.ID, "", 10); !errs.HasReason(err, errs.ReasonNotFound) {
		t.Errorf("somebody else's log: %v", err)
	}
	noFiles := func(context.Context, []string) (int64, error) { return 0, nil }
	if _, _, err := postgres.NewPersonal(w.store, noFiles).Forget(t.Context(), "del_1", triptest.Owner); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Webhook(t.Context(), triptest.Owner, mine.ID); !errs.HasReason(err, errs.ReasonNotFound) {
		t.Errorf("a forgotten owner's webhook: %v", err)
	}
}

// [P2] For 24 hours after a rotation both secrets sign.
func TestBothSecretsSignForADayAfterARotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusOK))
	old := w.hook(e)
	w.run(e.roots())
	rotated, err := w.service.RotateSecret(t.Context(), w.caller, old.ID)
	if err != nil || rotated.Secret == old.Secret || !strings.HasPrefix(rotated.Secret, "whsec_") {
		t.Fatalf("rotated %v, %v", rotated.Secret, err)
	}
	w.trip()
	if c := <-e.calls; !signedBy(t, c, old.Secret) || !signedBy(t, c, rotated.Secret) {
		t.Errorf("signatures %q", c.header.Get(standardwebhooks.HeaderWebhookSignature))
	}
	w.clock.Advance(24 * time.Hour)
	w.trip()
	if c := <-e.calls; signedBy(t, c, old.Secret) || !signedBy(t, c, rotated.Secret) {
		t.Errorf("a day later %q", c.header.Get(standardwebhooks.HeaderWebhookSignature))
	}
}

// [P2] What fails comes again under the same id until it is taken; after the last try it can be replayed.
func TestWhatFailsComesAgainAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusInternalServerError))
	hook := w.hook(e)
	w.run(e.roots())
	w.trip()
	first := <-e.calls
	id := first.header.Get(standardwebhooks.HeaderWebhookID)
	tries := 1
	for ; ; tries++ {
		d := w.settled(hook.ID, tries)
		if last := d.Attempts[tries-1]; last.Status != 500 || last.Error != "it answered 500" || last.Latency <= 0 || d.Delivered {
			t.Fatalf("try %d is %+v", tries, d)
		}
		if d.Next.IsZero() {
			break
		}
		w.clock.Advance(d.Next.Sub(w.clock.Now()))
		if again := <-e.calls; again.header.Get(standardwebhooks.HeaderWebhookID) != id || string(again.body) != string(first.body) {
			t.Fatalf("try %d told %s", tries+1, again.body)
		}
	}
	if tries != 8 {
		t.Errorf("%d tries", tries)
	}
	e.from(status(http.StatusOK))
	if _, err := w.service.ReplayDelivery(t.Context(), w.caller, hook.ID, "msg_00000000-0000-0000-0000-000000000000"); !errs.HasReason(err, errs.ReasonNotFound) {
		t.Errorf("replayed nothing: %v", err)
	}
	if _, err := w.service.ReplayDelivery(t.Context(), w.caller, hook.ID, id); err != nil {
		t.Fatal(err)
	}
	if again := <-e.calls; again.header.Get(standardwebhooks.HeaderWebhookID) != id {
		t.Errorf("replayed %s", again.body)
	}
	if d := w.settled(hook.ID, tries+1); !d.Delivered || !d.Next.IsZero() || d.Attempts[tries].Status != 200 {
		t.Errorf("the log says %+v", d)
	}
	if got, err := w.store.Webhook(t.Context(), triptest.Owner, hook.ID); err != nil || !got.Failing.IsZero() || !got.Disabled.IsZero() {
		t.Errorf("the endpoint is %+v, %v", got, err)
	}
}

// [P2] 410 disables at once; a disabled endpoint is told nothing until it is enabled.
func TestAnEndpointThatIsGoneIsDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusGone))
	hook := w.hook(e)
	w.run(e.roots())
	w.trip()
	<-e.calls
	d := w.settled(hook.ID, 1)
	got, err := w.store.Webhook(t.Context(), triptest.Owner, hook.ID)
	if err != nil || got.Disabled.IsZero() || !d.Next.IsZero() {
		t.Fatalf("%+v, %v", got, err)
	}
	w.trip()
	if log, err := w.service.Deliveries(t.Context(), w.caller, hook.ID, "", 10); err != nil || len(log) != 1 {
		t.Errorf("told while disabled: %d, %v", len(log), err)
	}
	if _, err := w.service.ReplayDelivery(t.Context(), w.caller, hook.ID, d.ID); !errs.HasReason(err, errs.ReasonWebhookDisabled) {
		t.Errorf("replayed while disabled: %v", err)
	}
	e.from(status(http.StatusOK))
	if _, err := w.service.EnableWebhook(t.Context(), w.caller, hook.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.ReplayDelivery(t.Context(), w.caller, hook.ID, d.ID); err != nil {
		t.Fatal(err)
	}
	<-e.calls
	if d := w.settled(hook.ID, 2); !d.Delivered {
		t.Errorf("the log says %+v", d)
	}
}

// [P2] An endpoint that takes nothing for a day is disabled.
func TestAnEndpointThatTakesNothingForADayIsDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusBadGateway))
	hook := w.hook(e)
	w.run(e.roots())
	w.trip()
	<-e.calls
	w.settled(hook.ID, 1)
	w.clock.Advance(23 * time.Hour)
	<-e.calls
	if w.settled(hook.ID, 2).Next.IsZero() {
		t.Fatal("given up too early")
	}
	w.clock.Advance(time.Hour)
	<-e.calls
	w.settled(hook.ID, 3)
	if got, err := w.store.Webhook(t.Context(), triptest.Owner, hook.ID); err != nil || got.Disabled.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// [P2] An endpoint that hangs holds at most its own few tries; another one is told everything meanwhile.
func TestAHangingEndpointDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := make(chan struct{})
	dead := w.endpoint(func(http.ResponseWriter) { <-release })
	alive := w.endpoint(status(http.StatusOK))
	hung := w.hook(dead)
	w.hook(alive)
	const trips = 60
	for range trips {
		w.trip()
	}
	w.Cleanup(func() { close(release) }) // before the servers are closed
	w.run(alive.roots())
	for range trips {
		<-alive.calls
	}
	if n := len(dead.calls); n > 4 {
		t.Errorf("%d tries at once at an endpoint that hangs", n)
	}
	log, err := w.service.Deliveries(t.Context(), w.caller, hung.ID, "", 100)
	if err != nil || len(log) != trips {
		t.Errorf("%d messages wait, %v", len(log), err)
	}
}

// [P2] A message that a process took and did not settle is delivered by another one.
func TestAMessageOfADeadProcessIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.endpoint(status(http.StatusOK))
	hook := w.hook(e)
	w.trip()
	now := w.clock.Now()
	if taken, err := w.store.TakeMessages(t.Context(), hook.ID, now, now.Add(time.Minute), 10); err != nil || len(taken) != 1 {
		t.Fatalf("took %d, %v", len(taken), err)
	}
	if again, err := w.store.TakeMessages(t.Context(), hook.ID, now, now.Add(time.Minute), 10); err != nil || len(again) != 0 {
		t.Fatalf("took %d again, %v", len(again), err)
	}
	w.run(e.roots())
	w.clock.Advance(time.Minute)
	<-e.calls
	if d := w.settled(hook.ID, 1); !d.Delivered {
		t.Errorf("the log says %+v", d)
	}
}

// [P2] Only public servers are called, whatever their names resolve to; redirects are not followed.
func TestOnlyPublicServersAreCalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inside := w.endpoint(status(http.StatusOK))
	port := inside.Listener.Addr().String()[strings.LastIndexByte(inside.Listener.Addr().String(), ':'):]
	send := func(o webhooks.Options, url string) trip.Attempt {
		o.Roots = inside.roots()
		a, _ := webhooks.NewSender(o).Send(t.Context(), webhooks.Message{
			Webhook: trip.Webhook{URL: url, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, ID: "msg_1", Body: []byte("{}"),
		}, w.clock.Now())
		return a
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.1.2.3", "169.254.169.254"} {
		if a := send(webhooks.Options{}, "https://"+host+port+"/"); a.Error != "its address is not a public one" {
			t.Errorf("%s: %+v", host, a)
		}
	}
	if n := len(inside.calls); n != 0 {
		t.Fatalf("%d calls came through", n)
	}
	redirecting := w.endpoint(func(rw http.ResponseWriter) {
		rw.Header().Set("Location", inside.URL)
		rw.WriteHeader(http.StatusTemporaryRedirect)
	})
	if a := send(webhooks.Options{AllowLoopback: true}, redirecting.URL); a.Status != 307 || a.Error == "" || len(inside.calls) != 0 {
		t.Errorf("a redirect: %+v, %d calls", a, len(inside.calls))
	}
	if a := send(webhooks.Options{AllowLoopback: true}, strings.Replace(inside.URL, "https", "http", 1)); a.Error == "" {
		t.Errorf("without TLS: %+v", a)
	}
	endless := w.endpoint(func(rw http.ResponseWriter) {
		for {
			if _, err := rw.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	if a := send(webhooks.Options{AllowLoopback: true}, endless.URL); a.Status != 200 || a.Error != "" {
		t.Errorf("an endless answer: %+v", a)
	}
	public := webhooks.NewTargets(webhooks.Options{})
	for address, allowed := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "100.64.0.1": false, "169.254.1.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "fc00::1": false, "fe80::1": false, "::": false, "ff02::1": false,
		"::ffff:10.0.0.1": false,
	} {
		if got := public.Allows(netip.MustParseAddr(address)); got != allowed {
			t.Errorf("%s is allowed: %v", address, got)
		}
	}
}

// [P2] Addresses that cannot be are refused by the field.
func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, address := range []string{
		"http://example.com/", "https://", "https:///x", "https://user:pw@example.com/", "https://example.com/#x", "https:example.com",
		"https://10.0.0.1/", "https://[fe80::1]/", "ftp://example.com/", "https://exa mple.com/",
	} {
		_, err := w.service.CreateWebhook(t.Context(), w.caller, address, all)
		e, ok := errs.Of(err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Field != "url" {
			t.Errorf("%s: %v", address, err)
		}
	}
	for range 20 {
		if _, err := w.service.CreateWebhook(t.Context(), w.caller, "https://example.com/", all); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.service.CreateWebhook(t.Context(), w.caller, "https://example.com/", all); !errs.HasReason(err, errs.ReasonQuotaExceeded) {
		t.Errorf("the 21st: %v", err)
	}
	list, err := w.service.ListWebhooks(t.Context(), w.caller, "", 100)
	if err != nil || len(list) != 20 || !slices.IsSortedFunc(list, func(a, b trip.Webhook) int { return strings.Compare(b.ID, a.ID) }) {
		t.Errorf("%d webhooks, %v", len(list), err)
	}
}
