package trip

import (
	"testing"

	"github.com/tripgen/tripgen/internal/lang"
)

// [T9] What is told of each cause, with what it hits and what to do, in both languages.
func TestAlertsSayWhyWhatAndWhatToDo(t *testing.T) {
	t.Parallel()
	date := Date{Year: 2027, Month: 6, Day: 3}
	stop := func(ko, en string) PlannedStop {
		return PlannedStop{Name: lang.Text{Ko: ko, En: en}, Arrive: 9*60 + 30, Leave: 11 * 60}
	}
	palace, garden := stop("궁전", "Palace"), stop("정원", "Garden")
	many := []PlannedStop{palace, garden, palace, garden, palace, garden}
	now := Weather{Min: -4, Max: 3}
	for name, c := range map[string]struct{ got, want lang.Text }{
		"rain": {wetText(date, FoundRain, 80, []PlannedStop{palace, garden}), lang.Text{
			Ko: "6월 3일: 계획할 때와 달리 비 예보가 있습니다(확률 80%). 야외 일정: 궁전, 정원. 실내 장소로 바꾸거나 그날 일정을 다시 만들어 보세요.",
			En: "3 June: rain is now forecast (80%), unlike when this was planned. Outdoors: Palace, Garden. Put indoor places there or plan the day anew.",
		}},
		"snow, on more stops than are named": {wetText(date, FoundSnow, 55, many), lang.Text{
			Ko: "6월 3일: 계획할 때와 달리 눈 예보가 있습니다(확률 55%). 야외 일정: 궁전, 정원, 궁전, 정원 외 2곳. 실내 장소로 바꾸거나 그날 일정을 다시 만들어 보세요.",
			En: "3 June: snow is now forecast (55%), unlike when this was planned. Outdoors: Palace, Garden, Palace, Garden and 2 more. Put indoor places there or plan the day anew.",
		}},
		"a thunderstorm": {wetText(date, FoundStorm, 60, []PlannedStop{garden}), lang.Text{
			Ko: "6월 3일: 계획할 때와 달리 뇌우 예보가 있습니다(확률 60%). 야외 일정: 정원. 실내 장소로 바꾸거나 그날 일정을 다시 만들어 보세요.",
			En: "3 June: a thunderstorm is now forecast (60%), unlike when this was planned. Outdoors: Garden. Put indoor places there or plan the day anew.",
		}},
		"warmer": {temperatureText(date, FoundHotter, 11.6, Weather{Min: 24, Max: 36}), lang.Text{
			Ko: "6월 3일: 기온이 계획할 때보다 12도 높습니다(24~36 °C). 물과 모자를 챙기고 야외 시간을 줄여 보세요.",
			En: "3 June: 12 °C warmer than when this was planned (24 to 36 °C). Bring water and a hat, and spend less time outdoors.",
		}},
		"colder": {temperatureText(date, FoundColder, -10, now), lang.Text{
			Ko: "6월 3일: 기온이 계획할 때보다 10도 낮습니다(-4~3 °C). 따뜻한 옷을 챙기고 야외 시간을 줄여 보세요.",
			En: "3 June: 10 °C colder than when this was planned (-4 to 3 °C). Bring warm clothes, and spend less time outdoors.",
		}},
		"a warning": {warningText(date, lang.Text{Ko: "태풍 경보", En: "Typhoon warning"}), lang.Text{
			Ko: "6월 3일: 기상 특보 — 태풍 경보. 그날 일정을 다시 만들거나 안전한 실내에 머무르세요.",
			En: "3 June: weather warning — Typhoon warning. Plan the day anew, or stay safe indoors.",
		}},
		"bad air": {airText(date, 81.4, []PlannedStop{garden}), lang.Text{
			Ko: "6월 3일: 초미세먼지가 나쁨입니다(81 µg/m³). 야외 일정: 정원. 마스크를 챙기고 실내 장소로 바꿔 보세요.",
			En: "3 June: the air is bad (PM2.5 81 µg/m³). Outdoors: Garden. Bring masks, and put indoor places there.",
		}},
		"gone": {goneText(date, palace), lang.Text{
			Ko: "6월 3일: 더 이상 운영하지 않는 곳이 있습니다: 궁전. 다른 장소로 바꿔 보세요.",
			En: "3 June: Palace is not there any more. Put another place there.",
		}},
		"closed that day": {closedText(date, palace, Hours{Known: true}), lang.Text{
			Ko: "6월 3일: 휴무일입니다: 궁전. 다른 장소로 바꾸거나 다른 날로 옮겨 보세요.",
			En: "3 June: Palace is closed that day. Put another place there, or move it to another day.",
		}},
		"closed at that time": {
			closedText(date, palace, Hours{Known: true, Intervals: []Interval{{Open: 12 * 60, Close: 18 * 60}, {Open: 20 * 60, Close: 25 * 60}}}), lang.Text{
				Ko: "6월 3일: 방문 시간(09:30–11:00)에 열지 않습니다: 궁전(영업 12:00–18:00, 20:00–01:00). 시간을 옮기거나 다른 장소로 바꿔 보세요.",
				En: "3 June: Palace is not open for the visit at 09:30–11:00 (open 12:00–18:00, 20:00–01:00). Move it, or put another place there.",
			},
		},
	} {
		if c.got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, c.got, c.want)
		}
	}
}
