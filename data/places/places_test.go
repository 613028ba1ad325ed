package places

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	"github.com/tripgen/tripgen/services/location/openinghours"
)

// The least that a city must offer, so that several full days can be planned in
// sun and in rain.
const (
	minPlaces   = 80
	minFood     = 18
	minCafes    = 8
	minIndoor   = 15 // of what is visited in itself, meals not counted
	minDinner   = 3  // food known to be open at 19:30 on most days
	minStations = 1
	minParking  = 1
	minLaundry  = 1
	minMuseums  = 8
	minParks    = 4
	minMarkets  = 2
	minShopping = 1
)

// withoutLaundry are the cities of which no laundry is known well enough, by name and within some 100 m: there, laundries
// come from imported extracts and providers alone. A city that gets one leaves the list.
var withoutLaundry = []string{
	"bangkok", "busan", "gangneung", "gyeongju", "jeju", "jeonju", "kyoto", "london", "osaka", "paris", "rome", "seoul",
}

var (
	categories = []Category{
		Sight, Museum, Palace, Temple, Park, Nature, Viewpoint, Beach, Market, Shopping,
		Food, Cafe, Bar, Entertainment, Sports, Spa, Laundry, Parking, Station, Airport,
	}
	tags     = []Tag{TagSightseeing, TagShopping, TagCulture, TagNature, TagSports, TagRest}
	settings = []Setting{Indoor, Outdoor, Mixed}
	idForm   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
)

// cityIDs are the cities that TripGen knows without any provider.
var cityIDs = []string{
	"bangkok", "barcelona", "busan", "gangneung", "gyeongju", "jeju", "jeonju", "kyoto", "london",
	"munich", "newyork", "osaka", "paris", "rome", "seoul", "tokyo",
}

func TestAllCitiesAreBuiltIn(t *testing.T) {
	t.Parallel()
	cities, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, city := range cities {
		ids = append(ids, city.ID)
	}
	if !slices.Equal(ids, cityIDs) {
		t.Errorf("cities %v, want %v", ids, cityIDs)
	}
}

// eachCity runs check as a subtest of every built-in city.
func eachCity(t *testing.T, check func(t *testing.T, city City)) {
	t.Helper()
	cities, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, city := range cities {
		t.Run(city.ID, func(t *testing.T) {
			t.Parallel()
			check(t, city)
		})
	}
}

func TestCityRecordIsComplete(t *testing.T) {
	t.Parallel()
	eachCity(t, func(t *testing.T, city City) {
		checkName(t, city.ID, city.Name)
		if len(city.Country) != 2 || strings.ToUpper(city.Country) != city.Country {
			t.Errorf("country %q is not an ISO 3166-1 alpha-2 code", city.Country)
		}
		if _, err := time.LoadLocation(city.TimeZone); err != nil || city.TimeZone == "" {
			t.Errorf("time zone %q: %v", city.TimeZone, err)
		}
		b := city.Bounds
		if b.South >= b.North || b.West >= b.East || b.North-b.South > 2 || b.East-b.West > 2 {
			t.Errorf("bounds %+v are not a city's", b)
		}
		if !b.Contains(city.Center) {
			t.Errorf("centre %+v is outside of %+v", city.Center, b)
		}
	})
}

// [L3] A place without a provider is still a true one.
func TestPlaceRecordsAreValid(t *testing.T) {
	t.Parallel()
	eachCity(t, func(t *testing.T, city City) {
		for _, p := range city.Places {
			checkName(t, p.ID, p.Name)
			if !idForm.MatchString(p.ID) || !strings.HasPrefix(p.ID, city.ID+"-") {
				t.Errorf("%s: id is not %s-<name>", p.ID, city.ID)
			}
			if !city.Bounds.Contains(p.Point) {
				t.Errorf("%s: %+v is outside of the city's bounds", p.ID, p.Point)
			}
			if !slices.Contains(categories, p.Category) {
				t.Errorf("%s: category %q", p.ID, p.Category)
			}
			if !slices.Contains(settings, p.Setting) {
				t.Errorf("%s: setting %q", p.ID, p.Setting)
			}
			checkTags(t, p)
			if p.StayMinutes < 5 || p.StayMinutes > 480 {
				t.Errorf("%s: a stay of %d minutes", p.ID, p.StayMinutes)
			}
			if p.Cuisine != "" && p.Category != Food && p.Category != Cafe && p.Category != Bar {
				t.Errorf("%s: a cuisine for a %s", p.ID, p.Category)
			}
			checkHours(t, p)
		}
	})
}

