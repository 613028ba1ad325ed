package planning

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
)

// leastConfidence is how alike a name has to be for a place to be taken for it.
const leastConfidence = 0.6

// Match finds the place that is meant by a name, in any language, letter case, accents and spaces aside; of several
// alike, one of the preferred city. confidence is 1 for an equal name, else the share of letter pairs in common (Dice's
// coefficient), and 0 where none is alike enough.
func (f *Facts) Match(name, preferredCity string) (placeID string, confidence float64) {
	wanted := letters(name)
	if wanted == "" {
		return "", 0
	}
	type found struct {
		id         string
		confidence float64
		preferred  bool
	}
	var best found
	for id, p := range f.places {
		c := max(alike(wanted, letters(p.GetName().GetKo())), alike(wanted, letters(p.GetName().GetEn())), alike(wanted, letters(p.GetName().GetLocal())))
		candidate := found{id, c, p.GetCityId() == preferredCity}
		if c < leastConfidence || uses(p.GetCategory()) == 0 {
			continue
		}
		better := cmp.Or(cmp.Compare(candidate.confidence, best.confidence), boolCompare(candidate.preferred, best.preferred), cmp.Compare(best.id, id))
		if best.id == "" || better > 0 {
			best = candidate
		}
	}
	return best.id, best.confidence
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// letters folds a name to its letters and digits.
func letters(s string) string {
	folded, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil { // not UTF-8: nothing is alike
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, folded)
}

// alike is 1 for equal names, else Dice's coefficient of their letter pairs.
func alike(a, b string) float64 {
	if a == b {
		return 1
	}
	pairsA, pairsB := pairs(a), pairs(b)
	if len(pairsA) == 0 || len(pairsB) == 0 {
		return 0
	}
	common, left := 0, slices.Clone(pairsB)
	for _, p := range pairsA {
		if i := slices.Index(left, p); i >= 0 {
			common++
			left = slices.Delete(left, i, i+1)
		}
	}
	return 2 * float64(common) / float64(len(pairsA)+len(pairsB)) * 0.99 // never as sure as an equal name
}

func pairs(s string) [][2]rune {
	r := []rune(s)
	var out [][2]rune
	for i := 1; i < len(r); i++ {
		out = append(out, [2]rune{r[i-1], r[i]})
	}
	return out
}

// Names gives a place's names; nil where it is not known.
func (f *Facts) Names(placeID string) *locationv1.Place { return f.places[placeID] }
