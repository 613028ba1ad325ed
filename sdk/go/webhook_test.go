package tripgen_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	tripgen "github.com/tripgen/tripgen/sdk/go"
)

const (
	secret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	another = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	body    = `{"type":"alert.raised","timestamp":"2027-05-10T03:00:00Z","data":{"trip_id":"trip_1","alert_id":"alert_1","kind":"weather","day":2}}`
)

func signature(secret string, at time.Time, body string) string {
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic(err)
	}
	s, err := key.Sign("msg_1", at, []byte(body))
	if err != nil {
		panic(err)
	}
	return s
}

func headers(at time.Time, signatures ...string) http.Header {
	return http.Header{
		"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {strings.Join(signatures, " ")},
	}
}

// [P2] Calls of TripGen's are told from others', over a rotation too.
func TestWebhookCallsAreVerified(t *testing.T) {
	t.Parallel()
	// The specification's own example: secret, id, time, body and signature.
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := key.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Fatalf("the specification's example is signed %s", got)
	}
	now := time.Now()
	good := signature(secret, now, body)
	for name, c := range map[string]struct {
		header  http.Header
		body    string
		secrets []string
		ok      bool
	}{
		"good":                        {headers(now, good), body, []string{secret}, true},
		"one of two signatures":       {headers(now, signature(another, now, body), good), body, []string{secret}, true},
		"one of two secrets":          {headers(now, good), body, []string{another, secret}, true},
		"a signature of a later kind": {headers(now, "v2,xyz", good), body, []string{secret}, true},
		"another secret":              {headers(now, good), body, []string{another}, false},
		"another body":                {headers(now, good), strings.Replace(body, "trip_1", "trip_2", 1), []string{secret}, false},
		"another time":                {headers(now.Add(time.Second), good), body, []string{secret}, false},
		"too old":                     {headers(now.Add(-6*time.Minute), signature(secret, now.Add(-6*time.Minute), body)), body, []string{secret}, false},
		"too new":                     {headers(now.Add(6*time.Minute), signature(secret, now.Add(6*time.Minute), body)), body, []string{secret}, false},
		"within the tolerance":        {headers(now.Add(-4*time.Minute), signature(secret, now.Add(-4*time.Minute), body)), body, []string{secret}, true},
		"no headers":                  {http.Header{}, body, []string{secret}, false},
		"no signature":                {headers(now, "v1,"), body, []string{secret}, false},
		"a signature of another kind": {headers(now, strings.Replace(good, "v1,", "v1a,", 1)), body, []string{secret}, false},
		"no JSON":                     {headers(now, signature(secret, now, "x")), "x", []string{secret}, false},
	} {
		v, err := tripgen.NewWebhookVerifier(c.secrets...)
		if err != nil {
			t.Fatal(err)
		}
		e, err := v.Verify(c.header, []byte(c.body))
		if (err == nil) != c.ok || !c.ok && !errors.Is(err, tripgen.ErrWebhook) {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok && (e.ID != "msg_1" || e.Type != tripgen.WebhookAlertRaised || e.Data.AlertID != "alert_1" || e.Data.Day != 2) {
			t.Errorf("%s: read %+v", name, e)
		}
	}
	for _, bad := range [][]string{nil, {""}, {"whsec_"}, {"whsec_short"}, {"whsec_!"}, {secret, ""}} {
		if _, err := tripgen.NewWebhookVerifier(bad...); err == nil {
			t.Errorf("secrets %q are taken", bad)
		}
	}
}

func TestTheWebhookHandlerAnswersByWhatCameOfIt(t *testing.T) {
	t.Parallel()
	v, err := tripgen.NewWebhookVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	call := func(h http.Header, body string, outcome error) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header = h
		w := httptest.NewRecorder()
		v.Handler(func(*http.Request, tripgen.WebhookEvent) error { return outcome }).ServeHTTP(w, r)
		return w.Code
	}
	now := time.Now()
	good := headers(now, signature(secret, now, body))
	if code := call(good, body, nil); code != http.StatusNoContent {
		t.Errorf("taken: %d", code)
	}
	if code := call(good, body, errors.New("busy")); code != http.StatusInternalServerError {
		t.Errorf("not taken: %d", code)
	}
	if code := call(http.Header{}, body, nil); code != http.StatusUnauthorized {
		t.Errorf("not signed: %d", code)
	}
	if code := call(good, strings.Repeat("x", 1<<17), nil); code != http.StatusBadRequest {
		t.Errorf("a long body: %d", code)
	}
}

// An endpoint that acts on finished generations. Secrets come from CreateWebhook and RotateWebhookSecret.
func ExampleWebhookVerifier_Handler() {
	verifier, err := tripgen.NewWebhookVerifier(secret)
	if err != nil {
		log.Fatal(err)
	}
	endpoint := verifier.Handler(func(_ *http.Request, e tripgen.WebhookEvent) error {
		switch e.Type {
		case tripgen.WebhookAlertRaised:
			fmt.Println(e.ID, e.Data.TripID, e.Data.Kind, "on day", e.Data.Day)
		case tripgen.WebhookGenerationFinished:
			fmt.Println(e.ID, e.Data.GenerationID, e.Data.State)
		}
		return nil
	})

	// As TripGen calls it:
	now := time.Now()
	r := httptest.NewRequest(http.MethodPost, "/tripgen", strings.NewReader(body))
	r.Header = headers(now, signature(secret, now, body))
	endpoint.ServeHTTP(httptest.NewRecorder(), r)
	// Output: msg_1 trip_1 weather on day 2
}
