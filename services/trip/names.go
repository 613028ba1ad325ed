package trip

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/cases"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/tripgen/tripgen/internal/errs"
)

// violations gather what is wrong with a request, so that a form can show all of it at once.
type violations []errs.FieldViolation

func (v *violations) add(field, ko, en string) { *v = append(*v, errs.Field(field, ko, en)) }

// err is nil where nothing is wrong.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return errs.Invalid(v...)
}

// below puts the paths below a field of the request, such as "member" for "members[0].age" → "member.age".
func (v violations) below(from, to string) violations {
	moved := make(violations, len(v))
	for i, f := range v {
		if rest, ok := strings.CutPrefix(f.Field, from); ok {
			f.Field = to + rest
		}
		moved[i] = f
	}
	return moved
}

// name cleans a name: in Unicode's composed form, without blanks around it, with something to see in it, and at most
// limit characters as people count them (grapheme clusters, UAX #29).
func (v *violations) name(field, s string, limit int) string {
	s = strings.TrimSpace(norm.NFC.String(s))
	switch {
	case !visible(s):
		v.add(field, "이름을 입력해 주세요.", "A name is needed.")
	case strings.ContainsFunc(s, unicode.IsControl):
		v.add(field, "이름에 쓸 수 없는 문자가 있습니다.", "The name has characters that cannot be shown.")
	case uniseg.GraphemeClusterCount(s) > limit:
		v.tooLong(field, limit)
	}
	return s
}

func (v *violations) tooLong(field string, limit int) {
	switch limit {
	case maxName:
		v.add(field, "이름은 16자까지 쓸 수 있습니다.", "The name has at most 16 characters.")
	case maxPlaceName:
		v.add(field, "이름은 20자까지 쓸 수 있습니다.", "The name has at most 20 characters.")
	default:
		v.add(field, "이름은 60자까지 쓸 수 있습니다.", "The name has at most 60 characters.")
	}
}

// visible tells whether there is a character to see: a name of joiners and blanks has none.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r)
	})
}

// Folded is what a search compares: the same for upper and lower case and for all compositions of a character.
func Folded(s string) string { return cases.Fold().String(norm.NFC.String(s)) }

// Searchable is the text that a search looks into: the trip's name and its destinations', a line each, folded.
func (t *Trip) Searchable() string {
	lines := []string{t.Name}
	for _, d := range t.Destinations {
		lines = append(lines, d.Name)
	}
	return Folded(strings.Join(lines, "\n"))
}

// NameKey orders trips by name as a Korean dictionary does, letter case aside (CLDR collation): compare as bytes.
func (t *Trip) NameKey() []byte {
	// A collator and its buffer are not to be shared between goroutines.
	return collate.New(language.Korean).KeyFromString(new(collate.Buffer), t.Name)
}
