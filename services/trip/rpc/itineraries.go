package rpc

import (
	"context"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// itineraries serves ItineraryService; the edits of stops are in stops.go.
type itineraries struct {
	tripv1connect.UnimplementedItineraryServiceHandler
	Deps
}

func (h *itineraries) GenerateItinerary(
	ctx context.Context, r *tripv1.GenerateItineraryRequest,
) (*tripv1.GenerateItineraryResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	g, err := h.Service.Generate(ctx, c, r.GetTripId(), trip.Wish{
		Revision: r.GetRevision(), Day: int(r.GetDay()), DayStart: minutesOf(r.GetDayStart()), Special: r.GetSpecialRequest(),
		Keep: r.GetKeepStopIds(), MaxChanges: intOf(r.MaxChanges),
	})
	if err != nil {
		return nil, err
	}
	m, err := generationMessage(g.TripID, changeOf(g), g.Receipt)
	if err != nil {
		return nil, err
	}
	return &tripv1.GenerateItineraryResponse{Generation: m}, nil
}

func (h *itineraries) GetItinerary(ctx context.Context, r *tripv1.GetItineraryRequest) (*tripv1.GetItineraryResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	it, alerts, err := h.Service.Itinerary(ctx, c, r.GetTripId(), r.GetVersion())
	if err != nil {
		return nil, err
	}
	m, err := itineraryMessage(it)
	if err != nil {
		return nil, err
	}
	res := &tripv1.GetItineraryResponse{Itinerary: m}
	for _, a := range alerts {
		res.Alerts = append(res.Alerts, alertMessage(a))
	}
	return res, nil
}

func (h *itineraries) ListVersions(ctx context.Context, r *tripv1.ListVersionsRequest) (*tripv1.ListVersionsResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	question := page.Query{"ListVersions", c.Owner, r.GetTripId()}
	cursor, err := h.Pages.Open(question, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	versions, err := h.Service.Versions(ctx, c, r.GetTripId())
	if err != nil {
		return nil, err
	}
	res := &tripv1.ListVersionsResponse{}
	before, err := beforeVersion(cursor)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if before > 0 && v.Version >= before {
			continue
		}
		if len(res.GetVersions()) == pageSize(r.GetPageSize()) {
			last := res.GetVersions()[len(res.GetVersions())-1].GetVersion()
			res.NextPageToken = h.Pages.Seal(question, strconv.FormatInt(last, 10))
			break
		}
		res.Versions = append(res.Versions, &tripv1.ItineraryVersion{
			Version: v.Version, Origin: tripv1.VersionOrigin(v.Origin), CreateTime: timestamppb.New(v.Created),
			StopCount: int32(v.Stops),
		})
	}
	return res, nil
}

func beforeVersion(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	before, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return 0, page.ErrToken.Wrap(err)
	}
	return before, nil
}

func (h *itineraries) CompareVersions(
	ctx context.Context, r *tripv1.CompareVersionsRequest,
) (*tripv1.CompareVersionsResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	from, to, changes, err := h.Service.Compare(ctx, c, r.GetTripId(), r.GetFromVersion(), r.GetToVersion())
	if err != nil {
		return nil, err
	}
	before, err := stopsOf(from)
	if err != nil {
		return nil, err
	}
	after, err := stopsOf(to)
	if err != nil {
		return nil, err
	}
	res := &tripv1.CompareVersionsResponse{}
	for _, change := range changes {
		res.Changes = append(res.Changes, &tripv1.StopChange{
			Kind:   tripv1.StopChangeKind(change.Kind),
			Before: before[change.Before], BeforeDay: int32(change.BeforeDay),
			After: after[change.After], AfterDay: int32(change.AfterDay),
		})
	}
	return res, nil
}

func stopsOf(it trip.Itinerary) (map[string]*typev1.Stop, error) {
	m, err := itineraryMessage(it)
	if err != nil {
		return nil, err
	}
	stops := map[string]*typev1.Stop{}
	for _, d := range m.GetDays() {
		for _, s := range d.GetStops() {
			stops[s.GetId()] = s
		}
	}
	return stops, nil
}

func (h *itineraries) RestoreVersion(
	ctx context.Context, r *tripv1.RestoreVersionRequest,
) (*tripv1.RestoreVersionResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	it, err := h.Service.Restore(ctx, c, r.GetTripId(), r.GetVersion())
	if err != nil {
		return nil, err
	}
	m, err := itineraryMessage(it)
	if err != nil {
		return nil, err
	}
	return &tripv1.RestoreVersionResponse{Itinerary: m}, nil
}

func (h *itineraries) AcceptImprovement(
	ctx context.Context, r *tripv1.AcceptImprovementRequest,
) (*tripv1.AcceptImprovementResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	days := make([]int, len(r.GetDays()))
	for i, day := range r.GetDays() {
		days[i] = int(day)
	}
	it, err := h.Service.Accept(ctx, c, r.GetTripId(), r.GetGenerationId(), days)
	if err != nil {
		return nil, err
	}
	m, err := itineraryMessage(it)
	if err != nil {
		return nil, err
	}
	return &tripv1.AcceptImprovementResponse{Itinerary: m}, nil
}
