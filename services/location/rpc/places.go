package rpc

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/page"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/services/location"
)

// SearchNearby finds places within some minutes of a point.
func (h *Handlers) SearchNearby(_ context.Context, req *locationv1.SearchNearbyRequest) (*locationv1.SearchNearbyResponse, error) {
	from, err := h.origin(req)
	if err != nil {
		return nil, err
	}
	query := queryOf("SearchNearby", req, func(r *locationv1.SearchNearbyRequest) { r.PageSize, r.PageToken = 0, "" })
	after, err := h.pages.Open(query, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	found, more, err := h.catalog.FindNearby(location.Nearby{
		From: from, Mode: modeOf(req.GetMode()), Minutes: int(req.GetWithinMinutes()), Group: location.Group(req.GetCategoryGroup()),
		Keyword: req.GetKeyword(), Order: orderOf(req.GetOrder()), After: after, Limit: pageSize(req.GetPageSize()),
	})
	if err != nil {
		return nil, err
	}
	resp := &locationv1.SearchNearbyResponse{}
	for _, f := range found {
		resp.Places = append(resp.Places, &locationv1.NearbyPlace{
			Place: h.placeMessage(f.Place), Minutes: int32(f.Minutes), Metres: int32(f.Metres),
		})
	}
	if more {
		resp.NextPageToken = h.pages.Seal(query, found[len(found)-1].ID)
	}
	return resp, nil
}

// origin is the point that a search starts from: the point itself, a place's, or that of the best match of a text.
func (h *Handlers) origin(req *locationv1.SearchNearbyRequest) (location.Point, error) {
	switch origin := req.GetOrigin().(type) {
	case *locationv1.SearchNearbyRequest_Point:
		return pointOf(origin.Point), nil
	case *locationv1.SearchNearbyRequest_PlaceId:
		place, ok := h.catalog.Place(origin.PlaceId)
		if !ok {
			return location.Point{}, location.ErrGone
		}
		return place.Point, nil
	default:
		if city, ok := h.catalog.CityByName(req.GetText()); ok {
			return city.Center, nil
		}
		found, _ := h.catalog.FindText(req.GetText(), "", nil, 0, 1)
		if len(found) == 0 {
			return location.Point{}, location.ErrUnknownDestination
		}
		return found[0].Point, nil
	}
}

// SearchText finds places by words.
func (h *Handlers) SearchText(_ context.Context, req *locationv1.SearchTextRequest) (*locationv1.SearchTextResponse, error) {
	query := queryOf("SearchText", req, func(r *locationv1.SearchTextRequest) { r.PageSize, r.PageToken = 0, "" })
	cursor, err := h.pages.Open(query, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	offset := 0
	if cursor != "" {
		if offset, err = strconv.Atoi(cursor); err != nil {
			return nil, page.ErrToken.Wrap(err)
		}
	}
	var near *location.Point
	if req.GetNear() != nil {
		p := pointOf(req.GetNear())
		near = &p
	}
	found, more := h.catalog.FindText(req.GetQuery(), req.GetCityId(), near, offset, pageSize(req.GetPageSize()))
	resp := &locationv1.SearchTextResponse{}
	for _, p := range found {
		resp.Places = append(resp.Places, h.placeMessage(p))
	}
	if more {
		resp.NextPageToken = h.pages.Seal(query, strconv.Itoa(offset+len(found)))
	}
	return resp, nil
}

// GetPlace gives one place.
func (h *Handlers) GetPlace(_ context.Context, req *locationv1.GetPlaceRequest) (*locationv1.GetPlaceResponse, error) {
	place, ok := h.catalog.Place(req.GetPlaceId())
	if !ok {
		return nil, location.ErrGone
	}
	return &locationv1.GetPlaceResponse{Place: h.placeMessage(place)}, nil
}

// BatchGetPlaces gives several places and names those that are gone.
func (h *Handlers) BatchGetPlaces(_ context.Context, req *locationv1.BatchGetPlacesRequest) (*locationv1.BatchGetPlacesResponse, error) {
	resp := &locationv1.BatchGetPlacesResponse{}
	for _, id := range req.GetPlaceIds() {
		if place, ok := h.catalog.Place(id); ok {
			resp.Places = append(resp.Places, h.placeMessage(place))
		} else {
			resp.GonePlaceIds = append(resp.GonePlaceIds, id)
		}
	}
	return resp, nil
}

// ListCities gives all cities.
func (h *Handlers) ListCities(context.Context, *locationv1.ListCitiesRequest) (*locationv1.ListCitiesResponse, error) {
	resp := &locationv1.ListCitiesResponse{}
	for _, city := range h.catalog.Cities() {
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

// mapLinks lead to Kakao Map inside Korea and to Google Maps elsewhere.
func mapLinks(p location.Place, country string) *locationv1.MapLinks {
	at := fmt.Sprintf("%.6f,%.6f", p.Lat, p.Lng)
	if country == "KR" {
		return &locationv1.MapLinks{Kakao: "https://map.kakao.com/link/map/" + url.PathEscape(p.Name.Ko) + "," + at}
	}
	return &locationv1.MapLinks{Google: "https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(at)}
}
