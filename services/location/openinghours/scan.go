package openinghours

import "strings"

// kind is the kind of a token.
type kind int

const (
	end     kind = iota
	word         // letters: Mo, Sep, PH, off
	number       // digits: a day of a month, an n
	clock        // hh:mm
	always       // 24/7
	symbol       // one of - + , ; : [ ]
	comment      // text in quotes
)

// token is one piece of the text, which begins at pos.
type token struct {
	kind kind
	pos  int
	text string
	// minutes is the value of a clock, n the value of a number.
	minutes, n int
}

// scan splits the text into tokens. The last token is always end.
func scan(text string) ([]token, error) {
	var tokens []token
	for pos := 0; pos < len(text); {
		c := text[pos]
		switch {
		case c == ' ' || c == '\t':
			pos++
		case c == '"':
			length := strings.IndexByte(text[pos+1:], '"')
			if length < 0 {
				return nil, refuse(pos, "comment without an end")
			}
			tokens = append(tokens, token{kind: comment, pos: pos})
			pos += length + 2
		case strings.HasPrefix(text[pos:], "24/7"):
			tokens = append(tokens, token{kind: always, pos: pos, text: "24/7"})
			pos += len("24/7")
		case strings.HasPrefix(text[pos:], "–"): // a dash often typed for the hyphen
			tokens = append(tokens, token{kind: symbol, pos: pos, text: "-"})
			pos += len("–")
		case strings.IndexByte("-+,;:[]", c) >= 0:
			tokens = append(tokens, token{kind: symbol, pos: pos, text: string(c)})
			pos++
		case isLetter(c):
			length := lengthOf(text[pos:], isLetter)
			tokens = append(tokens, token{kind: word, pos: pos, text: text[pos : pos+length]})
			pos += length
		case isDigit(c):
			t, err := scanDigits(text, pos)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, t)
			pos += len(t.text)
		default:
			return nil, refuse(pos, "unexpected character")
		}
	}
	return append(tokens, token{kind: end, pos: len(text)}), nil
}

// scanDigits reads a number of at most two digits, or with a colon and two more
// a time of the clock.
func scanDigits(text string, pos int) (token, error) {
	length := lengthOf(text[pos:], isDigit)
	if length > 2 {
		return token{}, refuse(pos, "number of more than two digits")
	}
	t := token{kind: number, pos: pos, text: text[pos : pos+length], n: value(text[pos : pos+length])}
	rest := text[pos+length:]
	if len(rest) < 3 || rest[0] != ':' || lengthOf(rest[1:], isDigit) != 2 {
		return t, nil
	}
	minute := value(rest[1:3])
	if t.n > 48 || minute > 59 || t.n == 48 && minute > 0 {
		return token{}, refuse(pos, "no such time of day")
	}
	t.kind, t.text, t.minutes = clock, text[pos:pos+length+3], t.n*60+minute
	return t, nil
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// lengthOf returns how many bytes s begins with that is accepts.
func lengthOf(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}

// value returns the number that one or two digits write.
func value(digits string) int {
	n := 0
	for _, d := range []byte(digits) {
		n = n*10 + int(d-'0')
	}
	return n
}
