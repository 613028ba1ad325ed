// Package kakao simulates Kakao's Local and Mobility APIs, in their wire format, from the built-in places of Korea.
// Answers say in "simulated" that they do.
package kakao

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/internal/simulator/world"
)

const (
	maxSize     = 15
	maxPageable = 45
	maxRadius   = 20_000
)

// groups are the categories of each group code.
var groups = map[string][]places.Category{
	"AT4": {"sight", "palace", "temple", "park", "nature", "viewpoint", "beach", "entertainment"},
	"CT1": {"museum"},
	"FD6": {"food", "bar"},
	"CE7": {"cafe"},
	"MT1": {"market", "shopping"},
	"PK6": {"parking"},
	"SW8": {"station"},
}

// names are what category_name says.
var names = map[places.Category]string{
	"sight": "여행 > 관광,명소", "palace": "여행 > 관광,명소 > 문화유적 > 고궁", "temple": "문화,예술 > 종교 > 불교 > 절,사찰",
	"park": "여행 > 공원 > 도시근린공원", "nature": "여행 > 관광,명소 > 산", "viewpoint": "여행 > 관광,명소 > 전망대",
	"beach": "여행 > 관광,명소 > 해수욕장,해변", "museum": "문화,예술 > 문화시설 > 박물관", "food": "음식점 > 한식",
	"cafe": "음식점 > 카페", "bar": "음식점 > 술집", "market": "가정,생활 > 시장", "shopping": "가정,생활 > 대형마트",
	"laundry": "가정,생활 > 세탁소 > 셀프빨래방", "parking": "교통,수송 > 교통시설 > 주차장", "station": "교통,수송 > 지하철,전철",
	"entertainment": "여행 > 관광,명소 > 테마파크", "sports": "스포츠,레저", "spa": "여행 > 온천", "airport": "교통,수송 > 교통시설 > 공항",
}

type document struct {
	ID                string `json:"id"`
	PlaceName         string `json:"place_name"`
	CategoryName      string `json:"category_name"`
	CategoryGroupCode string `json:"category_group_code"`
	CategoryGroupName string `json:"category_group_name"`
	Phone             string `json:"phone"`
	AddressName       string `json:"address_name"`
	RoadAddressName   string `json:"road_address_name"`
	X                 string `json:"x"`
	Y                 string `json:"y"`
	PlaceURL          string `json:"place_url"`
	Distance          string `json:"distance"`
}

type meta struct {
	TotalCount    int  `json:"total_count"`
	PageableCount int  `json:"pageable_count"`
	IsEnd         bool `json:"is_end"`
	Simulated     bool `json:"simulated"`
}

// Handler answers the keyword and category searches and the directions to many destinations.
func Handler(w *world.World) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/local/search/keyword.json", func(rw http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		if query == "" {
			refuse(rw, http.StatusBadRequest, "MissingParameter", "query parameter required")
			return
		}
		code := r.URL.Query().Get("category_group_code")
		search(rw, r, w, func(p world.Place) bool {
			return (code == "" || inGroup(p, code)) && (p.Has(query) || strings.Contains(names[p.Category], query))
		})
	})
	mux.HandleFunc("GET /v2/local/search/category.json", func(rw http.ResponseWriter, r *http.Request) {
		code := r.URL.Query().Get("category_group_code")
		if groups[code] == nil {
			refuse(rw, http.StatusBadRequest, "InvalidArgument", "category_group_code must be one of the group codes")
			return
		}
		search(rw, r, w, func(p world.Place) bool { return inGroup(p, code) })
	})
	mux.HandleFunc("POST /v1/destinations/directions", directions)
	return authorized(mux)
}

func authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "KakaoAK "); !ok || key == "" {
			refuse(w, http.StatusUnauthorized, "AccessDeniedError", "cannot find Authorization : KakaoAK header")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func inGroup(p world.Place, code string) bool {
	for _, category := range groups[code] {
		if p.Category == category {
			return true
		}
	}
	return false
}

func search(w http.ResponseWriter, r *http.Request, all *world.World, wanted func(world.Place) bool) {
	query := r.URL.Query()
	lng, lngErr := strconv.ParseFloat(query.Get("x"), 64)
	lat, latErr := strconv.ParseFloat(query.Get("y"), 64)
	radius, radiusErr := number(query.Get("radius"), maxRadius)
	page, pageErr := number(query.Get("page"), 1)
	size, sizeErr := number(query.Get("size"), maxSize)
	switch {
	case lngErr != nil || latErr != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180):
		refuse(w, http.StatusBadRequest, "InvalidArgument", "x, y must be a coordinate")
		return
	case radiusErr != nil || radius < 0 || radius > maxRadius:
		refuse(w, http.StatusBadRequest, "InvalidArgument", "radius must be between 0 and 20000")
		return
	case pageErr != nil || page < 1 || page > 45 || sizeErr != nil || size < 1 || size > maxSize:
		refuse(w, http.StatusBadRequest, "InvalidArgument", "page is more than max")
		return
	}
	found := all.Near(lat, lng, float64(radius), func(p world.Place) bool { return p.City.Country == "KR" && wanted(p) })
	pageable := min(len(found), maxPageable)
	start, end := min((page-1)*size, pageable), min(page*size, pageable)
	documents := make([]document, 0, size)
	for _, p := range found[start:end] {
		documents = append(documents, documentOf(p))
	}
	write(w, http.StatusOK, map[string]any{
		"documents": documents,
		"meta":      meta{TotalCount: len(found), PageableCount: pageable, IsEnd: end >= pageable, Simulated: true},
	})
}

func documentOf(p world.Place) document {
	d := document{
		ID: p.ID, PlaceName: p.Name.KO, CategoryName: names[p.Category], AddressName: p.Address, RoadAddressName: p.Address,
		X: fmt.Sprintf("%.7f", p.Lng), Y: fmt.Sprintf("%.7f", p.Lat), PlaceURL: "http://place.map.kakao.com/" + p.ID,
		Distance: strconv.Itoa(int(p.Metres)),
	}
	for code := range groups {
		if inGroup(p, code) {
			d.CategoryGroupCode = code
		}
	}
	return d
}

func number(text string, otherwise int) (int, error) {
	if text == "" {
		return otherwise, nil
	}
	return strconv.Atoi(text)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	write(w, status, map[string]any{"errorType": kind, "message": message})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // plain data; a caller that hung up is not told
}
