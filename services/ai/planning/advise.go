package planning

import (
	"fmt"
	"slices"
	"strings"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

var likeTexts = map[typev1.Preference]*typev1.LocalizedText{
	typev1.Preference_PREFERENCE_SIGHTSEEING: text("명소를", "sights"),
	typev1.Preference_PREFERENCE_SHOPPING:    text("쇼핑을", "shopping"),
	typev1.Preference_PREFERENCE_CULTURE:     text("문화를", "culture"),
	typev1.Preference_PREFERENCE_NATURE:      text("자연을", "nature"),
	typev1.Preference_PREFERENCE_SPORTS:      text("운동을", "sports"),
	typev1.Preference_PREFERENCE_REST:        text("휴식을", "rest"),
}

// Advise says from facts alone why a place suits the group, and what to know: on a day of the trip (a number, from 1),
// or in general for 0. ErrPlaceGone where the place is not known.
func (f *Facts) Advise(placeID string, day int) (*aiv1.Recommendation, error) {
	p, ok := f.places[placeID]
	if !ok || f.gone[placeID] {
		return nil, errPlaceGone
	}
	d := min(day, f.trip.Len()) - 1
	out := &aiv1.Recommendation{
		PlaceId: placeID, StayMinutes: int32(stayOf(p)), Reasons: f.adviceReasons(p, d), Alternative: f.nearAlike(p), Source: &typev1.Source{Provider: "planner"},
	}
	if d >= 0 {
		out.Tips = append(out.Tips, weatherNotes(f.weather[d])...)
		for _, b := range bringFor(&f.Problem.Days[d]) {
			out.Bring = append(out.Bring, bringTexts[b])
		}
	}
	hours := f.hoursOn(placeID, d)
	stop := &planner.Stop{HoursUnknown: len(hours) == 0}
	if len(hours) > 0 {
		stop.Opening = hours[0]
		out.BestTime = openText(hours)
	}
	if note := noteText(p, stop); note.GetEn() != "" {
		out.Tips = append(out.Tips, note)
	}
	return out, nil
}

// adviceReasons: the members' likes, the group's needs, the day's weather.
func (f *Facts) adviceReasons(p *locationv1.Place, d int) []*typev1.LocalizedText {
	var out []*typev1.LocalizedText
	for _, like := range p.GetPleases() {
		n := 0
		for _, m := range f.trip.profile.GetMembers() {
			if slices.Contains(m.GetPreferences(), like) {
				n++
			}
		}
		if t := likeTexts[like]; n > 0 && t != nil {
			out = append(out, text(fmt.Sprintf("일행 %d명 중 %d명이 %s 좋아합니다.", len(f.trip.profile.GetMembers()), n, t.GetKo()),
				fmt.Sprintf("%d of your %d like %s.", n, len(f.trip.profile.GetMembers()), t.GetEn())))
		}
	}
	pace := planner.PaceOf(f.Problem.Group)
	if pace.StepFreeFirst && p.GetStepFree() == locationv1.Knowledge_KNOWLEDGE_YES {
		out = append(out, reasonTexts[planner.WhyStepFree])
	}
	if pace.NoStrenuous && p.GetStrenuous() {
		out = append(out, text("일행에게는 힘들 수 있습니다.", "It may be too strenuous for your group."))
	}
	if d >= 0 && len(f.Problem.Days[d].Weather) > 0 {
		noon := f.Problem.Days[d].Weather[12]
		switch wet := noon.Precipitation != planner.Dry; {
		case wet && p.GetSetting() == typev1.Setting_SETTING_INDOOR:
			out = append(out, reasonTexts[planner.WhyIndoor])
		case !wet && p.GetSetting() == typev1.Setting_SETTING_OUTDOOR:
			out = append(out, reasonTexts[planner.WhyOutdoorDry])
		}
	}
	if len(out) == 0 {
		out = append(out, text("이 도시의 볼거리 가운데 하나입니다.", "It is one of the places to see in this city."))
	}
	return out
}

// hoursOn are a place's opening intervals on a day, an index; none where they are not known.
func (f *Facts) hoursOn(placeID string, d int) []planner.Interval {
	i := f.index()[placeID]
	if d < 0 || d >= len(f.Problem.Places[i].Hours) {
		return nil
	}
	return f.Problem.Places[i].Hours[d].Open
}

func openText(hours []planner.Interval) *typev1.LocalizedText {
	spans := make([]string, len(hours))
	for i, o := range hours {
		spans[i] = clock(o.Open) + "–" + clock(o.Close)
	}
	all := strings.Join(spans, ", ")
	return text("영업시간 "+all+" 안에 가세요.", "Go within its hours, "+all+".")
}

// bringFor says what the day's weather asks for, as the planner does.
func bringFor(day *planner.Day) []planner.Bring {
	it, err := planner.Plan(&planner.Problem{
		Days: []planner.Day{*day}, Group: planner.Group{Members: []planner.Member{{Age: 30}}}, Mode: planner.Transit,
	}, planner.Budget{Iterations: -1})
	if err != nil {
		return nil
	}
	return it.Days[0].Bring
}

// nearAlike is the nearest place of the same category.
func (f *Facts) nearAlike(p *locationv1.Place) *typev1.Alternative {
	var best *typev1.Alternative
	for i := range f.Problem.Places {
		other := f.places[f.Problem.Places[i].ID]
		if other.GetId() == p.GetId() || other.GetCategory() != p.GetCategory() || f.gone[other.GetId()] {
			continue
		}
		metres := int32(planner.GreatCircleMetres(pointOf(other.GetLocation()), pointOf(p.GetLocation())))
		if best == nil || metres < best.GetDistanceMetres() {
			best = &typev1.Alternative{
				Reason: typev1.AlternativeReason_ALTERNATIVE_REASON_CLOSED, PlaceId: other.GetId(), Name: other.GetName(), DistanceMetres: metres,
			}
		}
	}
	return best
}

// Day gives what is told of a day (a number, from 1): its date's month and its weather; empty for 0.
func (f *Facts) Day(day int) (month string, weather *typev1.DayWeather) {
	if day < 1 || day > f.trip.Len() {
		return f.trip.days[0].date.Month.String(), nil
	}
	return f.trip.days[day-1].date.Month.String(), f.weather[day-1]
}
