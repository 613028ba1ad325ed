package rpc

import (
	"cmp"
	"fmt"
	"net/url"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/location"
)

var categories = map[location.Category]locationv1.PlaceCategory{
	"sight": locationv1.PlaceCategory_PLACE_CATEGORY_SIGHT, "museum": locationv1.PlaceCategory_PLACE_CATEGORY_MUSEUM,
	"palace": locationv1.PlaceCategory_PLACE_CATEGORY_PALACE, "temple": locationv1.PlaceCategory_PLACE_CATEGORY_TEMPLE,
	"park": locationv1.PlaceCategory_PLACE_CATEGORY_PARK, "nature": locationv1.PlaceCategory_PLACE_CATEGORY_NATURE,
	"viewpoint": locationv1.PlaceCategory_PLACE_CATEGORY_VIEWPOINT, "beach": locationv1.PlaceCategory_PLACE_CATEGORY_BEACH,
	"market": locationv1.PlaceCategory_PLACE_CATEGORY_MARKET, "shopping": locationv1.PlaceCategory_PLACE_CATEGORY_SHOPPING,
	"food": locationv1.PlaceCategory_PLACE_CATEGORY_FOOD, "cafe": locationv1.PlaceCategory_PLACE_CATEGORY_CAFE,
	"bar": locationv1.PlaceCategory_PLACE_CATEGORY_BAR, "entertainment": locationv1.PlaceCategory_PLACE_CATEGORY_ENTERTAINMENT,
	"sports": locationv1.PlaceCategory_PLACE_CATEGORY_SPORTS, "spa": locationv1.PlaceCategory_PLACE_CATEGORY_SPA,
	"laundry": locationv1.PlaceCategory_PLACE_CATEGORY_LAUNDRY, "parking": locationv1.PlaceCategory_PLACE_CATEGORY_PARKING,
	"station": locationv1.PlaceCategory_PLACE_CATEGORY_STATION, "airport": locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT,
}

var settings = map[location.Setting]typev1.Setting{
	"indoor": typev1.Setting_SETTING_INDOOR, "outdoor": typev1.Setting_SETTING_OUTDOOR, "mixed": typev1.Setting_SETTING_MIXED,
}

var preferences = map[string]typev1.Preference{
	"sightseeing": typev1.Preference_PREFERENCE_SIGHTSEEING, "shopping": typev1.Preference_PREFERENCE_SHOPPING,
	"culture": typev1.Preference_PREFERENCE_CULTURE, "nature": typev1.Preference_PREFERENCE_NATURE,
	"sports": typev1.Preference_PREFERENCE_SPORTS, "rest": typev1.Preference_PREFERENCE_REST,
}

var weatherKinds = map[location.WeatherKind]typev1.WeatherKind{
	"clear": typev1.WeatherKind_WEATHER_KIND_CLEAR, "clouds": typev1.WeatherKind_WEATHER_KIND_CLOUDS,
	"rain": typev1.WeatherKind_WEATHER_KIND_RAIN, "snow": typev1.WeatherKind_WEATHER_KIND_SNOW,
	"storm": typev1.WeatherKind_WEATHER_KIND_STORM, "fog": typev1.WeatherKind_WEATHER_KIND_FOG,
}

func nameMessage(n location.Name) *typev1.LocalizedText {
	return &typev1.LocalizedText{Ko: n.Ko, En: n.En, Local: n.Local}
}

func pointMessage(p location.Point) *typev1.LatLng {
	return &typev1.LatLng{Latitude: p.Lat, Longitude: p.Lng}
}

func pointOf(m *typev1.LatLng) location.Point {
	return location.Point{Lat: m.GetLatitude(), Lng: m.GetLongitude()}
}

func sourceMessage(s location.Source) *typev1.Source {
	m := &typev1.Source{Provider: s.Provider, Simulated: s.Simulated, Attribution: s.Attribution, Stale: s.Stale}
	if !s.FetchedAt.IsZero() {
		m.FetchedAt = timestamppb.New(s.FetchedAt)
	}
	return m
}

func knowledge(yes, known bool) locationv1.Knowledge {
	switch {
	case !known:
		return locationv1.Knowledge_KNOWLEDGE_UNSPECIFIED
	case yes:
		return locationv1.Knowledge_KNOWLEDGE_YES
	default:
		return locationv1.Knowledge_KNOWLEDGE_NO
	}
}

