package openinghours

import (
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the longest text that Parse reads, in bytes.
const MaxLength = 1024

// ErrNotUnderstood is what every error of Parse is: errors.As with a
// *SyntaxError tells where.
var ErrNotUnderstood = errors.New("opening hours not understood")

// SyntaxError tells where Parse stopped to understand.
type SyntaxError struct {
	Pos    int // byte in the text, from 0
	Reason string
}

// Error returns the reason with its place, and nothing of the text.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%v at byte %d: %s", ErrNotUnderstood, e.Pos, e.Reason)
}

// Unwrap returns ErrNotUnderstood.
func (e *SyntaxError) Unwrap() error { return ErrNotUnderstood }

func refuse(pos int, reason string) error { return &SyntaxError{Pos: pos, Reason: reason} }

// Parse reads a value of OpenStreetMap's opening_hours. Comments in quotes are
// ignored, but not where only they could tell when it is open. Its error is a *SyntaxError.
func Parse(text string) (Schedule, error) {
	if len(text) > MaxLength {
		return Schedule{}, refuse(MaxLength, "longer than 1024 bytes")
	}
	tokens, err := scan(text)
	if err != nil {
		return Schedule{}, err
	}
	p := parser{tokens: tokens}
	var s Schedule
	additional := false
	for {
		r, err := p.rule()
		if err != nil {
			return Schedule{}, err
		}
		r.additional = additional
		s.rules = append(s.rules, r)
		switch {
		case p.takeSymbol(","):
			additional = true
		case p.takeSymbol(";"):
			additional = false
			if p.peek().kind == end { // a semicolon after the last rule does no harm
				return s, nil
			}
		case p.peek().kind == end:
			return s, nil
		default:
			return Schedule{}, p.unexpected()
		}
	}
}

type parser struct {
	tokens []token // the last one is end
	next   int
}

func (p *parser) peek() token { return p.tokens[p.next] }

// after returns the token behind the next one.
func (p *parser) after() token { return p.tokens[min(p.next+1, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.peek()
	if t.kind != end {
		p.next++
	}
	return t
}

func (p *parser) takeSymbol(s string) bool {
	if t := p.peek(); t.kind != symbol || t.text != s {
		return false
	}
	p.next++
	return true
}

func (p *parser) unexpected() error {
	if t := p.peek(); t.kind != end {
		return refuse(t.pos, "not expected here")
	}
	return refuse(p.peek().pos, "ends too early")
}

// rule reads [months [":"]] [weekdays] [times] [open|off|closed] [comment].
func (p *parser) rule() (rule, error) {
	var r rule
	start := p.peek()
	if start.kind == always {
		p.take()
	} else if err := p.selectors(&r); err != nil {
		return rule{}, err
	}
	plain := start.kind == always || len(r.spans) > 0 // says itself when it is open
	if t := p.peek(); t.kind == word {
		switch strings.ToLower(t.text) {
		case "off", "closed":
			r.off = true
		case "open":
		default:
			return rule{}, p.unexpected()
		}
		p.take()
		plain = true
	}
	switch t := p.peek(); {
	case t == start:
		return rule{}, p.unexpected()
	case t.kind == comment && !plain: // such as "by appointment"
		return rule{}, refuse(t.pos, "only a comment tells when")
	case t.kind == comment:
		p.take()
	case t.kind == symbol && t.text == "," && !plain: // "Mo, 10:00-12:00" may mean Mondays only, or more
		return rule{}, refuse(t.pos, "comma between days and times")
	}
	return r, nil
}
