// Package kakao asks Kakao's Local API for places in Korea (https://developers.kakao.com/docs/latest/ko/local/dev-guide)
// and its Mobility API for ways by car.
package kakao

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// Provider is the source's name and the prefix of its ids.
	Provider = "kakao"
	// MaxRadius is as far as a search may go, in metres.
	MaxRadius = 20_000

	pageSize = 15
	maxPages = 3
)

// Client asks Kakao. It implements location.PlaceProvider and location.RouteProvider.
type Client struct {
	local, mobility string
	header          http.Header
	http            *http.Client
	clock           clock.Clock
}

// New makes a client of the servers at local and mobility, for example "https://dapi.kakao.com" and
// "https://apis-navi.kakaomobility.com".
func New(local, mobility, key string, h *http.Client, c clock.Clock) *Client {
	return &Client{local: local, mobility: mobility, header: http.Header{"Authorization": {"KakaoAK " + key}}, http: h, clock: c}
}

type document struct {
	ID                string `json:"id"`
	PlaceName         string `json:"place_name"`
	CategoryName      string `json:"category_name"`
	CategoryGroupCode string `json:"category_group_code"`
	Phone             string `json:"phone"`
	AddressName       string `json:"address_name"`
	RoadAddressName   string `json:"road_address_name"`
	X                 string `json:"x"`
	Y                 string `json:"y"`
}

type answer struct {
	Documents *[]document `json:"documents"`
	Meta      *struct {
		IsEnd bool `json:"is_end"`
		// Simulated is set by our simulator alone.
		Simulated bool `json:"simulated"`
	} `json:"meta"`
}

// groups are the group codes asked for.
var groups = map[location.Group][]string{
	location.All: {"AT4", "CT1", "FD6", "CE7"}, location.Sights: {"AT4", "CT1"}, location.Eating: {"FD6", "CE7"},
}

// laundryWords find laundries, which have no group code.
const laundryWords = "빨래방"

// Search gives up to 45 places for each of the categories that belong to the group, the nearest first: up to three
// requests for each.
func (c *Client) Search(ctx context.Context, q location.PlaceQuery) ([]location.Place, error) {
	words, codes := q.Words, groups[q.Group]
	if q.Group == location.Laundries {
		words = strings.TrimSpace(words + " " + laundryWords)
	}
	if words != "" && (q.Group == location.All || q.Group == location.Laundries) {
		codes = []string{""} // one search over everything
	}
	found := make([][]location.Place, len(codes))
	all, ctx := errgroup.WithContext(ctx)
	for i, code := range codes {
		all.Go(func() (err error) {
			found[i], err = c.pages(ctx, q, words, code)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, fmt.Errorf("places of kakao: %w", err)
	}
	var places []location.Place
	for _, some := range found {
		places = append(places, some...)
	}
	return places, nil
}

func (c *Client) pages(ctx context.Context, q location.PlaceQuery, words, code string) ([]location.Place, error) {
	query := url.Values{
		"x": {fmt.Sprintf("%.7f", q.Center.Lng)}, "y": {fmt.Sprintf("%.7f", q.Center.Lat)},
		"radius": {strconv.Itoa(int(min(q.Radius, MaxRadius)))}, "size": {strconv.Itoa(pageSize)}, "sort": {"distance"},
	}
	path := "/v2/local/search/category.json"
	if words != "" {
		path = "/v2/local/search/keyword.json"
		query.Set("query", words)
	}
	if code != "" {
		query.Set("category_group_code", code)
	}
	var places []location.Place
	for page := range maxPages {
		query.Set("page", strconv.Itoa(page+1))
		var got answer
		if err := upstream.GetJSON(ctx, c.http, c.local+path+"?"+query.Encode(), c.header, &got); err != nil {
			return nil, err
		}
		if got.Documents == nil || got.Meta == nil {
			return nil, upstream.ErrShape
		}
		source := location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Simulated: got.Meta.Simulated, Attribution: "Kakao"}
		for _, d := range *got.Documents {
			place, err := d.place(source)
			if err != nil {
				return nil, err
			}
			places = append(places, place)
		}
		if got.Meta.IsEnd || len(*got.Documents) == 0 {
			break
		}
	}
	return places, nil
}

func (d document) place(source location.Source) (location.Place, error) {
	lng, lngErr := strconv.ParseFloat(d.X, 64)
	lat, latErr := strconv.ParseFloat(d.Y, 64)
	if d.ID == "" || d.PlaceName == "" || lngErr != nil || latErr != nil {
		return location.Place{}, upstream.ErrShape
	}
	address := d.RoadAddressName
	if address == "" {
		address = d.AddressName
	}
	return location.Place{
		ID: Provider + ":" + d.ID, Name: location.Name{Ko: d.PlaceName, Local: d.PlaceName}, Point: location.Point{Lat: lat, Lng: lng},
		Category: categoryOf(d), Address: address, Phone: phone(d.Phone), Source: source,
	}, nil
}

// phone is as E.164 writes it: Kakao's numbers are Korean, with the zero of the trunk.
func phone(national string) string {
	digits := strings.ReplaceAll(national, "-", "")
	if rest, ok := strings.CutPrefix(digits, "0"); ok {
		return "+82" + rest
	}
	return digits
}

// details are words in the category's name that say more than its group; the first counts.
var details = []struct {
	word     string
	category location.Category
}{
	{"빨래방", location.Laundry},
	{"세탁", location.Laundry},
	{"박물관", "museum"},
	{"미술관", "museum"},
	{"고궁", "palace"},
	{"사찰", "temple"},
	{"교회", "temple"},
	{"성당", "temple"},
	{"공원", "park"},
	{"전망대", "viewpoint"},
	{"해수욕장", "beach"},
	{"테마파크", "entertainment"},
	{"공연장", "entertainment"},
	{"시장", location.Market},
	{"> 산", "nature"},
	{"온천", location.Spa},
	{"술집", location.Bar},
}

var byGroup = map[string]location.Category{
	"AT4": "sight", "CT1": "museum", "FD6": location.Food, "CE7": location.Cafe, "MT1": location.Shopping, "PK6": location.Parking,
	"SW8": location.Station,
}

// categoryOf is empty where the category says nothing that TripGen knows.
func categoryOf(d document) location.Category {
	for _, detail := range details {
		if strings.Contains(d.CategoryName, detail.word) {
			return detail.category
		}
	}
	return byGroup[d.CategoryGroupCode]
}
