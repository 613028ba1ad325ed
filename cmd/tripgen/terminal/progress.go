package terminal

import (
	"fmt"
	"strings"
	"time"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

const barWidth = 30

// Progress shows a generation under way: a bar for the whole, a line for each day as it arrives.
type Progress struct {
	screen *Screen
	start  time.Time
	now    func() time.Time
	bar    string
}

// NewProgress starts counting now.
func NewProgress(screen *Screen, now func() time.Time) *Progress {
	return &Progress{screen: screen, start: now(), now: now}
}

// Show shows an event.
func (p *Progress) Show(event *aiv1.GenerationEvent) {
	switch {
	case event.GetProgress() != nil:
		p.progress(event.GetProgress())
	case event.GetDayReady() != nil:
		p.day(event.GetDayReady().GetDay(), p.screen.say("완성", "ready"))
	case event.GetImprovementOffered() != nil:
		p.day(event.GetImprovementOffered().GetDay(), p.screen.say("더 나은 안이 도착", "a better version arrived"))
	case event.GetFinished() != nil:
		p.screen.clear()
	}
}

func (p *Progress) elapsed() string {
	return fmt.Sprintf("%4.1f s", p.now().Sub(p.start).Seconds())
}

func (p *Progress) progress(progress *aiv1.Progress) {
	percent := int(progress.GetPercent())
	filled := percent * barWidth / 100
	line := fmt.Sprintf("  %s  %s%s %3d%%  %s", p.elapsed(),
		p.screen.style(green, strings.Repeat("█", filled)),
		p.screen.style(dim, strings.Repeat("░", barWidth-filled)),
		percent, p.screen.Text(progress.GetMessage()))
	if queue := progress.GetQueueAhead(); queue > 0 {
		line += fmt.Sprintf(p.screen.say(" · 앞에 %d건", " · %d ahead"), queue)
	}
	if eta := progress.GetEtaSeconds(); eta > 0 {
		line += p.screen.style(dim, fmt.Sprintf(p.screen.say(" · 약 %d초 남음", " · about %d s left"), eta))
	}
	p.bar = line
	p.screen.redraw(line)
}

func (p *Progress) day(day *typev1.Day, what string) {
	visits, meals := 0, 0
	for _, stop := range day.GetStops() {
		switch stop.GetKind() {
		case typev1.StopKind_STOP_KIND_VISIT:
			visits++
		case typev1.StopKind_STOP_KIND_MEAL:
			meals++
		}
	}
	p.screen.Line("  %s  %s %s", p.elapsed(), p.screen.style(green, "✓"), fmt.Sprintf(
		p.screen.say("%d일차 %s · %s · 방문 %d곳, 식사 %d번 · %s (%s)", "day %d  %s · %s · %d visits, %d meals · %s (%s)"),
		day.GetNumber(), dateText(p.screen, day.GetDate()), p.screen.Text(day.GetCity()), visits, meals, what, p.screen.refinement(day.GetRefinement())))
	if p.screen.live && p.bar != "" {
		p.screen.redraw(p.bar)
	}
}

func (s *Screen) refinement(r typev1.Refinement) string {
	switch r {
	case typev1.Refinement_REFINEMENT_REFINED:
		return s.say("모델이 다듬음", "refined by the model")
	case typev1.Refinement_REFINEMENT_EDITED:
		return s.say("사람이 고침", "edited")
	default:
		return s.say("플래너가 계획", "planned")
	}
}

func isVisit(stop *typev1.Stop) bool {
	return stop.GetKind() == typev1.StopKind_STOP_KIND_VISIT || stop.GetKind() == typev1.StopKind_STOP_KIND_MEAL
}

func dateText(s *Screen, d *typev1.Date) string {
	t := time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
	if s.ko {
		return fmt.Sprintf("%d월 %d일 (%s)", t.Month(), t.Day(), []string{"일", "월", "화", "수", "목", "금", "토"}[t.Weekday()])
	}
	return t.Format("Mon 2 Jan")
}
