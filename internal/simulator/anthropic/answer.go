package anthropic

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
)

// question is what the simulator understands of TripGen's questions.
type question struct {
	Days []struct {
		Number  int    `json:"number"`
		Weather string `json:"weather"`
		Draft   []struct {
			ID    string `json:"id"`
			Fixed bool   `json:"fixed"`
		} `json:"draft"`
		Options []string `json:"options"`
	} `json:"days"`
	Wishes string `json:"wishes"`
	Place  string `json:"place_id"`
}

type place struct {
	ID       string `json:"id"`
	Ko       string `json:"ko"`
	En       string `json:"en"`
	Category string `json:"category"`
}

type text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

type stop struct {
	ID   string `json:"id"`
	Why  text   `json:"why"`
	Note text   `json:"note"`
}

type day struct {
	Number int    `json:"number"`
	Title  text   `json:"title"`
	Stops  []stop `json:"stops"`
	Notes  []text `json:"notes"`
}

type wish struct {
	Wish     string `json:"wish"`
	Honoured bool   `json:"honoured"`
	Why      text   `json:"why"`
}

// respond answers a question about days or wishes, whichever its schema asks for; any other question gets a sentence.
func respond(q request, asked string) string {
	var parsed question
	if json.Unmarshal([]byte(asked), &parsed) != nil {
		return "This is a simulated answer."
	}
	var answer any
	switch schema := string(q.OutputConfig.Format.Schema); {
	case strings.Contains(schema, `"wishes"`):
		answer = map[string]any{"wishes": []wish{{
			Wish: parsed.Wishes,
			Why:  text{Ko: "(모의 응답) 모의 모델은 요청을 이해하지 못합니다.", En: "(simulated) The simulated model does not understand requests."},
		}}}
	case strings.Contains(schema, `"advice"`):
		p := catalogue(q.System)[parsed.Place]
		said := []text{{Ko: fmt.Sprintf("(모의 응답) %s: 일행에게 어울립니다.", p.Ko), En: fmt.Sprintf("(simulated) %s suits the group.", p.En)}}
		answer = map[string]any{"advice": []map[string]any{{
			"reasons": said, "best_time": text{Ko: "(모의 응답) 오전", En: "(simulated) In the morning"}, "highlights": said,
			"photo_spot": text{Ko: "(모의 응답) 입구", En: "(simulated) At the entrance"}, "tips": said,
		}}}
	case strings.Contains(schema, `"days"`):
		answer = map[string]any{"days": answerDays(parsed, catalogue(q.System))}
	default:
		return "This is a simulated answer."
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // plain data
	}
	return string(body)
}

// catalogue reads the places that the system prompt tells of.
func catalogue(system json.RawMessage) map[string]place {
	joined := joinBlocks(system)
	places := map[string]place{}
	at := strings.Index(joined, "Catalogue:\n")
	if at < 0 {
		return places
	}
	var city struct {
		Places []place `json:"places"`
	}
	if json.NewDecoder(strings.NewReader(joined[at+len("Catalogue:\n"):])).Decode(&city) != nil {
		return places
	}
	for _, p := range city.Places {
		places[p.ID] = p
	}
	return places
}

func answerDays(q question, places map[string]place) []day {
	days := make([]day, 0, len(q.Days))
	for _, asked := range q.Days {
		d := day{Number: asked.Number, Notes: []text{}}
		ids := make([]string, 0, len(asked.Draft))
		for _, s := range asked.Draft {
			ids = append(ids, s.ID)
		}
		// One stop that is not fixed gives way to an option of its kind, so that answers differ from drafts.
		for i, s := range asked.Draft {
			if option := alike(places, s.ID, asked.Options); !s.Fixed && option != "" && hash(s.ID)%3 == 0 {
				ids[i] = option
				break
			}
		}
		for _, placeID := range ids {
			p := places[placeID]
			d.Stops = append(d.Stops, stop{
				ID:  placeID,
				Why: text{Ko: fmt.Sprintf("(모의 응답) %s: 일행에게 어울립니다.", p.Ko), En: fmt.Sprintf("(simulated) %s suits the group.", p.En)},
			})
		}
		if len(ids) > 0 {
			first := places[ids[0]]
			d.Title = text{Ko: "(모의 응답) " + first.Ko + "에서 시작하는 하루", En: "(simulated) A day that starts at " + first.En}
		}
		days = append(days, d)
	}
	return days
}

// alike finds an option of the same category.
func alike(places map[string]place, placeID string, options []string) string {
	for _, option := range options {
		if places[option].Category == places[placeID].Category {
			return option
		}
	}
	return ""
}

func hash(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum32()
}