func checkName(t *testing.T, id string, n Name) {
	t.Helper()
	for _, s := range []string{n.KO, n.EN, n.Local} {
		if s == "" || strings.TrimSpace(s) != s {
			t.Errorf("%s: name %+v is incomplete", id, n)
		}
	}
	if !strings.ContainsFunc(n.KO, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) {
		t.Errorf("%s: Korean name %q has no Hangul", id, n.KO)
	}
	if strings.ContainsFunc(n.EN, func(r rune) bool { return unicode.Is(unicode.Hangul, r) || unicode.Is(unicode.Han, r) }) {
		t.Errorf("%s: English name %q is not", id, n.EN)
	}
}

func checkTags(t *testing.T, p Place) {
	t.Helper()
	seen := map[Tag]bool{}
	for _, tag := range p.Tags {
		if !slices.Contains(tags, tag) || seen[tag] {
			t.Errorf("%s: tag %q is unknown or twice there", p.ID, tag)
		}
		seen[tag] = true
	}
	switch p.Category {
	case Food, Cafe, Bar, Laundry, Parking, Station, Airport:
	default:
		if len(p.Tags) == 0 {
			t.Errorf("%s: a %s without a tag", p.ID, p.Category)
		}
	}
}

func checkHours(t *testing.T, p Place) {
	t.Helper()
	if p.LastEntryMinutes < 0 || p.LastEntryMinutes > 240 || p.LastEntryMinutes > 0 && p.Hours == "" {
		t.Errorf("%s: last entry %d minutes before closing, hours %q", p.ID, p.LastEntryMinutes, p.Hours)
	}
	if p.Hours == "" {
		return
	}
	schedule, err := openinghours.Parse(p.Hours)
	if err != nil {
		t.Errorf("%s: hours %q: %v", p.ID, p.Hours, err)
		return
	}
	for _, open := range aWeek(schedule) {
		if len(open) > 0 {
			return
		}
	}
	// Seasonal places are closed for months, so ask the whole year.
	for day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		if len(schedule.On(openinghours.DateOf(day), nil)) > 0 {
			return
		}
	}
	t.Errorf("%s: hours %q are never open", p.ID, p.Hours)
}

// aWeek returns the intervals from Monday, 1 June 2026, no public holidays.
func aWeek(s openinghours.Schedule) [7][]openinghours.Interval {
	var week [7][]openinghours.Interval
	for i := range week {
		week[i] = s.On(openinghours.Date{Year: 2026, Month: time.June, Day: 1 + i}, nil)
	}
	return week
}

func TestNoPlaceIsThereTwice(t *testing.T) {
	t.Parallel()
	eachCity(t, func(t *testing.T, city City) {
		ids, names := map[string]bool{}, map[string]string{}
		for i, p := range city.Places {
			if ids[p.ID] {
				t.Errorf("%s: id twice", p.ID)
			}
			ids[p.ID] = true
			for _, name := range []string{p.Name.EN, p.Name.KO, p.Name.Local} {
				if other := names[normalize(name)]; other != "" && other != p.ID {
					t.Errorf("%s: called %q like %s", p.ID, name, other)
				}
				names[normalize(name)] = p.ID
			}
			for _, q := range city.Places[:i] {
				if p.Category == q.Category && metres(p.Point, q.Point) < 15 {
					t.Errorf("%s: within 15 m of %s", p.ID, q.ID)
				}
			}
		}
	})
}

// metres is the distance on a plane, good enough within a city.
func metres(a, b Point) float64 {
	const metresPerDegree = 111_195
	dx := (a.Lng - b.Lng) * math.Cos(a.Lat*math.Pi/180)
	return math.Hypot(dx, a.Lat-b.Lat) * metresPerDegree
}

// [A2] Days can be filled in sun and rain, with lunch and dinner.
func TestCityHasEnoughOfEveryKind(t *testing.T) {
	t.Parallel()
	eachCity(t, func(t *testing.T, city City) {
		count := map[Category]int{}
		indoor, dinner := 0, 0
		for _, p := range city.Places {
			count[p.Category]++
			if p.Category == Food && openForDinner(t, p) {
				dinner++
			}
			switch p.Category {
			case Sight, Museum, Palace, Temple, Viewpoint, Market, Shopping, Entertainment, Spa, Sports:
				if p.Setting == Indoor {
					indoor++
				}
			default:
			}
		}
		laundries := minLaundry
		if slices.Contains(withoutLaundry, city.ID) {
			laundries = 0
			if count[Laundry] > 0 {
				t.Errorf("%d laundries in a city that is said to have none", count[Laundry])
			}
		}
		for _, need := range []struct {
			what      string
			got, want int
		}{
			{"laundries", count[Laundry], laundries},
			{"sights of some kind", count[Sight] + count[Palace] + count[Temple] + count[Viewpoint] + count[Nature], minIndoor},
			{"museums", count[Museum], minMuseums},
			{"parks", count[Park], minParks},
			{"markets", count[Market], minMarkets},
			{"shops", count[Shopping], minShopping},
			{"places", len(city.Places), minPlaces},
			{"food", count[Food], minFood},
			{"cafés", count[Cafe], minCafes},
			{"indoor visits", indoor, minIndoor},
			{"food open for dinner", dinner, minDinner},
			{"stations", count[Station], minStations},
			{"car parks", count[Parking], minParking},
		} {
			if need.got < need.want {
				t.Errorf("%d %s, want at least %d", need.got, need.what, need.want)
			}
		}
	})
}