func (h *Handlers) placeMessage(p location.Place) *locationv1.Place {
	city := h.cityOf(p)
	m := &locationv1.Place{
		Id: p.ID, Name: nameMessage(p.Name), CityId: p.CityID, Location: pointMessage(p.Point),
		Category: categories[p.Category], Setting: settings[p.Setting], StayMinutes: int32(p.StayMinutes),
		OpeningHours: p.Hours, LastEntryMinutes: int32(p.LastEntryMinutes),
		StepFree: knowledge(p.StepFree != nil && *p.StepFree, p.StepFree != nil), Strenuous: p.Strenuous,
		Address: p.Address, Phone: p.Phone, Website: p.Website, Source: sourceMessage(p.Source),
		MapLinks: mapLinks(p, city.Country), ParkingSearchWords: parkingWords(p, city.Country),
	}
	for _, tag := range p.Pleases {
		m.Pleases = append(m.Pleases, preferences[tag])
	}
	if p.Cuisine != "" {
		m.Cuisines = []string{p.Cuisine}
	}
	if city.Zone != nil {
		m.OpenNow = knowledge(p.OpenAt(h.clock.Now(), city, h.holidays))
	}
	if d := p.Details; d != nil {
		m.Rating, m.PhotoReferences, m.DetailsSource = d.Rating, d.Photos, sourceMessage(d.Source)
		if d.RatingCount != nil {
			count := int32(*d.RatingCount)
			m.RatingCount = &count
		}
		for _, r := range d.Reviews {
			m.Reviews = append(m.Reviews, &locationv1.Review{
				Author: r.Author, Stars: int32(r.Stars), Text: r.Text, Time: timestamppb.New(r.Time), Source: sourceMessage(d.Source),
			})
		}
	}
	return m
}

// cityOf is the city that a place belongs to, or what is known of where it lies.
func (h *Handlers) cityOf(p location.Place) location.City {
	catalog := h.finder.Catalog.Now()
	if city, ok := catalog.City(p.CityID); ok {
		return city
	}
	if city, ok := catalog.CityAt(p.Point); ok {
		return city
	}
	return h.whereabouts(p.Point)
}

// mapLinks lead to Kakao Map inside Korea and to Google Maps elsewhere.
func mapLinks(p location.Place, country string) *locationv1.MapLinks {
	at := fmt.Sprintf("%.6f,%.6f", p.Lat, p.Lng)
	if country == "KR" {
		return &locationv1.MapLinks{Kakao: "https://map.kakao.com/link/map/" + url.PathEscape(cmp.Or(p.Name.Ko, p.Name.Local, p.Name.En)) + "," + at}
	}
	return &locationv1.MapLinks{Google: "https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(at)}
}

func parkingWords(p location.Place, country string) string {
	if country == "KR" {
		return cmp.Or(p.Name.Ko, p.Name.Local) + " 주차장"
	}
	return cmp.Or(p.Name.Local, p.Name.En) + " parking"
}

func cityMessage(c location.City) *locationv1.City {
	return &locationv1.City{
		Id: c.ID, Name: nameMessage(c.Name), CountryCode: c.Country, TimeZone: c.Zone.String(),
		Center: pointMessage(c.Center), PlaceCount: int32(c.PlaceCount),
	}
}

func dateOf(d *typev1.Date) time.Time {
	return time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
}

// civil is the date of a field; months' last days are not among what the contract's rules check.
func civil(field string, d *typev1.Date) (time.Time, error) {
	date := dateOf(d)
	if date.Day() != int(d.GetDay()) {
		return date, errs.Invalid(errs.Field(field, "달력에 없는 날짜입니다.", "There is no such date."))
	}
	return date, nil
}

func dateMessage(t time.Time) *typev1.Date {
	return &typev1.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}

func (h *Handlers) hoursMessage(p location.Place, city location.City, date time.Time) *locationv1.CandidateHours {
	intervals, known := p.HoursOn(date, city, h.holidays)
	m := &locationv1.CandidateHours{Known: known}
	for _, i := range intervals {
		interval := &typev1.OpeningInterval{
			Open: &typev1.TimeOfDay{Minutes: int32(i.Open)}, Close: &typev1.TimeOfDay{Minutes: int32(i.Close)},
		}
		if p.LastEntryMinutes > 0 {
			interval.LastEntry = &typev1.TimeOfDay{Minutes: int32(max(i.Open, i.Close-p.LastEntryMinutes))}
		}
		m.Intervals = append(m.Intervals, interval)
	}
	return m
}

func weatherMessage(d location.DayWeather) *typev1.DayWeather {
	m := &typev1.DayWeather{
		Kind: weatherKinds[d.Kind], MinCelsius: d.MinCelsius, MaxCelsius: d.MaxCelsius,
		PrecipitationPercent: int32(d.PrecipitationPercent), Pm25: d.PM25, Normals: d.Normals, Source: sourceMessage(d.Source),
	}
	if d.AirSource.Provider != "" {
		m.Pm25Source = sourceMessage(d.AirSource)
	}
	for _, warning := range d.Warnings {
		m.Warnings = append(m.Warnings, nameMessage(warning))
	}
	for _, hour := range d.Hours {
		m.Hours = append(m.Hours, &typev1.HourWeather{
			Hour: int32(hour.Hour), Kind: weatherKinds[hour.Kind], Celsius: hour.Celsius,
			PrecipitationPercent: int32(hour.PrecipitationPercent),
		})
	}
	return m
}
