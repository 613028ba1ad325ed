package google

import (
	"context"
	"math"
	"strings"

	"cloud.google.com/go/maps/places/apiv1/placespb"
	"google.golang.org/genproto/googleapis/geo/type/viewport"
	"google.golang.org/genproto/googleapis/type/latlng"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	searchMask  = "places.id,places.displayName,places.location,places.primaryType,places.types,places.formattedAddress,places.attributions"
	idMask      = "places.id"
	detailsMask = "id,displayName,location,rating,userRatingCount,reviews,internationalPhoneNumber,websiteUri,formattedAddress," +
		"regularOpeningHours.periods,photos.name,attributions"

	maxResults = 20
	// sameWithin is how far apart, in metres, two sources may put one place.
	sameWithin = 250
	// maxReviews and maxPhotos bound what is kept of each.
	maxReviews, maxPhotos = 5, 10
)

// included are the types that a group asks for.
var included = map[location.Group][]string{
	location.Sights:    {"tourist_attraction", "museum", "art_gallery", "park", "church", "zoo", "aquarium", "amusement_park"},
	location.Eating:    {"restaurant", "cafe", "bar", "bakery", "market"},
	location.Laundries: {"laundry"},
	location.All:       {"tourist_attraction", "museum", "park", "restaurant", "cafe", "shopping_mall", "market"},
}

// Search gives up to 20 places, by one request.
func (c *Client) Search(ctx context.Context, q location.PlaceQuery) ([]location.Place, error) {
	radius := min(q.Radius, MaxRadius)
	ctx = c.masked(ctx, searchMask)
	var found []*placespb.Place
	if q.Words != "" {
		resp, err := c.places.SearchText(ctx, &placespb.SearchTextRequest{
			TextQuery: q.Words, MaxResultCount: maxResults,
			LocationRestriction: &placespb.SearchTextRequest_LocationRestriction{
				Type: &placespb.SearchTextRequest_LocationRestriction_Rectangle{Rectangle: around(q.Center, radius)},
			},
		})
		if err != nil {
			return nil, told("search", err)
		}
		found = resp.GetPlaces()
	} else {
		resp, err := c.places.SearchNearby(ctx, &placespb.SearchNearbyRequest{
			IncludedTypes: included[q.Group], MaxResultCount: maxResults,
			LocationRestriction: &placespb.SearchNearbyRequest_LocationRestriction{
				Type: &placespb.SearchNearbyRequest_LocationRestriction_Circle{
					Circle: &placespb.Circle{Center: &latlng.LatLng{Latitude: q.Center.Lat, Longitude: q.Center.Lng}, Radius: radius},
				},
			},
		})
		if err != nil {
			return nil, told("search", err)
		}
		found = resp.GetPlaces()
	}
	result := make([]location.Place, 0, len(found))
	for _, p := range found {
		place, err := c.place(p)
		if err != nil {
			return nil, told("search", err)
		}
		result = append(result, place)
	}
	return result, nil
}

func (c *Client) place(p *placespb.Place) (location.Place, error) {
	if p.GetId() == "" || p.GetDisplayName().GetText() == "" || p.GetLocation() == nil {
		return location.Place{}, upstream.ErrShape
	}
	name := location.Name{Local: p.GetDisplayName().GetText()}
	switch language := p.GetDisplayName().GetLanguageCode(); {
	case strings.HasPrefix(language, "ko"):
		name.Ko = name.Local
	default:
		name.En = name.Local
	}
	return location.Place{
		ID: Provider + ":" + p.GetId(), Name: name, Address: p.GetFormattedAddress(),
		Point:    location.Point{Lat: p.GetLocation().GetLatitude(), Lng: p.GetLocation().GetLongitude()},
		Category: categoryOf(p), Source: c.source(p),
	}, nil
}

func (c *Client) source(p *placespb.Place) location.Source {
	s := location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Attribution: Attribution}
	for _, a := range p.GetAttributions() {
		s.Simulated = s.Simulated || a.GetProvider() == Simulator
	}
	return s
}

