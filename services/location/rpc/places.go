package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/page"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/services/location"
)

// SearchNearby finds places within some minutes of a point.
func (h *Handlers) SearchNearby(ctx context.Context, req *locationv1.SearchNearbyRequest) (*locationv1.SearchNearbyResponse, error) {
	from, err := h.origin(ctx, req)
	if err != nil {
		return nil, err
	}
	query := queryOf("SearchNearby", req, func(r *locationv1.SearchNearbyRequest) { r.PageSize, r.PageToken = 0, "" })
	after, err := h.after(query, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	found, more := h.finder.Nearby(ctx, location.Nearby{
		From: from, Mode: modeOf(req.GetMode()), Minutes: int(req.GetWithinMinutes()), Group: location.Group(req.GetCategoryGroup()),
		Keyword: req.GetKeyword(), Order: orderOf(req.GetOrder()), After: after, Limit: pageSize(req.GetPageSize()),
	})
	resp := &locationv1.SearchNearbyResponse{}
	for _, f := range found {
		resp.Places = append(resp.Places, &locationv1.NearbyPlace{
			Place: h.placeMessage(f.Place), Minutes: int32(f.Minutes), Metres: int32(f.Metres),
		})
	}
	if more {
		resp.NextPageToken, err = h.next(query, found)
	}
	return resp, err
}

// after is where the page before ended; nil for the first page.
func (h *Handlers) after(query page.Query, token string) (*location.Position, error) {
	cursor, err := h.pages.Open(query, token)
	if err != nil || cursor == "" {
		return nil, err
	}
	after := new(location.Position)
	if err := json.Unmarshal([]byte(cursor), after); err != nil { // signed by an earlier release with other cursors
		return nil, page.ErrToken.Wrap(err)
	}
	return after, nil
}

// next is the token of the page after one.
func (h *Handlers) next(query page.Query, found []location.Found) (string, error) {
	cursor, err := json.Marshal(found[len(found)-1].At)
	if err != nil {
		return "", fmt.Errorf("page token: %w", err)
	}
	return h.pages.Seal(query, string(cursor)), nil
}

// origin is the point that a search starts from: the point itself, a place's, or that of the best match of a text.
func (h *Handlers) origin(ctx context.Context, req *locationv1.SearchNearbyRequest) (location.Point, error) {
	switch origin := req.GetOrigin().(type) {
	case *locationv1.SearchNearbyRequest_Point:
		return pointOf(origin.Point), nil
	case *locationv1.SearchNearbyRequest_PlaceId:
		place, err := h.finder.Basic(ctx, origin.PlaceId)
		return place.Point, err
	default:
		catalog := h.finder.Catalog.Now()
		if city, ok := catalog.CityByName(req.GetText()); ok {
			return city.Center, nil
		}
		found, _ := catalog.FindText(location.Text{Query: req.GetText(), Limit: 1})
		if len(found) == 0 {
			return location.Point{}, location.ErrUnknownDestination
		}
		return found[0].Point, nil
	}
}

// SearchText finds places by words.
func (h *Handlers) SearchText(ctx context.Context, req *locationv1.SearchTextRequest) (*locationv1.SearchTextResponse, error) {
	if id := req.GetCityId(); id != "" {
		if _, ok := h.finder.Catalog.Now().City(id); !ok {
			return nil, location.ErrUnknownDestination
		}
	}
	query := queryOf("SearchText", req, func(r *locationv1.SearchTextRequest) { r.PageSize, r.PageToken = 0, "" })
	after, err := h.after(query, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	q := location.Text{Query: req.GetQuery(), CityID: req.GetCityId(), After: after, Limit: pageSize(req.GetPageSize())}
	if req.GetNear() != nil {
		near := pointOf(req.GetNear())
		q.Near = &near
	}
	found, more := h.finder.Text(ctx, q)
	resp := &locationv1.SearchTextResponse{}
	for _, f := range found {
		resp.Places = append(resp.Places, h.placeMessage(f.Place))
	}
	if more {
		resp.NextPageToken, err = h.next(query, found)
	}
	return resp, err
}

// GetPlace gives one place with its details.
func (h *Handlers) GetPlace(ctx context.Context, req *locationv1.GetPlaceRequest) (*locationv1.GetPlaceResponse, error) {
	place, err := h.finder.Place(ctx, req.GetPlaceId())
	if err != nil {
		return nil, err
	}
	h.finder.Used(ctx, place)
	return &locationv1.GetPlaceResponse{Place: h.placeMessage(place)}, nil
}

// BatchGetPlaces gives several places, with what is known of them by now, and names those that are gone.
func (h *Handlers) BatchGetPlaces(ctx context.Context, req *locationv1.BatchGetPlacesRequest) (*locationv1.BatchGetPlacesResponse, error) {
	resp := &locationv1.BatchGetPlacesResponse{}
	var places []location.Place
	for _, id := range req.GetPlaceIds() {
		place, err := h.finder.Basic(ctx, id)
		switch {
		case err == nil:
			places = append(places, place)
		case errors.Is(err, location.ErrGone):
			resp.GonePlaceIds = append(resp.GonePlaceIds, id)
		default:
			return nil, err
		}
	}
	h.finder.Used(ctx, places...)
	for _, place := range h.finder.Known(ctx, places) {
		resp.Places = append(resp.Places, h.placeMessage(place))
	}
	return resp, nil
}

// ListCities gives all cities.
func (h *Handlers) ListCities(context.Context, *locationv1.ListCitiesRequest) (*locationv1.ListCitiesResponse, error) {
	resp := &locationv1.ListCitiesResponse{}
	for _, city := range h.finder.Catalog.Now().Cities() {
		resp.Cities = append(resp.Cities, cityMessage(city))
	}
	return resp, nil
}

// queryOf is what a page token is bound to: the request without its paging fields.
func queryOf[M proto.Message](procedure string, req M, strip func(M)) page.Query {
	bare := proto.CloneOf(req)
	strip(bare)
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
	if err != nil { // a message that was just received can be written
		panic(fmt.Sprintf("marshal a request of %s: %v", procedure, err))
	}
	return page.Query{procedure, string(encoded)}
}

func modeOf(m locationv1.TravelMode) location.Mode {
	switch m {
	case locationv1.TravelMode_TRAVEL_MODE_TRANSIT:
		return location.Transit
	case locationv1.TravelMode_TRAVEL_MODE_CAR:
		return location.Car
	default:
		return location.Walk
	}
}

func orderOf(o locationv1.PlaceOrder) location.Order {
	switch o {
	case locationv1.PlaceOrder_PLACE_ORDER_RATING:
		return location.ByRating
	case locationv1.PlaceOrder_PLACE_ORDER_NAME:
		return location.ByName
	case locationv1.PlaceOrder_PLACE_ORDER_REVIEW_COUNT:
		return location.ByReviewCount
	default:
		return location.ByTime
	}
}
