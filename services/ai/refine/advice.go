package refine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/tripgen/tripgen/services/ai"
)

// Visit is a question about one place: what it offers a group, in a season and a weather.
type Visit struct {
	City    City   `json:"-"`
	Place   string `json:"place_id"`
	Group   Group  `json:"group"`
	Month   string `json:"month,omitempty"`
	Weather string `json:"weather,omitempty"`
}

// Advice is an answer. Lists may be empty; texts may be missing.
type Advice struct {
	Reasons    []Text `json:"reasons"`
	BestTime   Text   `json:"best_time"`
	Highlights []Text `json:"highlights"`
	PhotoSpot  Text   `json:"photo_spot"`
	Tips       []Text `json:"tips"`
}

// Advisor gives advice on places. *Claude and *Limited are two.
type Advisor interface {
	Advise(ctx context.Context, v Visit) (Advice, ai.Cost, error)
}

const adviceInstructions = `You tell a group of travellers why a place suits them. You get, as JSON data: a catalogue of a city's places, the id of one of them, the group, the month and the weather. Answer in Korean (ko, polite) and English (en): up to four reasons for this group (its members' ages, health, likes and way of travel), the best time of day, up to four things to see, one good place for a picture, and up to four practical tips. State only what the data says or what is widely known of this very place; leave a list or text empty where you do not know. No links, prices, phone numbers or dates.`

// adviceListMost bounds each list of an advice.
const (
	adviceListMost  = 4
	tokensForAdvice = 2500
)

func adviceSchema() map[string]any {
	advice := object(map[string]any{
		"reasons": list(textSchema), "best_time": textSchema, "highlights": list(textSchema), "photo_spot": textSchema, "tips": list(textSchema),
	}, "reasons", "best_time", "highlights", "photo_spot", "tips")
	return object(map[string]any{"advice": list(advice)}, "advice")
}

// Advise answers a question about a place.
func (c *Claude) Advise(ctx context.Context, v Visit) (Advice, ai.Cost, error) {
	message, err := json.Marshal(v)
	if err != nil {
		return Advice{}, ai.Cost{}, fmt.Errorf("question: %w", err)
	}
	var advice *Advice
	cost, err := c.stream(ctx, v.City, string(message), adviceInstructions, adviceSchema(), tokensForAdvice, func(r io.Reader) error {
		return elements(r, "advice", func(a Advice) {
			if advice == nil {
				a.clean()
				advice = &a
			}
		})
	})
	if err != nil {
		return Advice{}, cost, err
	}
	if advice == nil || len(advice.Reasons) == 0 {
		return Advice{}, cost, fmt.Errorf("claude gave no advice on %s", v.Place)
	}
	return *advice, cost, nil
}

// clean keeps an advice short and plain.
func (a *Advice) clean() {
	for _, texts := range []*[]Text{&a.Reasons, &a.Highlights, &a.Tips} {
		var kept []Text
		for _, t := range *texts {
			if t = plainText(t, textMost); t != (Text{}) && len(kept) < adviceListMost {
				kept = append(kept, t)
			}
		}
		*texts = kept
	}
	a.BestTime, a.PhotoSpot = plainText(a.BestTime, textMost), plainText(a.PhotoSpot, textMost)
}
