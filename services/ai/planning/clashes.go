package planning

import (
	"fmt"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

var unhonouredTexts = map[planner.UnhonouredReason]*typev1.LocalizedText{
	planner.NotFound:      text("장소 데이터에서 찾지 못했습니다.", "It is not in the place data."),
	planner.AlwaysClosed:  text("일행이 있는 동안 열지 않습니다.", "It is closed whenever you are there."),
	planner.NotForGroup:   text("일행에게 무리가 되는 곳입니다.", "It is too strenuous for the group."),
	planner.Avoided:       text("피해 달라고도 하셨습니다.", "You also asked to avoid it."),
	planner.NotReachable:  text("시간 안에 다녀올 수 없는 거리입니다.", "It is too far to be reached in the time there is."),
	planner.NoTime:        text("다른 일정과 함께 넣을 시간이 없습니다.", "There is no time for it besides the rest."),
	planner.NoCandidate:   text("이 시간에 맞는 장소가 없습니다.", "No suitable place is known for this time."),
	planner.OverridesLock: text("고정해 두신 일정이라 남겨 두었습니다.", "It stays because you fixed it."),
}

// wishText names a wish.
func (f *Facts) wishText(kind planner.UnhonouredKind, day int, place, name string) *typev1.LocalizedText {
	of := &typev1.LocalizedText{Ko: name, En: name}
	if p, ok := f.places[place]; ok {
		of = p.GetName()
	}
	var t *typev1.LocalizedText
	switch kind {
	case planner.WishMustSee:
		t = text(of.GetKo()+" 가기", "Seeing "+of.GetEn())
	case planner.WishAvoid:
		t = text(of.GetKo()+" 빼기", "Leaving out "+of.GetEn())
	case planner.WishLock:
		t = text("고정한 "+of.GetKo(), "The fixed stop "+of.GetEn())
	case planner.WishLunch:
		t = text("점심 식사", "Lunch")
	case planner.WishDinner:
		t = text("저녁 식사", "Dinner")
	case planner.WishRests:
		t = text("충분한 휴식", "Enough rests")
	case planner.WishPace:
		t = text("하루 방문 수", "The usual number of stops")
	case planner.WishDay:
		t = text("볼거리가 있는 하루", "Something to see that day")
	default:
		t = text("제시간에 도착하기", "Arriving in time")
	}
	if day >= 0 {
		t = text(fmt.Sprintf("%d일차: %s", day+1, t.GetKo()), fmt.Sprintf("Day %d: %s", day+1, lowerFirst(t.GetEn())))
	}
	return t
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}

// unhonoured tells the wishes that a plan does not keep, and what of the traveller's words was not understood.
func (f *Facts) unhonoured(it *planner.Itinerary) []*typev1.Unhonoured {
	var out []*typev1.Unhonoured
	for _, u := range it.Unhonoured {
		wish := f.wishText(u.Kind, u.Day, u.Ref.ID, u.Ref.Name)
		out = append(out, &typev1.Unhonoured{Wish: wish.GetKo() + " / " + wish.GetEn(), Why: unhonouredTexts[u.Reason]})
	}
	return out
}

// clashes tells which wishes cannot hold together, and the ways out.
func (f *Facts) clashes(it *planner.Itinerary) []*typev1.Clash {
	var out []*typev1.Clash
	for _, c := range it.Clashes {
		m := &typev1.Clash{}
		for _, w := range c.Wishes {
			m.Wishes = append(m.Wishes, f.wishText(w.Kind, w.Day, w.Place, ""))
		}
		for _, r := range c.WaysOut {
			m.WaysOut = append(m.WaysOut, f.wayOut(r))
		}
		out = append(out, m)
	}
	return out
}

func (f *Facts) wayOut(r planner.Relaxation) *typev1.LocalizedText {
	name := f.places[r.Place].GetName()
	switch r.Kind {
	case planner.DropMustSee:
		return text(name.GetKo()+" 빼기", "Drop "+name.GetEn())
	case planner.Unlock:
		return text(name.GetKo()+" 고정 풀기", "Unlock "+name.GetEn())
	case planner.StartEarlier:
		return text(fmt.Sprintf("%d일차를 %d분 일찍 시작하기", r.Day+1, r.Minutes), fmt.Sprintf("Start day %d %d minutes earlier", r.Day+1, r.Minutes))
	case planner.EndLater:
		return text(fmt.Sprintf("%d일차를 %d분 늦게 마치기", r.Day+1, r.Minutes), fmt.Sprintf("End day %d %d minutes later", r.Day+1, r.Minutes))
	case planner.ShortenStay:
		return text(fmt.Sprintf("%s 머무는 시간 %d분 줄이기", name.GetKo(), r.Minutes), fmt.Sprintf("Stay %d minutes less at %s", r.Minutes, name.GetEn()))
	default:
		return text("하루 방문 수 늘리기", "Allow more stops a day")
	}
}
