package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

func (h *itineraries) CheckForChanges(
	ctx context.Context, r *tripv1.CheckForChangesRequest,
) (*tripv1.CheckForChangesResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	checked, err := h.Service.Check(ctx, c.Owner, r.GetTripId())
	if err != nil {
		return nil, err
	}
	res := &tripv1.CheckForChangesResponse{CheckTime: timestamppb.New(checked.At), Incomplete: checked.Incomplete}
	for _, a := range checked.Open {
		res.Alerts = append(res.Alerts, alertMessage(a))
	}
	return res, nil
}

func (h *itineraries) ResolveAlert(ctx context.Context, r *tripv1.ResolveAlertRequest) (*tripv1.ResolveAlertResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	resolved, err := h.Service.Resolve(ctx, c, r.GetTripId(), r.GetAlertId(), trip.Resolution{
		Action: trip.AlertAction(r.GetAction()), Place: r.GetPlaceId(), Stop: r.GetStopId(),
	})
	if err != nil {
		return nil, err
	}
	res := &tripv1.ResolveAlertResponse{Alert: alertMessage(resolved.Alert)}
	if it := resolved.Itinerary; it != nil {
		if res.Itinerary, err = itineraryMessage(*it); err != nil {
			return nil, err
		}
	}
	if g := resolved.Generation; g != nil {
		if res.Generation, err = generationMessage(g.TripID, changeOf(*g), g.Receipt); err != nil {
			return nil, err
		}
	}
	return res, nil
}

func alertMessage(a trip.Alert) *tripv1.Alert {
	m := &tripv1.Alert{
		Id: a.ID, Kind: tripv1.AlertKind(a.Kind), Day: int32(a.Day), StopIds: a.Stops,
		Message:    &typev1.LocalizedText{Ko: a.Ko, En: a.En},
		CreateTime: timestamppb.New(a.Created), Resolution: tripv1.AlertAction(a.Resolution), EndTime: timeMessage(a.Ended),
	}
	for _, action := range a.Actions {
		m.Actions = append(m.Actions, tripv1.AlertAction(action))
	}
	return m
}
