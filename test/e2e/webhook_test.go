package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
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
	if _, err := partner.Webhooks.DeleteWebhook(t.Context(), &tripv1.DeleteWebhookRequest{WebhookId: created.GetWebhook().GetId()}); err != nil {
		t.Error(err)
	}
}
