package rpc_test

import (
	"testing"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

// [P2] Secrets are told once, a request under one key makes one endpoint, and what is told stands in the log.
func TestWebhooksAreManagedOverTheContract(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(triptest.Now)
	w := newWorldOn(t, c, openPostgres(t, c))
	hooks, ctx := w.user.Webhooks, t.Context()
	request := &tripv1.CreateWebhookRequest{
		Url: "https://example.com/hook", Events: []tripv1.WebhookEvent{tripv1.WebhookEvent_WEBHOOK_EVENT_TRIP_CHANGED},
	}
	made, err := hooks.CreateWebhook(keyed(ctx, "k"), request)
	if err != nil || made.GetWebhook().GetSecret() == "" {
		t.Fatalf("%v, %v", made, err)
	}
	again, err := hooks.CreateWebhook(keyed(ctx, "k"), request)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, again, made)
	hookID := made.GetWebhook().GetId()
	list, err := hooks.ListWebhooks(ctx, &tripv1.ListWebhooksRequest{})
	if err != nil || len(list.GetWebhooks()) != 1 || list.GetWebhooks()[0].GetSecret() != "" {
		t.Fatalf("%v, %v", list, err)
	}
	rotated, err := hooks.RotateWebhookSecret(ctx, &tripv1.RotateWebhookSecretRequest{WebhookId: hookID})
	if err != nil || rotated.GetWebhook().GetSecret() == made.GetWebhook().GetSecret() {
		t.Fatalf("%v, %v", rotated, err)
	}
	w.create()
	w.create()
	first, err := hooks.ListWebhookDeliveries(ctx, &tripv1.ListWebhookDeliveriesRequest{WebhookId: hookID, PageSize: 1})
	if err != nil || len(first.GetDeliveries()) != 1 || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	second, err := hooks.ListWebhookDeliveries(ctx, &tripv1.ListWebhookDeliveriesRequest{
		WebhookId: hookID, PageSize: 1, PageToken: first.GetNextPageToken(),
	})
	if err != nil || len(second.GetDeliveries()) != 1 || second.GetDeliveries()[0].GetId() == first.GetDeliveries()[0].GetId() {
		t.Fatalf("%v, %v", second, err)
	}
	_, err = w.as(triptest.Stranger).Webhooks.DeleteWebhook(ctx, &tripv1.DeleteWebhookRequest{WebhookId: hookID})
	wantReason(t, err, errs.ReasonNotFound)
	if _, err := hooks.DeleteWebhook(ctx, &tripv1.DeleteWebhookRequest{WebhookId: hookID}); err != nil {
		t.Fatal(err)
	}
	_, err = hooks.ListWebhookDeliveries(ctx, &tripv1.ListWebhookDeliveriesRequest{WebhookId: hookID})
	wantReason(t, err, errs.ReasonNotFound)
}
