package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// webhooks serves WebhookService.
type webhooks struct{ Deps }

func (h *webhooks) CreateWebhook(ctx context.Context, r *tripv1.CreateWebhookRequest) (*tripv1.CreateWebhookResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	events := make([]trip.WebhookEvent, len(r.GetEvents()))
	for i, e := range r.GetEvents() {
		events[i] = trip.WebhookEvent(e)
	}
	w, err := h.Service.CreateWebhook(ctx, c, r.GetUrl(), events)
	if err != nil {
		return nil, err
	}
	m := webhookMessage(w)
	m.Secret = w.Secret
	return &tripv1.CreateWebhookResponse{Webhook: m}, nil
}

func (h *webhooks) ListWebhooks(ctx context.Context, r *tripv1.ListWebhooksRequest) (*tripv1.ListWebhooksResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	question := page.Query{"ListWebhooks", c.Owner}
	before, err := h.Pages.Open(question, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(r.GetPageSize())
	found, err := h.Service.ListWebhooks(ctx, c, before, size+1)
	if err != nil {
		return nil, err
	}
	res := &tripv1.ListWebhooksResponse{}
	if len(found) > size {
		found = found[:size]
		res.NextPageToken = h.Pages.Seal(question, found[size-1].ID)
	}
	for _, w := range found {
		res.Webhooks = append(res.Webhooks, webhookMessage(w))
	}
	return res, nil
}

func (h *webhooks) DeleteWebhook(ctx context.Context, r *tripv1.DeleteWebhookRequest) (*tripv1.DeleteWebhookResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	return &tripv1.DeleteWebhookResponse{}, h.Service.DeleteWebhook(ctx, c, r.GetWebhookId())
}

func (h *webhooks) EnableWebhook(ctx context.Context, r *tripv1.EnableWebhookRequest) (*tripv1.EnableWebhookResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	w, err := h.Service.EnableWebhook(ctx, c, r.GetWebhookId())
	if err != nil {
		return nil, err
	}
	return &tripv1.EnableWebhookResponse{Webhook: webhookMessage(w)}, nil
}

func (h *webhooks) RotateWebhookSecret(
	ctx context.Context, r *tripv1.RotateWebhookSecretRequest,
) (*tripv1.RotateWebhookSecretResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	w, err := h.Service.RotateSecret(ctx, c, r.GetWebhookId())
	if err != nil {
		return nil, err
	}
	m := webhookMessage(w)
	m.Secret = w.Secret
	return &tripv1.RotateWebhookSecretResponse{Webhook: m}, nil
}

func (h *webhooks) ListWebhookDeliveries(
	ctx context.Context, r *tripv1.ListWebhookDeliveriesRequest,
) (*tripv1.ListWebhookDeliveriesResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	question := page.Query{"ListWebhookDeliveries", c.Owner, r.GetWebhookId()}
	before, err := h.Pages.Open(question, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(r.GetPageSize())
	found, err := h.Service.Deliveries(ctx, c, r.GetWebhookId(), before, size+1)
	if err != nil {
		return nil, err
	}
	res := &tripv1.ListWebhookDeliveriesResponse{}
	if len(found) > size {
		found = found[:size]
		res.NextPageToken = h.Pages.Seal(question, found[size-1].ID)
	}
	for _, d := range found {
		res.Deliveries = append(res.Deliveries, deliveryMessage(d))
	}
	return res, nil
}

func (h *webhooks) ReplayWebhookDelivery(
	ctx context.Context, r *tripv1.ReplayWebhookDeliveryRequest,
) (*tripv1.ReplayWebhookDeliveryResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := h.Service.ReplayDelivery(ctx, c, r.GetWebhookId(), r.GetDeliveryId())
	if err != nil {
		return nil, err
	}
	return &tripv1.ReplayWebhookDeliveryResponse{Delivery: deliveryMessage(d)}, nil
}

// webhookMessage leaves the secret out.
func webhookMessage(w trip.Webhook) *tripv1.Webhook {
	m := &tripv1.Webhook{Id: w.ID, Url: w.URL, CreateTime: timestamppb.New(w.Created), DisableTime: timeMessage(w.Disabled)}
	for _, e := range w.Events {
		m.Events = append(m.Events, tripv1.WebhookEvent(e))
	}
	return m
}

func deliveryMessage(d trip.Delivery) *tripv1.WebhookDelivery {
	m := &tripv1.WebhookDelivery{
		Id: d.ID, Event: tripv1.WebhookEvent(d.Event), Delivered: d.Delivered, NextAttemptTime: timeMessage(d.Next),
		CreateTime: timestamppb.New(d.Created),
	}
	for _, a := range d.Attempts {
		m.Attempts = append(m.Attempts, &tripv1.WebhookAttempt{
			Time: timestamppb.New(a.Time), Status: int32(a.Status), Error: a.Error, Latency: durationpb.New(a.Latency),
		})
	}
	return m
}
