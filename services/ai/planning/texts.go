package planning

import (
	"fmt"
	"strings"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// The planner's own texts are made of facts alone: what the data says of a place, the weather and the group.

func text(ko, en string) *typev1.LocalizedText { return &typev1.LocalizedText{Ko: ko, En: en} }

var reasonTexts = map[planner.Reason]*typev1.LocalizedText{
	planner.WhyMustSee:     text("꼭 가고 싶다고 하신 곳입니다.", "You asked for this place."),
	planner.WhyLocked:      text("고정해 두신 일정입니다.", "You fixed this stop."),
	planner.WhyTaste:       text("일행의 취향에 맞습니다.", "It fits what your group likes."),
	planner.WhyPopular:     text("많은 여행자가 찾는 곳입니다.", "Many travellers come here."),
	planner.WhyIndoor:      text("이 시간 날씨가 좋지 않아 실내로 골랐습니다.", "It is indoors, as the weather is bad at this time."),
	planner.WhyOutdoorDry:  text("날씨가 괜찮은 시간이라 야외로 골랐습니다.", "The weather is fair enough to be outdoors at this time."),
	planner.WhyOnTheWay:    text("동선에 잘 맞습니다.", "It lies well on the day's way."),
	planner.WhyStepFree:    text("계단 없이 들어갈 수 있습니다.", "It can be entered without steps."),
	planner.WhyLunch:       text("점심 식사입니다.", "This is for lunch."),
	planner.WhyDinner:      text("저녁 식사입니다.", "This is for dinner."),
	planner.WhyRest:        text("일행의 속도에 맞춘 휴식입니다.", "A rest at your group's pace."),
	planner.WhyHoursUnsure: text("영업시간은 확인되지 않았으니 미리 알아보세요.", "Its opening hours are not known; check before you go."),
}

// whyText joins the strongest reasons, and always says when the hours are not known.
func whyText(reasons []planner.Reason) *typev1.LocalizedText {
	const most = 2
	out := &typev1.LocalizedText{}
	for i, r := range reasons {
		if t := reasonTexts[r]; t != nil && (i < most || r == planner.WhyHoursUnsure) {
			out.Ko = strings.TrimSpace(out.GetKo() + " " + t.GetKo())
			out.En = strings.TrimSpace(out.GetEn() + " " + t.GetEn())
		}
	}
	return out
}

// noteText says what the data knows of a place that helps on the spot.
func noteText(p *locationv1.Place, s *planner.Stop) *typev1.LocalizedText {
	var ko, en []string
	if s.Opening.LastEntry > 0 && !s.HoursUnknown {
		ko = append(ko, "입장 마감 "+clock(s.Opening.LastEntry)+".")
		en = append(en, "Last entry at "+clock(s.Opening.LastEntry)+".")
	}
	if p.GetStrenuous() {
		ko = append(ko, "오르막이나 계단이 있어 힘들 수 있습니다.")
		en = append(en, "The visit is strenuous.")
	}
	if p.GetStepFree() == locationv1.Knowledge_KNOWLEDGE_NO {
		ko = append(ko, "계단이 있습니다.")
		en = append(en, "There are steps.")
	}
	if len(p.GetCuisines()) > 0 {
		var namesKo, namesEn []string
		for _, c := range p.GetCuisines() {
			name := cuisineName(c)
			namesKo, namesEn = append(namesKo, name.GetKo()), append(namesEn, name.GetEn())
		}
		ko = append(ko, "음식: "+strings.Join(namesKo, ", ")+".")
		en = append(en, "Cuisine: "+strings.Join(namesEn, ", ")+".")
	}
	return text(strings.Join(ko, " "), strings.Join(en, " "))
}

var bringTexts = map[planner.Bring]*typev1.LocalizedText{
	planner.BringUmbrella:    text("우산", "An umbrella"),
	planner.BringWarmClothes: text("따뜻한 옷", "Warm clothes"),
	planner.BringSunCare:     text("자외선 차단제와 물", "Sun care and water"),
	planner.BringMask:        text("마스크", "A mask"),
	planner.BringGrippyShoes: text("미끄럽지 않은 신발", "Shoes with a good grip"),
}

// titleText names a day by its city and the first two visits.
func titleText(number int, city *typev1.LocalizedText, visits []*typev1.LocalizedText) *typev1.LocalizedText {
	ko, en := fmt.Sprintf("%s %d일차", city.GetKo(), number), fmt.Sprintf("%s, day %d", city.GetEn(), number)
	var namesKo, namesEn []string
	for _, v := range visits[:min(2, len(visits))] {
		namesKo, namesEn = append(namesKo, v.GetKo()), append(namesEn, v.GetEn())
	}
	if len(visits) > 0 {
		ko += ": " + strings.Join(namesKo, ", ")
		en += ": " + strings.Join(namesEn, " and ")
	}
	return text(ko, en)
}

// weatherNotes say what to mind in the day's weather.
func weatherNotes(w *typev1.DayWeather) []*typev1.LocalizedText {
	if w == nil {
		return []*typev1.LocalizedText{text("날씨 예보를 받지 못했습니다. 출발 전에 확인하세요.", "No forecast could be had; check before you leave.")}
	}
	var out []*typev1.LocalizedText
	switch w.GetKind() {
	case typev1.WeatherKind_WEATHER_KIND_RAIN, typev1.WeatherKind_WEATHER_KIND_STORM:
		out = append(out, text(fmt.Sprintf("비 올 확률 %d%%.", w.GetPrecipitationPercent()),
			fmt.Sprintf("Rain is likely (%d%%).", w.GetPrecipitationPercent())))
	case typev1.WeatherKind_WEATHER_KIND_SNOW:
		out = append(out, text(fmt.Sprintf("눈 올 확률 %d%%.", w.GetPrecipitationPercent()),
			fmt.Sprintf("Snow is likely (%d%%).", w.GetPrecipitationPercent())))
	}
	if w.GetMaxCelsius() >= planner.HeatC {
		out = append(out, text("더위에 주의하세요. 야외는 짧게, 자주 쉬세요.", "Mind the heat: short times outdoors and frequent rests."))
	}
	if w.GetMinCelsius() <= planner.ColdC {
		out = append(out, text("추위에 주의하세요. 야외는 짧게 계세요.", "Mind the cold: keep outdoor times short."))
	}
	if w.GetPm25() >= BadPM25 {
		out = append(out, text("초미세먼지가 나쁨입니다. 야외 활동을 줄이세요.", "The air is bad (PM2.5); limit your time outdoors."))
	}
	if w.GetNormals() {
		out = append(out, text("예보 기간 밖이라 평년 날씨로 계획했습니다.", "Planned with climate normals; there is no forecast this far ahead."))
	}
	return append(out, w.GetWarnings()...)
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }
