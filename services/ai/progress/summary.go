package progress

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Summary is how far a generation is, as its log tells.
type Summary struct {
	// Sequence is that of the last event; 0 where there is no log.
	Sequence int64
	Percent  int
	Stage    aiv1.GenerationStage
	// Eta is in seconds, as it was told last.
	Eta int
	// Ready, Refined and Improved are numbers of days, in order.
	Ready, Refined, Improved []int32
}

// The summary's fields for a day are "day:" and its number.
const dayField = "day:"

// summaryOf gives the fields of the summary that an event changes.
func summaryOf(event *aiv1.GenerationEvent) []any {
	switch {
	case event.GetProgress() != nil:
		return []any{"stage", int(event.GetProgress().GetStage()), "eta", event.GetProgress().GetEtaSeconds()}
	case event.GetDayReady() != nil:
		day := event.GetDayReady().GetDay()
		what := "planned"
		if day.GetRefinement() == typev1.Refinement_REFINEMENT_REFINED {
			what = "refined"
		}
		return []any{dayField + strconv.Itoa(int(day.GetNumber())), what}
	case event.GetImprovementOffered() != nil:
		return []any{dayField + strconv.Itoa(int(event.GetImprovementOffered().GetDay().GetNumber())), "improved"}
	default:
		return nil
	}
}

// Summary reads a log's summary.
func (l *Log) Summary(ctx context.Context, generationID string) (Summary, error) {
	if l.down() {
		return Summary{}, errDown
	}
	fields, err := l.client.HGetAll(ctx, stateKey(generationID)).Result()
	if err != nil {
		l.failed(ctx)
		return Summary{}, fmt.Errorf("read progress: %w", err)
	}
	var s Summary
	for name, value := range fields {
		number, _ := strconv.Atoi(value) // days have words
		switch day, isDay := strings.CutPrefix(name, dayField); {
		case isDay:
			s.day(day, value)
		case name == "sequence":
			s.Sequence = int64(number)
		case name == "percent":
			s.Percent = number
		case name == "stage":
			s.Stage = aiv1.GenerationStage(number)
		case name == "eta":
			s.Eta = number
		}
	}
	for _, days := range []*[]int32{&s.Ready, &s.Refined, &s.Improved} {
		slices.Sort(*days)
	}
	return s, nil
}

func (s *Summary) day(numberText, what string) {
	number, err := strconv.Atoi(numberText)
	if err != nil {
		return // not written by this build
	}
	s.Ready = append(s.Ready, int32(number))
	switch what {
	case "refined":
		s.Refined = append(s.Refined, int32(number))
	case "improved":
		s.Improved = append(s.Improved, int32(number))
	}
}
