package osm

import (
	"strings"

	"github.com/tripgen/tripgen/services/location"
)

// categories map tags to what a place is; the first that fits counts. An empty value stands for any.
var categories = []struct {
	key, value string
	category   location.Category
}{
	{"tourism", "museum", "museum"},
	{"tourism", "gallery", "museum"},
	{"tourism", "viewpoint", "viewpoint"},
	{"tourism", "zoo", "entertainment"},
	{"tourism", "aquarium", "entertainment"},
	{"tourism", "theme_park", "entertainment"},
	{"historic", "castle", "palace"},
	{"historic", "palace", "palace"},
	{"amenity", "place_of_worship", "temple"},
	{"amenity", "restaurant", location.Food},
	{"amenity", "food_court", location.Food},
	{"amenity", "fast_food", location.Food},
	{"amenity", "cafe", location.Cafe},
	{"amenity", "ice_cream", location.Cafe},
	{"amenity", "bar", location.Bar},
	{"amenity", "pub", location.Bar},
	{"amenity", "biergarten", location.Bar},
	{"amenity", "marketplace", location.Market},
	{"amenity", "theatre", "entertainment"},
	{"amenity", "cinema", "entertainment"},
	{"amenity", "arts_centre", "entertainment"},
	{"amenity", "planetarium", "entertainment"},
	{"amenity", "public_bath", location.Spa},
	{"amenity", "parking", location.Parking},
	{"shop", "laundry", location.Laundry},
	{"shop", "mall", location.Shopping},
	{"shop", "department_store", location.Shopping},
	{"railway", "station", location.Station},
	{"aeroway", "aerodrome", location.Airport},
	{"leisure", "park", "park"},
	{"leisure", "garden", "park"},
	{"leisure", "nature_reserve", "nature"},
	{"leisure", "water_park", "entertainment"},
	{"leisure", "stadium", "sports"},
	{"leisure", "sports_centre", "sports"},
	{"leisure", "ice_rink", "sports"},
	{"natural", "beach", "beach"},
	{"natural", "peak", "nature"},
	{"historic", "monument", "sight"},
	{"historic", "ruins", "sight"},
	{"historic", "archaeological_site", "sight"},
	{"historic", "city_gate", "sight"},
	{"historic", "fort", "sight"},
	{"tourism", "attraction", "sight"},
	{"man_made", "lighthouse", "sight"},
}

// keys are those that [categories] look at.
var keys = func() map[string]bool {
	all := make(map[string]bool)
	for _, c := range categories {
		all[c.key] = true
	}
	return all
}()

func categoryOf(tags map[string]string) location.Category {
	for _, c := range categories {
		if tags[c.key] == c.value {
			return c.category
		}
	}
	return ""
}

// settings are what nearly all places of a category are; others stay unknown.
var settings = map[location.Category]location.Setting{
	"museum": "indoor", location.Food: "indoor", location.Cafe: "indoor", location.Shopping: "indoor", location.Laundry: "indoor",
	location.Spa: "indoor", "park": "outdoor", "nature": "outdoor", "beach": "outdoor",
}

// placeOf makes a place of an object's tags; false if it is none, or has no name.
func placeOf(tags map[string]string) (location.Place, bool) {
	category := categoryOf(tags)
	local := first(tags, "name", "brand", "operator")
	p := location.Place{
		Name:     location.Name{Ko: tags["name:ko"], En: first(tags, "name:en", "int_name"), Local: local},
		Category: category, Setting: settings[category],
		Phone: first(tags, "phone", "contact:phone"), Website: first(tags, "website", "contact:website", "url"),
		Address: address(tags), Wikidata: tags["wikidata"], Cuisine: cuisine(tags["cuisine"]), StepFree: stepFree(tags["wheelchair"]),
		Popularity: popularity(tags),
	}
	if tags["disused"] == "yes" || tags["abandoned"] == "yes" || category == "" || p.Name == (location.Name{}) {
		return location.Place{}, false
	}
	p.Hours = tags["opening_hours"]
	if p.ReadHours() != nil { // what is not understood stays unknown
		p.Hours, p.Schedule = "", nil
	}
	return p, true
}

func first(tags map[string]string, names ...string) string {
	for _, name := range names {
		if value := strings.TrimSpace(tags[name]); value != "" {
			return value
		}
	}
	return ""
}

func stepFree(wheelchair string) *bool {
	switch wheelchair {
	case "yes", "designated":
		yes := true
		return &yes
	case "no":
		no := false
		return &no
	default: // "limited" is neither
		return nil
	}
}

func cuisine(value string) string {
	kind, _, _ := strings.Cut(value, ";")
	return strings.ReplaceAll(strings.TrimSpace(kind), "_", " ")
}

func address(tags map[string]string) string {
	street := strings.TrimSpace(tags["addr:street"] + " " + tags["addr:housenumber"])
	town := strings.TrimSpace(tags["addr:postcode"] + " " + tags["addr:city"])
	switch {
	case street == "" || tags["addr:street"] == "":
		return tags["addr:full"]
	case town == "":
		return street
	default:
		return street + ", " + town
	}
}

// popularity is a prior: a place that an encyclopaedia has is known beyond its street.
func popularity(tags map[string]string) float64 {
	known := 0.0
	if tags["wikidata"] != "" {
		known += 0.25
	}
	if tags["wikipedia"] != "" {
		known += 0.25
	}
	return known
}
