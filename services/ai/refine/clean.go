package refine

import (
	"strings"
	"unicode"
)

// Bounds on the model's texts, in runes.
const (
	titleMost = 80
	textMost  = 400
	notesMost = 6
	wishMost  = 500
)

// clean keeps an answer within its brief: ids among the day's, each once; texts short and plain. False for an answer
// that is of no use.
func clean(a *Answer, b Brief) bool {
	day := dayOf(b, a.Number)
	if day == nil {
		return false
	}
	allowed := map[string]bool{}
	for _, s := range day.Draft {
		allowed[s.ID] = true
	}
	for _, option := range day.Options {
		allowed[option] = true
	}
	kept := a.Stops[:0]
	for _, s := range a.Stops {
		if !allowed[s.ID] {
			continue
		}
		allowed[s.ID] = false
		s.Why, s.Note = plainText(s.Why, textMost), plainText(s.Note, textMost)
		kept = append(kept, s)
	}
	a.Stops = kept
	a.Title = plainText(a.Title, titleMost)
	notes := a.Notes[:0]
	for _, n := range a.Notes {
		if n = plainText(n, textMost); n != (Text{}) && len(notes) < notesMost {
			notes = append(notes, n)
		}
	}
	a.Notes = notes
	return len(a.Stops) > 0
}

func dayOf(b Brief, number int) *Day {
	for i := range b.Days {
		if b.Days[i].Number == number {
			return &b.Days[i]
		}
	}
	return nil
}

// plainText drops a text that is not plain in both languages: the caller's own takes its place.
func plainText(t Text, most int) Text {
	ko, okKo := plain(t.Ko, most)
	en, okEn := plain(t.En, most)
	if !okKo || !okEn || ko == "" || en == "" {
		return Text{}
	}
	return Text{Ko: ko, En: en}
}

// plain cuts a text and refuses links and markup: neither has a place in a reason or a note.
func plain(s string, most int) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	lower := strings.ToLower(s)
	for _, mark := range []string{"://", "www.", "</", "<script", "](", "```"} {
		if strings.Contains(lower, mark) {
			return "", false
		}
	}
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return s, true
}
