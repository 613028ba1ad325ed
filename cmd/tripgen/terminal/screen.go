// Package terminal shows generations and itineraries to a person in a terminal.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Screen is where things are shown: a terminal with colours that can redraw a line, or a plain stream of lines.
type Screen struct {
	out   io.Writer
	live  bool
	width int
	ko    bool
	drawn bool // the last line is one to redraw
}

// NewScreen shows on out in a language, "ko" or "en". Colours and redrawing are used only on a terminal, and
// not where NO_COLOR is set.
func NewScreen(out io.Writer, language string) *Screen {
	s := &Screen{out: out, width: 92, ko: language == "ko"}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" {
		s.live = true
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.width = min(max(width, 60), 120)
		}
	}
	return s
}

// Line prints a line; a line that was to be redrawn is cleared first.
func (s *Screen) Line(format string, args ...any) {
	s.clear()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// redraw replaces the last redrawn line; on a plain stream it is a line like any other.
func (s *Screen) redraw(line string) {
	if !s.live {
		fmt.Fprintln(s.out, line)
		return
	}
	fmt.Fprint(s.out, "\r\x1b[K"+line)
	s.drawn = true
}

func (s *Screen) clear() {
	if s.drawn {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.drawn = false
	}
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s *Screen) style(code, text string) string {
	if !s.live || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Text picks the screen's language, then the other, then the place's own.
func (s *Screen) Text(t *typev1.LocalizedText) string {
	order := []string{t.GetEn(), t.GetKo(), t.GetLocal()}
	if s.ko {
		order[0], order[1] = order[1], order[0]
	}
	for _, text := range order {
		if text != "" {
			return text
		}
	}
	return ""
}

// say picks between the two languages.
func (s *Screen) say(ko, en string) string {
	if s.ko {
		return ko
	}
	return en
}

// columns counts as terminals do that are not made for East Asian text alone: "·" and "…" are narrow, whatever the locale.
var columns = &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// pad fills text to a width in columns, wide characters counted as two, and cuts what is longer.
func pad(text string, width int) string {
	if columns.StringWidth(text) > width {
		return columns.Truncate(text, width, "…")
	}
	return columns.FillRight(text, width)
}

// wrap breaks text into lines of at most width columns.
func wrap(text string, width int) []string {
	var lines []string
	var line string
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case columns.StringWidth(line)+1+columns.StringWidth(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