// Details tells what travellers say of a place, which may be of another source: then it is looked for by its name near
// where it is.
func (c *Client) Details(ctx context.Context, p location.Place) (location.Details, error) {
	id, own := strings.CutPrefix(p.ID, Provider+":")
	if !own {
		var err error
		if id, err = c.find(ctx, p); err != nil {
			return location.Details{}, err
		}
	}
	got, err := c.places.GetPlace(c.masked(ctx, detailsMask), &placespb.GetPlaceRequest{Name: "places/" + id})
	if err != nil {
		return location.Details{}, told("details", err)
	}
	if got.GetId() == "" || got.GetLocation() == nil {
		return location.Details{}, told("details", upstream.ErrShape)
	}
	return c.details(got), nil
}

// find gives the id of a place of another source.
func (c *Client) find(ctx context.Context, p location.Place) (string, error) {
	name := p.Name.Local
	if name == "" {
		name = p.Name.En
	}
	resp, err := c.places.SearchText(c.masked(ctx, idMask), &placespb.SearchTextRequest{
		TextQuery: name, MaxResultCount: 1,
		LocationRestriction: &placespb.SearchTextRequest_LocationRestriction{
			Type: &placespb.SearchTextRequest_LocationRestriction_Rectangle{Rectangle: around(p.Point, sameWithin)},
		},
	})
	if err != nil {
		return "", told("search", err)
	}
	if len(resp.GetPlaces()) == 0 {
		return "", location.ErrNoDetails
	}
	if id := resp.GetPlaces()[0].GetId(); id != "" {
		return id, nil
	}
	return "", told("search", upstream.ErrShape)
}

func (c *Client) details(p *placespb.Place) location.Details {
	d := location.Details{
		Phone: p.GetInternationalPhoneNumber(), Website: p.GetWebsiteUri(), Address: p.GetFormattedAddress(),
		Hours: hoursOf(p.GetRegularOpeningHours().GetPeriods()), Source: c.source(p),
	}
	if rating := p.GetRating(); rating > 0 {
		count := int(p.GetUserRatingCount())
		d.Rating, d.RatingCount = &rating, &count
	}
	for _, r := range p.GetReviews() {
		d.Reviews = append(d.Reviews, location.Review{
			Author: r.GetAuthorAttribution().GetDisplayName(), Stars: int(math.Round(r.GetRating())), Text: r.GetText().GetText(),
			Time: r.GetPublishTime().AsTime(),
		})
	}
	location.SortReviews(d.Reviews)
	d.Reviews = d.Reviews[:min(len(d.Reviews), maxReviews)]
	for _, photo := range p.GetPhotos() {
		d.Photos = append(d.Photos, photo.GetName())
	}
	d.Photos = d.Photos[:min(len(d.Photos), maxPhotos)]
	return d
}

// around is the rectangle around a circle.
func around(p location.Point, metres float64) *viewport.Viewport {
	south, west, north, east := p.Box(metres)
	return &viewport.Viewport{
		Low:  &latlng.LatLng{Latitude: south, Longitude: west},
		High: &latlng.LatLng{Latitude: north, Longitude: east},
	}
}

// categories are what types mean; the place's primary type is looked at first.
var categories = map[string]location.Category{
	"tourist_attraction": "sight", "historical_landmark": "sight", "monument": "sight", "plaza": "sight", "museum": "museum",
	"art_gallery": "museum", "church": "temple", "hindu_temple": "temple", "mosque": "temple", "synagogue": "temple", "park": "park",
	"garden": "park", "national_park": "nature", "hiking_area": "nature", "beach": "beach", "observation_deck": "viewpoint",
	"castle": "palace", "restaurant": location.Food, "bakery": location.Cafe, "cafe": location.Cafe, "coffee_shop": location.Cafe,
	"bar": location.Bar, "pub": location.Bar, "market": location.Market, "shopping_mall": location.Shopping, "department_store": location.Shopping,
	"store": location.Shopping, "laundry": location.Laundry, "parking": location.Parking, "train_station": location.Station,
	"subway_station": location.Station, "airport": location.Airport, "spa": location.Spa, "zoo": "entertainment",
	"aquarium": "entertainment", "amusement_park": "entertainment", "performing_arts_theater": "entertainment", "stadium": "sports",
}

func categoryOf(p *placespb.Place) location.Category {
	if category, ok := categories[p.GetPrimaryType()]; ok {
		return category
	}
	for _, kind := range p.GetTypes() {
		if category, ok := categories[kind]; ok {
			return category
		}
	}
	if strings.HasSuffix(p.GetPrimaryType(), "_restaurant") {
		return location.Food
	}
	return ""
}
