package google

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/maps/places/apiv1/placespb"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/genproto/googleapis/type/localized_text"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/internal/simulator/world"
)

const (
	maxResults = 20
	maxRadius  = 50_000
)

// types are Google's for each category; the first is the primary one.
var types = map[places.Category][]string{
	"sight": {"tourist_attraction", "point_of_interest"}, "museum": {"museum", "tourist_attraction"}, "palace": {"castle", "tourist_attraction"},
	"temple": {"church", "tourist_attraction"}, "park": {"park"}, "nature": {"national_park", "tourist_attraction"},
	"viewpoint": {"observation_deck", "tourist_attraction"}, "beach": {"beach"}, "market": {"market"}, "shopping": {"shopping_mall"},
	"food": {"restaurant", "food"}, "cafe": {"cafe", "food"}, "bar": {"bar"}, "entertainment": {"amusement_park"}, "sports": {"stadium"},
	"spa": {"spa"}, "laundry": {"laundry"}, "parking": {"parking"}, "station": {"train_station"}, "airport": {"airport"},
}

// SearchNearby finds by types in a circle.
func (s *Simulator) SearchNearby(ctx context.Context, q *placespb.SearchNearbyRequest) (*placespb.SearchNearbyResponse, error) {
	fields, err := mask(ctx)
	if err != nil {
		return nil, err
	}
	circle := q.GetLocationRestriction().GetCircle()
	at := circle.GetCenter()
	switch {
	case at == nil || !(math.Abs(at.GetLatitude()) <= 90) || !(math.Abs(at.GetLongitude()) <= 180):
		return nil, status.Error(codes.InvalidArgument, "location_restriction.circle is required.")
	case !(circle.GetRadius() > 0 && circle.GetRadius() <= maxRadius):
		return nil, status.Error(codes.InvalidArgument, "Radius must be within (0, 50000].")
	case q.GetMaxResultCount() < 0 || q.GetMaxResultCount() > maxResults:
		return nil, status.Error(codes.InvalidArgument, "max_result_count must be between 1 and 20.")
	}
	found := s.world.Near(at.GetLatitude(), at.GetLongitude(), circle.GetRadius(), func(p world.Place) bool {
		return len(q.GetIncludedTypes()) == 0 ||
			slices.ContainsFunc(types[p.Category], func(t string) bool { return slices.Contains(q.GetIncludedTypes(), t) })
	})
	return &placespb.SearchNearbyResponse{Places: messages(found, fields, maxResults)}, nil
}

// SearchText finds by words in a rectangle.
func (s *Simulator) SearchText(ctx context.Context, q *placespb.SearchTextRequest) (*placespb.SearchTextResponse, error) {
	fields, err := mask(ctx)
	if err != nil {
		return nil, err
	}
	if q.GetTextQuery() == "" {
		return nil, status.Error(codes.InvalidArgument, "text_query is required.")
	}
	box := q.GetLocationRestriction().GetRectangle()
	low, high := box.GetLow(), box.GetHigh()
	if box == nil {
		low, high = &latlng.LatLng{Latitude: -90, Longitude: -180}, &latlng.LatLng{Latitude: 90, Longitude: 180}
	}
	lat, lng := (low.GetLatitude()+high.GetLatitude())/2, (low.GetLongitude()+high.GetLongitude())/2
	found := s.world.Near(lat, lng, math.Inf(1), func(p world.Place) bool {
		return p.Lat >= low.GetLatitude() && p.Lat <= high.GetLatitude() && p.Lng >= low.GetLongitude() && p.Lng <= high.GetLongitude() &&
			p.Has(q.GetTextQuery())
	})
	size := int(q.GetMaxResultCount())
	if size == 0 || size > maxResults {
		size = maxResults
	}
	return &placespb.SearchTextResponse{Places: messages(found, fields, size)}, nil
}

// GetPlace tells all that is asked for of one place.
func (s *Simulator) GetPlace(ctx context.Context, q *placespb.GetPlaceRequest) (*placespb.Place, error) {
	fields, err := mask(ctx)
	if err != nil {
		return nil, err
	}
	p, ok := s.world.ByID(strings.TrimPrefix(q.GetName(), "places/"))
	if !ok {
		return nil, status.Error(codes.NotFound, "The Place ID is no longer valid.")
	}
	return message(p, fields), nil
}

func messages(found []world.Place, fields map[string]bool, most int) []*placespb.Place {
	var out []*placespb.Place
	for _, p := range found[:min(most, len(found))] {
		out = append(out, message(p, fields))
	}
	return out
}

// message has the fields asked for and no other, as Google's answers do.
func message(p world.Place, fields map[string]bool) *placespb.Place {
	m := new(placespb.Place)
	set := func(field string, do func()) {
		if fields[field] || fields["*"] {
			do()
		}
	}
	set("id", func() { m.Id = p.ID })
	set("displayName", func() { m.DisplayName = &localized_text.LocalizedText{Text: p.Name.EN, LanguageCode: "en"} })
	set("location", func() { m.Location = &latlng.LatLng{Latitude: p.Lat, Longitude: p.Lng} })
	set("types", func() { m.Types = types[p.Category] })
	set("primaryType", func() {
		if kinds := types[p.Category]; len(kinds) > 0 {
			m.PrimaryType = kinds[0]
		}
	})
	set("formattedAddress", func() { m.FormattedAddress = p.Address })
	set("rating", func() { m.Rating = p.Rating() })
	set("userRatingCount", func() {
		count := int32(p.RatingCount())
		m.UserRatingCount = &count
	})
	set("reviews", func() { m.Reviews = reviews(p) })
	set("attributions", func() { m.Attributions = []*placespb.Place_Attribution{{Provider: Simulated}} })
	return m
}

func reviews(p world.Place) []*placespb.Review {
	var out []*placespb.Review
	for i, text := range []string{"(simulated) Worth the way.", "(simulated) Crowded at noon."} {
		out = append(out, &placespb.Review{
			Name: "places/" + p.ID + "/reviews/" + text[12:13], Rating: float64(5 - i),
			Text:              &localized_text.LocalizedText{Text: text, LanguageCode: "en"},
			AuthorAttribution: &placespb.AuthorAttribution{DisplayName: "Simulated Traveller"},
			PublishTime:       timestamppb.New(time.Date(2026, time.Month(3+i), 1, 0, 0, 0, 0, time.UTC)),
		})
	}
	return out
}
