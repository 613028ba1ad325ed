package planning

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
)

// Wishes is what the planner understands of a traveller's words: names of places of the data that stand in them, whether
// the words around a name ask for it or against it, and food they want none of. Nothing else in the words is acted upon.
type Wishes struct {
	// Text is the traveller's words.
	Text string
	// MustSee and Avoid are place ids.
	MustSee, Avoid []string
	// Understood tells that the text holds nothing but what MustSee and Avoid say.
	Understood bool
}

// Words around a name that ask for the place to be left out: before it in English, after it in Korean.
var (
	refusedBefore = []string{
		"not ", "no ", "avoid ", "skip ", "without ", "except ", "n't want ", "n't like ", "leave out ", "instead of ", "n't eat ",
		"hate ", "dislike ", "allergic to ", "never eat ",
	}
	refusedAfter = []string{
		"빼", "제외", "말고", "싫", "안 가", "가지 않", "피하", "피해", "대신", "못 먹", "안 먹", "먹지 않", "먹지 못", "알레르기", "알러지", "없이",
	}
)

// reach is how many runes around a name are looked at.
const reach = 14

func findWishes(text string, places map[string]*locationv1.Place) Wishes {
	w := Wishes{Text: strings.TrimSpace(text)}
	if w.Text == "" {
		w.Understood = true
		return w
	}
	folded := fold(w.Text)
	rest := folded
	names := mentions(folded, places)
	for _, m := range names {
		if refused(folded, m) {
			w.Avoid = append(w.Avoid, m.id)
		} else {
			w.MustSee = append(w.MustSee, m.id)
		}
		rest = strings.Replace(rest, m.name, "", 1)
	}
	cuisines, words := refusedCuisines(folded, places, names)
	for _, word := range words {
		rest = strings.Replace(rest, word, "", 1)
	}
	for placeID, p := range places {
		serves := slices.ContainsFunc(p.GetCuisines(), func(c string) bool { return cuisines[c] })
		if serves && !slices.Contains(w.MustSee, placeID) && !slices.Contains(w.Avoid, placeID) {
			w.Avoid = append(w.Avoid, placeID)
		}
	}
	slices.Sort(w.Avoid)
	w.Understood = len(w.MustSee)+len(w.Avoid) > 0 && onlyFiller(rest)
	return w
}

// mention is a place's name that stands in the text.
type mention struct {
	id, name string
	at       int
}

// mentions finds names, longest first, so that "Museum Island" is not also "Island".
func mentions(text string, places map[string]*locationv1.Place) []mention {
	var all []mention
	for id, p := range places {
		for _, name := range []string{p.GetName().GetKo(), p.GetName().GetEn(), p.GetName().GetLocal()} {
			name = fold(name)
			if len([]rune(name)) < 2 || uses(p.GetCategory()) == 0 {
				continue
			}
			if at := wordIndex(text, name); at >= 0 {
				all = append(all, mention{id, name, at})
			}
		}
	}
	slices.SortFunc(all, func(a, b mention) int {
		return cmp.Or(cmp.Compare(len(b.name), len(a.name)), cmp.Compare(a.id, b.id))
	})
	var kept []mention
	for _, m := range all {
		if !slices.ContainsFunc(kept, func(k mention) bool {
			return k.id == m.id || m.at < k.at+len(k.name) && k.at < m.at+len(m.name)
		}) {
			kept = append(kept, m)
		}
	}
	slices.SortFunc(kept, func(a, b mention) int { return cmp.Compare(a.at, b.at) })
	return kept
}

// wordIndex finds name where it is not a part of a longer word. Korean joins particles to words, so only what stands
// before a name counts there.
func wordIndex(text, name string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return -1
		}
		at := from + i
		before, after := lastRune(text[:at]), firstRune(text[at+len(name):])
		joined := unicode.IsLetter(before) || unicode.IsLetter(after) && !unicode.Is(unicode.Hangul, after)
		if !joined {
			return at
		}
		from = at + len(name)
	}
}

func refused(text string, m mention) bool {
	before := []rune(text[:m.at])
	after := []rune(text[m.at+len(m.name):])
	head := string(before[max(0, len(before)-reach):])
	tail := string(after[:min(len(after), reach)])
	if cut := strings.IndexAny(tail, ".,;!?"); cut >= 0 {
		tail = tail[:cut]
	}
	if cut := strings.LastIndexAny(head, ".,;!?"); cut >= 0 {
		head = head[cut+1:]
	}
	return containsAny(head+" ", refusedBefore) || containsAny(tail, refusedAfter)
}

func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// onlyFiller tells whether nothing of meaning is left besides the names.
func onlyFiller(rest string) bool {
	letters := 0
	for _, r := range rest {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters <= 2*reach
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func lastRune(s string) rune {
	if s == "" {
		return 0
	}
	runes := []rune(s[max(0, len(s)-4):])
	return runes[len(runes)-1]
}
