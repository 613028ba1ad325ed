package trip

import (
	"fmt"
	"math"
	"strings"

	"github.com/tripgen/tripgen/internal/lang"
)

// The words of alerts: what happened, what it hits, what to do.

func dayWords(d Date) lang.Text {
	return lang.Text{Ko: fmt.Sprintf("%d월 %d일", d.Month, d.Day), En: fmt.Sprintf("%d %s", d.Day, d.Month)}
}

const namedStops = 4

// names lists stops, the first few by name.
func names(stops []PlannedStop) lang.Text {
	var ko, en []string
	for _, s := range stops[:min(len(stops), namedStops)] {
		ko, en = append(ko, s.Name.In(lang.Korean)), append(en, s.Name.In(lang.English))
	}
	t := lang.Text{Ko: strings.Join(ko, ", "), En: strings.Join(en, ", ")}
	if more := len(stops) - namedStops; more > 0 {
		t.Ko += fmt.Sprintf(" 외 %d곳", more)
		t.En += fmt.Sprintf(" and %d more", more)
	}
	return t
}

var wetWords = map[What]lang.Text{
	FoundRain: {Ko: "비", En: "rain"}, FoundSnow: {Ko: "눈", En: "snow"}, FoundStorm: {Ko: "뇌우", En: "a thunderstorm"},
}

func wetText(date Date, what What, chance int, hit []PlannedStop) lang.Text {
	day, word, stops := dayWords(date), wetWords[what], names(hit)
	return lang.Text{
		Ko: fmt.Sprintf("%s: 계획할 때와 달리 %s 예보가 있습니다(확률 %d%%). 야외 일정: %s. 실내 장소로 바꾸거나 그날 일정을 다시 만들어 보세요.",
			day.Ko, word.Ko, chance, stops.Ko),
		En: fmt.Sprintf("%s: %s is now forecast (%d%%), unlike when this was planned. Outdoors: %s. Put indoor places there or plan the day anew.",
			day.En, word.En, chance, stops.En),
	}
}

func temperatureText(date Date, what What, by float64, now Weather) lang.Text {
	day := dayWords(date)
	ko, en, koDo, enDo := "높습니다", "warmer", "물과 모자를 챙기고 야외 시간을 줄여 보세요.", "Bring water and a hat, and spend less time outdoors."
	if what == FoundColder {
		ko, en, koDo, enDo = "낮습니다", "colder", "따뜻한 옷을 챙기고 야외 시간을 줄여 보세요.", "Bring warm clothes, and spend less time outdoors."
	}
	return lang.Text{
		Ko: fmt.Sprintf("%s: 기온이 계획할 때보다 %.0f도 %s(%.0f~%.0f °C). %s", day.Ko, math.Abs(by), ko, now.Min, now.Max, koDo),
		En: fmt.Sprintf("%s: %.0f °C %s than when this was planned (%.0f to %.0f °C). %s", day.En, math.Abs(by), en, now.Min, now.Max, enDo),
	}
}

func warningText(date Date, warning lang.Text) lang.Text {
	day := dayWords(date)
	return lang.Text{
		Ko: fmt.Sprintf("%s: 기상 특보 — %s. 그날 일정을 다시 만들거나 안전한 실내에 머무르세요.", day.Ko, warning.In(lang.Korean)),
		En: fmt.Sprintf("%s: weather warning — %s. Plan the day anew, or stay safe indoors.", day.En, warning.In(lang.English)),
	}
}

func airText(date Date, pm25 float64, hit []PlannedStop) lang.Text {
	day, stops := dayWords(date), names(hit)
	return lang.Text{
		Ko: fmt.Sprintf("%s: 초미세먼지가 나쁨입니다(%.0f µg/m³). 야외 일정: %s. 마스크를 챙기고 실내 장소로 바꿔 보세요.", day.Ko, pm25, stops.Ko),
		En: fmt.Sprintf("%s: the air is bad (PM2.5 %.0f µg/m³). Outdoors: %s. Bring masks, and put indoor places there.", day.En, pm25, stops.En),
	}
}

func goneText(date Date, s PlannedStop) lang.Text {
	day := dayWords(date)
	return lang.Text{
		Ko: fmt.Sprintf("%s: 더 이상 운영하지 않는 곳이 있습니다: %s. 다른 장소로 바꿔 보세요.", day.Ko, s.Name.In(lang.Korean)),
		En: fmt.Sprintf("%s: %s is not there any more. Put another place there.", day.En, s.Name.In(lang.English)),
	}
}

func closedText(date Date, s PlannedStop, h Hours) lang.Text {
	day, visit := dayWords(date), clockWords(s.Arrive)+"–"+clockWords(s.Leave)
	if len(h.Intervals) == 0 {
		return lang.Text{
			Ko: fmt.Sprintf("%s: 휴무일입니다: %s. 다른 장소로 바꾸거나 다른 날로 옮겨 보세요.", day.Ko, s.Name.In(lang.Korean)),
			En: fmt.Sprintf("%s: %s is closed that day. Put another place there, or move it to another day.", day.En, s.Name.In(lang.English)),
		}
	}
	var open []string
	for _, i := range h.Intervals {
		open = append(open, clockWords(i.Open)+"–"+clockWords(i.Close))
	}
	hours := strings.Join(open, ", ")
	return lang.Text{
		Ko: fmt.Sprintf("%s: 방문 시간(%s)에 열지 않습니다: %s(영업 %s). 시간을 옮기거나 다른 장소로 바꿔 보세요.", day.Ko, visit, s.Name.In(lang.Korean), hours),
		En: fmt.Sprintf("%s: %s is not open for the visit at %s (open %s). Move it, or put another place there.", day.En, s.Name.In(lang.English), visit, hours),
	}
}

// clockWords writes minutes of the day as HH:MM, those past midnight as of the next day.
func clockWords(minutes int) string {
	minutes %= minutesOfDay
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}
