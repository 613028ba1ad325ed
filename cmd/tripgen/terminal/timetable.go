package terminal

import (
	"fmt"
	"strings"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Timetable prints an itinerary day by day: weather, stops with times and reasons, legs, and what the rules
// say. With explain it adds the quality report.
func Timetable(s *Screen, itinerary *typev1.Itinerary, explain bool) {
	for _, day := range itinerary.GetDays() {
		s.day(day)
	}
	s.Line("")
	s.verdict(itinerary)
	if explain {
		s.quality(itinerary)
	}
}

func (s *Screen) day(day *typev1.Day) {
	title := fmt.Sprintf(s.say("%d일차 · %s · %s", "Day %d · %s · %s"), day.GetNumber(), dateText(s, day.GetDate()), s.Text(day.GetCity()))
	if own := s.Text(day.GetTitle()); own != "" {
		title += " — " + own
	}
	s.Line("\n%s", s.style(bold, title))
	s.Line("%s", s.style(dim, s.weather(day.GetWeather())+" · "+s.refinement(day.GetRefinement())))
	s.Line("%s", s.style(dim, strings.Repeat("─", s.width)))
	number := 0
	for i, stop := range day.GetStops() {
		if isVisit(stop) {
			number++
		}
		s.stop(stop, number)
		if i < len(day.GetLegs()) && i+1 < len(day.GetStops()) {
			s.leg(day.GetLegs()[i])
			s.freeTime(stop, day.GetLegs()[i], day.GetStops()[i+1])
		}
	}
	for _, note := range day.GetNotes() {
		s.indented(s.style(cyan, "ⓘ"), s.Text(note))
	}
	if bring := day.GetBring(); len(bring) > 0 {
		items := make([]string, len(bring))
		for i, item := range bring {
			items[i] = s.Text(item)
		}
		s.indented(s.style(cyan, "⚑"), s.say("준비물: ", "Bring: ")+strings.Join(items, ", "))
	}
}

// detailColumn is where the details of a stop begin.
const detailColumn = 17

func (s *Screen) stop(stop *typev1.Stop, number int) {
	times := clock(stop.GetArrive())
	if stop.GetLeave().GetMinutes() != stop.GetArrive().GetMinutes() {
		times += "–" + clock(stop.GetLeave())
	}
	mark := "· "
	if isVisit(stop) {
		mark = fmt.Sprintf("%d ", number)
	}
	name := s.Text(stop.GetName())
	if stop.GetLocked() {
		name += s.say(" (고정)", " (fixed)")
	}
	s.Line("%s %s %s %s", pad(times, 12), columns.FillLeft(mark, 3), s.style(bold, pad(name, s.width-42)), s.style(dim, s.kind(stop)))
	var facts []string
	if o := stop.GetOpening(); o != nil && isVisit(stop) && allDay(o) {
		facts = append(facts, s.say("하루 종일 열림", "open all day"))
	} else if o != nil && isVisit(stop) {
		facts = append(facts, fmt.Sprintf(s.say("영업 %s–%s", "open %s–%s"), clock(o.GetOpen()), clock(o.GetClose())))
		if left := stop.GetSlack().GetBeforeClosingMinutes(); left > 0 {
			facts = append(facts, fmt.Sprintf(s.say("마감까지 여유 %s", "%s before closing"), s.minutes(int(left))))
		}
	} else if isVisit(stop) {
		facts = append(facts, s.say("영업시간 정보 없음", "opening hours not known"))
	}
	for _, alternative := range stop.GetAlternatives() {
		label := s.say("휴무 시: ", "if closed: ")
		if alternative.GetReason() == typev1.AlternativeReason_ALTERNATIVE_REASON_RAIN {
			label = s.say("비가 오면: ", "if it rains: ")
		}
		facts = append(facts, label+s.Text(alternative.GetName()))
	}
	for _, p := range stop.GetParking() {
		facts = append(facts, fmt.Sprintf(s.say("주차 %s (도보 %s)", "parking %s (%s on foot)"), s.Text(p.GetName()), distance(p.GetWalkMetres())))
	}
	s.detail(strings.Join(facts, " · "), dim)
	s.detail(s.Text(stop.GetWhy()), "")
	s.detail(s.Text(stop.GetNote()), dim)
}

func (s *Screen) detail(text, code string) {
	for _, line := range wrap(text, s.width-detailColumn) {
		if code != "" {
			line = s.style(code, line)
		}
		s.Line("%s%s", strings.Repeat(" ", detailColumn), line)
	}
}

func (s *Screen) indented(mark, text string) {
	for i, line := range wrap(text, s.width-6) {
		if i > 0 {
			mark = " "
		}
		s.Line("  %s  %s", mark, line)
	}
}

func (s *Screen) leg(leg *typev1.Leg) {
	modes := map[typev1.LegMode][2]string{
		typev1.LegMode_LEG_MODE_WALK:    {"도보", "walk"},
		typev1.LegMode_LEG_MODE_TRANSIT: {"대중교통", "public transport"},
		typev1.LegMode_LEG_MODE_CAR:     {"자동차", "car"},
		typev1.LegMode_LEG_MODE_TAXI:    {"택시", "taxi"},
	}
	mode := modes[leg.GetMode()]
	text := fmt.Sprintf("%s %s · %s", s.say(mode[0], mode[1]), s.minutes(int(leg.GetMinutes())), distance(leg.GetMetres()))
	if leg.GetKilocalories() > 0 {
		text += fmt.Sprintf(" · %d kcal", leg.GetKilocalories())
	}
	if len(leg.GetLines()) > 0 {
		text += " · " + strings.Join(leg.GetLines(), " → ")
	}
	if leg.GetSource().GetProvider() == "estimate" {
		text += s.say(" (추정)", " (estimated)")
	}
	if leg.GetMetres() == 0 && leg.GetMinutes() == 0 {
		return
	}
	s.Line("%s%s", strings.Repeat(" ", detailColumn-4), s.style(dim, "↓   "+text))
}

// freeTime tells of a longer wait before a stop begins.
func (s *Screen) freeTime(from *typev1.Stop, leg *typev1.Leg, to *typev1.Stop) {
	const worthTelling = 20
	free := to.GetArrive().GetMinutes() - from.GetLeave().GetMinutes() - leg.GetMinutes()
	if free >= worthTelling {
		s.Line("%s%s", strings.Repeat(" ", detailColumn-4), s.style(dim, "◦   "+s.say("자유 시간 ", "free time ")+s.minutes(int(free))))
	}
}

func (s *Screen) weather(w *typev1.DayWeather) string {
	if w == nil {
		return s.say("날씨 정보 없음", "weather not known")
	}
	kinds := map[typev1.WeatherKind][2]string{
		typev1.WeatherKind_WEATHER_KIND_CLEAR:  {"☀ 맑음", "☀ clear"},
		typev1.WeatherKind_WEATHER_KIND_CLOUDS: {"☁ 흐림", "☁ cloudy"},
		typev1.WeatherKind_WEATHER_KIND_RAIN:   {"☂ 비", "☂ rain"},
		typev1.WeatherKind_WEATHER_KIND_SNOW:   {"❄ 눈", "❄ snow"},
		typev1.WeatherKind_WEATHER_KIND_STORM:  {"⚡ 뇌우", "⚡ thunderstorm"},
		typev1.WeatherKind_WEATHER_KIND_FOG:    {"≡ 안개", "≡ fog"},
	}
	kind := kinds[w.GetKind()]
	text := fmt.Sprintf(s.say("%s · %.0f…%.0f °C · 강수 %d%%", "%s · %.0f…%.0f °C · rain %d%%"),
		s.say(kind[0], kind[1]), w.GetMinCelsius(), w.GetMaxCelsius(), w.GetPrecipitationPercent())
	if w.GetNormals() {
		text += s.say(" · 평년값", " · climate normals")
	}
	if w.GetSource().GetSimulated() {
		text += s.say(" · 시뮬레이션", " · simulated")
	}
	return text
}

func (s *Screen) verdict(itinerary *typev1.Itinerary) {
	hard, soft := 0, 0
	for _, v := range itinerary.GetViolations() {
		if v.GetSeverity() == typev1.Severity_SEVERITY_HARD {
			hard++
		} else {
			soft++
		}
	}
	verdict := s.style(green, s.say("✓ 모든 규칙을 지킵니다", "✓ every rule is kept"))
	if hard > 0 {
		verdict = s.style(red, fmt.Sprintf(s.say("✗ 어긴 규칙 %d건", "✗ %d rules broken"), hard))
	}
	if soft > 0 {
		verdict += s.style(yellow, fmt.Sprintf(s.say(" · 참고 %d건", " · %d to mind"), soft))
	}
	s.Line("%s  %s", s.style(bold, s.say("규칙 검사", "Rules")), verdict)
	for _, v := range itinerary.GetViolations() {
		mark := s.style(yellow, "•")
		if v.GetSeverity() == typev1.Severity_SEVERITY_HARD {
			mark = s.style(red, "✗")
		}
		where := ""
		if v.GetDay() > 0 {
			where = fmt.Sprintf(s.say("%d일차: ", "day %d: "), v.GetDay())
		}
		s.indented(mark, where+s.Text(v.GetMessage())+" ["+v.GetRule()+"]")
	}
	for _, u := range itinerary.GetUnhonoured() {
		s.indented(s.style(yellow, "•"), fmt.Sprintf(s.say("지키지 못한 요청 “%s”: %s", "not honoured “%s”: %s"), u.GetWish(), s.Text(u.GetWhy())))
	}
}

func (s *Screen) quality(itinerary *typev1.Itinerary) {
	q := itinerary.GetQuality()
	s.Line("%s  %s", s.style(bold, s.say("품질", "Quality")), fmt.Sprintf(
		s.say("점수 %.1f (상한 %.1f, 차이 %.1f%%) · 이동 %.0f%% · 도보 %s · 다양성 %.0f%% · 악천후 노출 %.0f%% · 영업시간 확인 %.0f%%",
			"score %.1f (bound %.1f, gap %.1f%%) · travel %.0f%% · on foot %s · diversity %.0f%% · outdoors in bad weather %.0f%% · hours known %.0f%%"),
		q.GetScore(), q.GetUpperBound(), 100*q.GetGap(), 100*q.GetTravelShare(), distance(q.GetWalkMetres()),
		100*q.GetDiversity(), 100*q.GetWeatherExposure(), 100*q.GetHoursKnownShare()))
	for i, fit := range q.GetMemberFit() {
		s.Line("    %s %s %3.0f%%", fmt.Sprintf(s.say("일행 %d", "member %d"), i+1), s.style(green, strings.Repeat("█", int(fit*20))), 100*fit)
	}
}

func (s *Screen) kind(stop *typev1.Stop) string {
	names := map[typev1.StopKind][2]string{
		typev1.StopKind_STOP_KIND_MEAL:      {"식사", "meal"},
		typev1.StopKind_STOP_KIND_REST:      {"휴식", "rest"},
		typev1.StopKind_STOP_KIND_LODGING:   {"숙소", "lodging"},
		typev1.StopKind_STOP_KIND_ARRIVAL:   {"도착", "arrival"},
		typev1.StopKind_STOP_KIND_DEPARTURE: {"출발", "departure"},
	}
	parts := []string{}
	if name, ok := names[stop.GetKind()]; ok {
		parts = append(parts, s.say(name[0], name[1]))
	}
	if isVisit(stop) && stop.GetCategory() != "" {
		parts = append(parts, s.category(stop.GetCategory()))
	}
	settings := map[typev1.Setting][2]string{
		typev1.Setting_SETTING_INDOOR:  {"실내", "indoor"},
		typev1.Setting_SETTING_OUTDOOR: {"실외", "outdoor"},
		typev1.Setting_SETTING_MIXED:   {"실내·실외", "in- and outdoor"},
	}
	if setting, ok := settings[stop.GetSetting()]; ok && isVisit(stop) {
		parts = append(parts, s.say(setting[0], setting[1]))
	}
	return strings.Join(parts, " · ")
}

var koreanCategories = map[string]string{
	"sight": "명소", "museum": "박물관", "palace": "궁궐", "temple": "사찰·성당", "park": "공원", "nature": "자연", "viewpoint": "전망",
	"beach": "해변", "market": "시장", "shopping": "쇼핑", "food": "음식점", "cafe": "카페", "bar": "술집", "entertainment": "즐길 거리",
	"sports": "스포츠", "spa": "온천·스파", "laundry": "빨래방", "parking": "주차장", "station": "역", "airport": "공항",
}

func (s *Screen) category(name string) string {
	if ko, known := koreanCategories[name]; known && s.ko {
		return ko
	}
	return name
}

func (s *Screen) minutes(m int) string {
	if m < 60 {
		return fmt.Sprintf(s.say("%d분", "%d min"), m)
	}
	if m%60 == 0 {
		return fmt.Sprintf(s.say("%d시간", "%d h"), m/60)
	}
	return fmt.Sprintf(s.say("%d시간 %d분", "%d h %d min"), m/60, m%60)
}

// allDay tells whether a place is open around the clock.
func allDay(o *typev1.OpeningInterval) bool {
	return o.GetOpen().GetMinutes() == 0 && o.GetClose().GetMinutes() >= 24*60
}

// clock is a time of day; past midnight it goes on counting from zero.
func clock(t *typev1.TimeOfDay) string {
	m := t.GetMinutes() % (24 * 60)
	return fmt.Sprintf("%02d:%02d", m/60, m%60)
}

func distance(metres int32) string {
	if metres < 1000 {
		return fmt.Sprintf("%d m", metres)
	}
	return fmt.Sprintf("%.1f km", float64(metres)/1000)
}
