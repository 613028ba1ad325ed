package rpc

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// trips serves TripService; its stream is in watch.go, its edits are in edits.go.
type trips struct{ Deps }

func (h *trips) message(t trip.Trip) *tripv1.Trip { return tripMessage(t, h.Clock.Now()) }

func (h *trips) CreateTrip(ctx context.Context, r *tripv1.CreateTripRequest) (*tripv1.CreateTripResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	draft := trip.Trip{Name: r.GetName(), Mode: trip.Mode(r.GetTransportMode()), Start: dateOf(r.GetStartDate())}
	for _, m := range r.GetMembers() {
		draft.Members = append(draft.Members, memberOf(m))
	}
	for _, d := range r.GetDestinations() {
		draft.Destinations = append(draft.Destinations, destinationOf(d))
	}
	t, err := h.Service.Create(ctx, c, draft)
	if err != nil {
		return nil, err
	}
	return &tripv1.CreateTripResponse{Trip: h.message(t)}, nil
}

func (h *trips) GetTrip(ctx context.Context, r *tripv1.GetTripRequest) (*tripv1.GetTripResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.Get(ctx, c, r.GetTripId())
	if err != nil {
		return nil, err
	}
	return &tripv1.GetTripResponse{Trip: h.message(t)}, nil
}

func (h *trips) ListTrips(ctx context.Context, r *tripv1.ListTripsRequest) (*tripv1.ListTripsResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	question := page.Query{
		"ListTrips", c.Owner, r.GetStatus().String(), r.GetSearch(), r.GetOrder().String(), fmt.Sprint(r.GetDeleted()),
	}
	after, err := openCursor(h.Pages, question, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(r.GetPageSize())
	q := trip.Query{
		Status: trip.Status(r.GetStatus()), Search: r.GetSearch(), Order: trip.Order(r.GetOrder()), Deleted: r.GetDeleted(),
		After: after, Limit: size + 1, // one more tells whether there is a next page
	}
	found, err := h.Service.List(ctx, c, q)
	if err != nil {
		return nil, err
	}
	res := &tripv1.ListTripsResponse{}
	if len(found) > size {
		found = found[:size]
		if res.NextPageToken, err = sealCursor(h.Pages, question, found[size-1].CursorOf(q.Order)); err != nil {
			return nil, err
		}
	}
	for _, t := range found {
		res.Trips = append(res.Trips, h.message(t))
	}
	return res, nil
}

func openCursor(tokens *page.Tokens, q page.Query, token string) (*trip.Cursor, error) {
	text, err := tokens.Open(q, token)
	if err != nil || text == "" {
		return nil, err
	}
	var c trip.Cursor
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, page.ErrToken.Wrap(err)
	}
	return &c, nil
}

func sealCursor(tokens *page.Tokens, q page.Query, c trip.Cursor) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return tokens.Seal(q, string(text)), nil
}

func (h *trips) DeleteTrip(ctx context.Context, r *tripv1.DeleteTripRequest) (*tripv1.DeleteTripResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.Delete(ctx, c, r.GetTripId(), r.GetRevision())
	if err != nil {
		return nil, err
	}
	return &tripv1.DeleteTripResponse{Trip: h.message(t)}, nil
}

func (h *trips) UndeleteTrip(ctx context.Context, r *tripv1.UndeleteTripRequest) (*tripv1.UndeleteTripResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.Undelete(ctx, c, r.GetTripId())
	if err != nil {
		return nil, err
	}
	return &tripv1.UndeleteTripResponse{Trip: h.message(t)}, nil
}

func (h *trips) BatchDeleteTrips(
	ctx context.Context, r *tripv1.BatchDeleteTripsRequest,
) (*tripv1.BatchDeleteTripsResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	deleted, err := h.Service.DeleteAll(ctx, c, r.GetTripIds())
	if err != nil {
		return nil, err
	}
	res := &tripv1.BatchDeleteTripsResponse{}
	for _, t := range deleted {
		res.Trips = append(res.Trips, h.message(t))
	}
	return res, nil
}

func noMask(path string) error {
	return errs.Invalid(errs.Field("update_mask", "바꿀 수 없는 항목입니다: "+path, "This field cannot be changed: "+path))
}
