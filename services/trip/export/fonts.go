package export

import (
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tdewolff/canvas"
)

// Fonts are Noto Sans for Latin, Greek and Cyrillic, Korean, Japanese and simplified Chinese, in the order in which they
// are tried for a character: no family has all of them. Each is loaded when it is first needed (up to 10 MB and some
// 100 ms). They are not to be used by two goroutines at once.
type Fonts struct {
	regular, bold []*font
	// err is what went wrong with loading one; its characters are left out.
	err error
}

// font is a file that is loaded on demand.
type font struct {
	file   string
	style  canvas.FontStyle
	loaded *canvas.Font
	glyphs *glyphs
}

// families are the files' names before the weight, as the npm packages @expo-google-fonts/noto-sans* have them.
var families = []string{"NotoSans", "NotoSansKR", "NotoSansJP", "NotoSansSC"}

// japanese is the family that is asked first for a word with kana.
const japanese = 2

// LoadFonts takes the TrueType files of a folder.
func LoadFonts(folder string) (*Fonts, error) {
	f := new(Fonts)
	for _, family := range families {
		regular := &font{file: filepath.Join(folder, family+"_400Regular.ttf"), style: canvas.FontRegular}
		bold := &font{file: filepath.Join(folder, family+"_700Bold.ttf"), style: canvas.FontBold}
		for _, one := range []*font{regular, bold} {
			if _, err := os.Stat(one.file); err != nil {
				return nil, &MissingFontError{File: one.file, Cause: err}
			}
		}
		f.regular, f.bold = append(f.regular, regular), append(f.bold, bold)
	}
	if f.load(f.regular[0]) == nil || f.load(f.bold[0]) == nil {
		return nil, f.err
	}
	return f, nil
}

// MissingFontError says that a font is not where it should be.
type MissingFontError struct {
	File  string
	Cause error
}

// Error says what to install.
func (e *MissingFontError) Error() string {
	return fmt.Sprintf("no font %s: run `make tools`, or put the TrueType files of Noto Sans, Noto Sans KR, JP and SC "+
		"(SIL Open Font License), regular and bold, into that folder: %v", e.File, e.Cause)
}

// Unwrap gives what the file system said.
func (e *MissingFontError) Unwrap() error { return e.Cause }

// load gives a font, or nil where it cannot be had.
func (f *Fonts) load(one *font) *canvas.Font {
	if one.loaded != nil {
		return one.loaded
	}
	data, err := os.ReadFile(one.file)
	if err == nil {
		one.loaded, err = canvas.LoadFont(data, 0, one.style)
	}
	if err == nil {
		// A ligature is one glyph for several letters, of which a search in the PDF would find the first.
		one.loaded.SetFeatures("-liga,-clig,-dlig")
		one.glyphs = remember(one.loaded)
	}
	if err != nil {
		f.err = errors.Join(f.err, fmt.Errorf("load font %s: %w", one.file, err))
	}
	return one.loaded
}

// style is how a text looks.
type style struct {
	// size is in points.
	size  float64
	bold  bool
	color color.Color
}

// text lays out a text within a width in mm, with the font that has each character; 0 for one line of any width.
func (f *Fonts) text(s string, st style, width float64, align canvas.TextAlign) *canvas.Text {
	fonts := f.regular
	if st.bold {
		fonts = f.bold
	}
	faces := make([]*canvas.FontFace, len(fonts))
	face := func(i int) *canvas.FontFace {
		if faces[i] == nil {
			faces[i] = fonts[i].loaded.Face(st.size, st.color)
		}
		return faces[i]
	}
	rich := canvas.NewRichText(face(0))
	for _, piece := range f.pieces(s, fonts) {
		rich.WriteFace(face(piece.font), piece.text)
	}
	t := rich.ToText(width, 0, align, canvas.Top, &canvas.TextOptions{Linebreaker: canvas.GreedyLinebreaker{}})
	t.WalkSpans(func(_, _ float64, span canvas.TextSpan) {
		for i, face := range faces {
			if span.Face == face && face != nil {
				fonts[i].glyphs.use(span.Glyphs)
			}
		}
	})
	return t
}

// piece is a part of a text that is drawn with one font.
type piece struct {
	font int
	text string
}

// pieces splits a text by fonts. A word of ideographs is drawn with one family if one has all of it, so that its strokes
// match; anything else character by character.
func (f *Fonts) pieces(s string, fonts []*font) []piece {
	all := []piece{{}}
	for s != "" {
		size, at := ideographs(s), -1
		if size > 0 {
			at = f.family(fonts, s[:size])
		}
		if at < 0 {
			var r rune
			r, size = utf8.DecodeRuneInString(s)
			at = f.choose(fonts, r, all[len(all)-1].font)
		}
		if last := &all[len(all)-1]; last.font == at || last.text == "" {
			last.font, last.text = at, last.text+s[:size]
		} else {
			all = append(all, piece{at, s[:size]})
		}
		s = s[size:]
	}
	return all
}

// ideographs is how many bytes at the beginning of a text are Chinese characters, kana and what stands between them.
func ideographs(s string) int {
	for i, r := range s {
		if !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && r != '・' && r != 'ー' {
			return i
		}
	}
	return len(s)
}

// family gives the first font that has all of a word, the Japanese one first for a word with kana; −1 if none has.
func (f *Fonts) family(fonts []*font, word string) int {
	order := []int{1, japanese, 3}
	if strings.ContainsFunc(word, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) }) {
		order = []int{japanese}
	}
	for _, i := range order {
		loaded := f.load(fonts[i])
		if loaded != nil && !strings.ContainsFunc(word, func(r rune) bool { return loaded.GlyphIndex(r) == 0 }) {
			return i
		}
	}
	return -1
}

// choose gives the font for a character: the first one that has it, but for blanks, and where none has it, the one
// before.
func (f *Fonts) choose(fonts []*font, r rune, before int) int {
	if r == ' ' {
		return before
	}
	for i, one := range fonts {
		if loaded := f.load(one); loaded != nil && loaded.GlyphIndex(r) != 0 {
			return i
		}
	}
	return before
}
