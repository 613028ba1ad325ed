package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// The partner that the stack knows.
const (
	partnerID     = "tripgen-demo-partner"
	partnerSecret = "e2e-partner-secret-0123456789abcdef"
)

// trustTestServers writes the certificate that all servers of httptest have.
func trustTestServers(path string) error {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600)
}

// [P1] [P2] A partner plans a trip with client credentials and is called, signed, when something happens.
func TestAPartnerIsCalledByWebhooks(t *testing.T) {
	t.Parallel()
	partner := anonymous(t, tripgen.WithClientCredentials(partnerID, partnerSecret))
	var (
		mu       sync.Mutex
		verifier *tripgen.WebhookVerifier
		heard    []string
	)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		verifier.Handler(func(_ *http.Request, e tripgen.WebhookEvent) error {
			heard = append(heard, e.Type)
			return nil
		}).ServeHTTP(w, r)
	}))
	defer server.Close()
	mu.Lock()
	created, err := partner.Webhooks.CreateWebhook(t.Context(), &tripv1.CreateWebhookRequest{
		Url: server.URL, Events: []tripv1.WebhookEvent{
			tripv1.WebhookEvent_WEBHOOK_EVENT_GENERATION_FINISHED, tripv1.WebhookEvent_WEBHOOK_EVENT_ITINERARY_CHANGED,
		},
	})
	if err == nil {
		verifier, err = tripgen.NewWebhookVerifier(created.GetWebhook().GetSecret())
	}
	mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	trip := createTrip(t, partner, "Munich", 1)
	generation, err := partner.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := generation.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "both calls", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(heard, tripgen.WebhookGenerationFinished) && slices.Contains(heard, tripgen.WebhookItineraryChanged)
	})
	await(t, "the log of the deliveries", func() bool {
		log, err := partner.Webhooks.ListWebhookDeliveries(t.Context(), &tripv1.ListWebhookDeliveriesRequest{WebhookId: created.GetWebhook().GetId()})
		if err != nil {
			t.Fatal(err)
		}
		return len(log.GetDeliveries()) >= 2 && !slices.ContainsFunc(log.GetDeliveries(), func(d *tripv1.WebhookDelivery) bool {
			return !d.GetDelivered()
		})
	})
	await(t, "the usage [P3]", func() bool {
		used := usedToday(t, partner)
		return used["calls"] >= 4 && used["generations"] == 1
	})
	if _, err := partner.Webhooks.DeleteWebhook(t.Context(), &tripv1.DeleteWebhookRequest{WebhookId: created.GetWebhook().GetId()}); err != nil {
		t.Error(err)
	}
}

// usedToday is what the client has used since yesterday, in UTC: midnight may come between.
func usedToday(t *testing.T, client *tripgen.Client) map[string]int64 {
	t.Helper()
	day := func(at time.Time) *typev1.Date {
		return &typev1.Date{Year: int32(at.Year()), Month: int32(at.Month()), Day: int32(at.Day())}
	}
	now := time.Now().UTC()
	got, err := client.Usage.GetUsage(t.Context(), &userv1.GetUsageRequest{From: day(now.AddDate(0, 0, -1)), To: day(now.AddDate(0, 0, 1))})
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]int64{}
	for _, d := range got.GetDays() {
		for _, u := range d.GetUsed() {
			used[u.GetMetric()] += u.GetAmount()
		}
	}
	return used
}
