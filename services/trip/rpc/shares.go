package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// shares serves ShareService.
type shares struct{ Deps }

func (h *shares) CreateShareLink(
	ctx context.Context, r *tripv1.CreateShareLinkRequest,
) (*tripv1.CreateShareLinkResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	share, token, err := h.Service.Share(ctx, c, r.GetTripId(), int(r.GetValidDays()))
	if err != nil {
		return nil, err
	}
	m := shareMessage(share)
	m.Token, m.Path = token, sharedPath(token)
	return &tripv1.CreateShareLinkResponse{ShareLink: m}, nil
}

func (h *shares) ListShareLinks(ctx context.Context, r *tripv1.ListShareLinksRequest) (*tripv1.ListShareLinksResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	question := page.Query{"ListShareLinks", c.Owner, r.GetTripId()}
	before, err := h.Pages.Open(question, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(r.GetPageSize())
	found, err := h.Service.ListShares(ctx, c, r.GetTripId(), before, size+1)
	if err != nil {
		return nil, err
	}
	res := &tripv1.ListShareLinksResponse{}
	if len(found) > size {
		found = found[:size]
		res.NextPageToken = h.Pages.Seal(question, found[size-1].ID)
	}
	for _, s := range found {
		res.ShareLinks = append(res.ShareLinks, shareMessage(s))
	}
	return res, nil
}

func (h *shares) RevokeShareLink(
	ctx context.Context, r *tripv1.RevokeShareLinkRequest,
) (*tripv1.RevokeShareLinkResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	share, err := h.Service.Revoke(ctx, c, r.GetTripId(), r.GetShareLinkId())
	if err != nil {
		return nil, err
	}
	return &tripv1.RevokeShareLinkResponse{ShareLink: shareMessage(share)}, nil
}

func (h *shares) GetSharedItinerary(
	ctx context.Context, r *tripv1.GetSharedItineraryRequest,
) (*tripv1.GetSharedItineraryResponse, error) {
	t, it, err := h.Service.OpenShare(ctx, r.GetToken())
	if err != nil {
		return nil, err
	}
	m, err := itineraryMessage(it)
	if err != nil {
		return nil, err
	}
	return &tripv1.GetSharedItineraryResponse{
		TripName: t.Name, StartDate: dateMessage(t.Start), EndDate: dateMessage(t.End()), Itinerary: impersonal(m),
	}, nil
}

func shareMessage(s trip.Share) *tripv1.ShareLink {
	return &tripv1.ShareLink{
		Id: s.ID, CreateTime: timestamppb.New(s.Created), ExpireTime: timestamppb.New(s.Expires),
		RevokeTime: timeMessage(s.Revoked),
	}
}

// impersonal keeps of an itinerary where and when, and nothing that says something about the group: no reasons, notes
// or wishes, and no quality, which goes by members. What is not named here is left out.
func impersonal(it *typev1.Itinerary) *typev1.Itinerary {
	shown := &typev1.Itinerary{CreateTime: it.GetCreateTime(), Version: it.GetVersion(), Revision: it.GetRevision()}
	for _, d := range it.GetDays() {
		day := &typev1.Day{
			Number: d.GetNumber(), Date: d.GetDate(), City: d.GetCity(), TimeZone: d.GetTimeZone(), Weather: d.GetWeather(),
			Legs: d.GetLegs(), Refinement: d.GetRefinement(),
		}
		for _, s := range d.GetStops() {
			day.Stops = append(day.Stops, &typev1.Stop{
				Id: s.GetId(), Kind: s.GetKind(), PlaceId: s.GetPlaceId(), Name: s.GetName(), Location: s.GetLocation(),
				Category: s.GetCategory(), Setting: s.GetSetting(), Arrive: s.GetArrive(), Leave: s.GetLeave(),
				Opening: s.GetOpening(), Source: s.GetSource(), Parking: s.GetParking(),
			})
		}
		shown.Days = append(shown.Days, day)
	}
	return shown
}