// openForDinner tells whether p is known to be open at 19:30 on five days of a week.
func openForDinner(t *testing.T, p Place) bool {
	t.Helper()
	if p.Hours == "" {
		return false
	}
	schedule, err := openinghours.Parse(p.Hours)
	if err != nil {
		t.Fatalf("%s: %v", p.ID, err)
	}
	const dinner = 19*60 + 30
	days := 0
	for _, open := range aWeek(schedule) {
		if slices.ContainsFunc(open, func(i openinghours.Interval) bool { return i.Open <= dinner && dinner < i.Close }) {
			days++
		}
	}
	return days >= 5
}

// One place a line keeps a change of one place a change of one line.
func TestFilesKeepOnePlaceALine(t *testing.T) {
	t.Parallel()
	eachCity(t, func(t *testing.T, city City) {
		data, err := files.ReadFile(city.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range city.Places {
			line := []byte("\n{\"id\":" + strconv.Quote(p.ID) + ",")
			if bytes.Count(data, line) != 1 {
				t.Errorf("%s does not begin a line of its own", p.ID)
			}
		}
		if got := bytes.Count(data, []byte("\n{\"id\":")); got != len(city.Places) {
			t.Errorf("%d lines for %d places", got, len(city.Places))
		}
	})
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"unknown key of the city": `{"city":"x","rating":5}`,
		"unknown key of a place":  `{"city":"x","places":[{"id":"x-a","rating":5}]}`,
		"another city":            `{"city":"y"}`,
		"cut short":               `{"city":"x","places":[`,
		"data after the city":     `{"city":"x"}{"city":"x"}`,
		"wrong type":              `{"city":"x","places":[{"id":"x-a","lat":"1"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := loadFrom(fstest.MapFS{"x.json": {Data: []byte(file)}}); err == nil {
				t.Error("loaded")
			}
		})
	}
}

// [T2] Travellers type a city as they know it.
func TestCityIsFoundByItsNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"seoul": "seoul", "서울": "seoul", " 서울 특별시 ": "seoul", "ＳＥＯＵＬ": "seoul",
		"München": "munich", "MUNCHEN": "munich", "Muenchen": "munich", "뮌헨": "munich",
		"東京": "tokyo", "서귀포": "jeju", "roma": "rome", "Paris": "paris",
		"Atlantis": "", "": "", " ": "", "seo": "",
	} {
		city, ok, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if city.ID != want || ok != (want != "") {
			t.Errorf("ByName(%q) = %q, %v, want %q", name, city.ID, ok, want)
		}
	}
}

func TestNamesLeadToOneCityOnly(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	eachName := func(id, name string) {
		if other := owner[normalize(name)]; other != "" && other != id {
			t.Errorf("%q is %s and %s", name, other, id)
		}
		owner[normalize(name)] = id
	}
	cities, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, city := range cities {
		for _, name := range append([]string{city.ID, city.Name.KO, city.Name.EN, city.Name.Local}, aliases[city.ID]...) {
			eachName(city.ID, name)
		}
		if got, ok, err := ByID(city.ID); err != nil || !ok || got.ID != city.ID {
			t.Errorf("ByID(%q) = %q, %v, %v", city.ID, got.ID, ok, err)
		}
	}
	if _, ok, err := ByID("atlantis"); ok || err != nil {
		t.Errorf("ByID(atlantis) = %v, %v", ok, err)
	}
}

func TestNormalizeMakesSpellingsEqual(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"München", "munchen"},
		{"MÜNCHEN", "Mu\u0308nchen"},
		{"New York", "newyork"},
		{"New-York", "new york"},
		{"Straße", "strasse"},
		{"\u1109\u1165\u110b\u116e\u11af", "서울"},
	} {
		if a, b := normalize(pair[0]), normalize(pair[1]); a != b {
			t.Errorf("%q and %q: %q, %q", pair[0], pair[1], a, b)
		}
	}
	if normalize("ガ") == normalize("カ") {
		t.Error("voiced kana must stay apart")
	}
}
