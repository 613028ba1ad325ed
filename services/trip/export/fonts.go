package export

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"github.com/tdewolff/canvas"
)

// Fonts are Noto Sans for Latin, Greek and Cyrillic, Korean, Japanese and simplified Chinese, in the order in which they
// are tried for a character: no family has all of them. They are not to be used by two goroutines at once.
type Fonts struct{ regular, bold []*canvas.Font }

// families are the files' names before the weight, as the npm packages @expo-google-fonts/noto-sans* have them.
var families = []string{"NotoSans", "NotoSansKR", "NotoSansJP", "NotoSansSC"}

// LoadFonts reads the TrueType files of a folder; some 40 MB.
func LoadFonts(folder string) (*Fonts, error) {
	var f Fonts
	for _, family := range families {
		for _, weight := range []struct {
			name  string
			style canvas.FontStyle
			into  *[]*canvas.Font
		}{{"400Regular", canvas.FontRegular, &f.regular}, {"700Bold", canvas.FontBold, &f.bold}} {
			file := filepath.Join(folder, family+"_"+weight.name+".ttf")
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read font: %w", err)
			}
			font, err := canvas.LoadFont(data, 0, weight.style)
			if err != nil {
				return nil, fmt.Errorf("read font %s: %w", file, err)
			}
			*weight.into = append(*weight.into, font)
		}
	}
	return &f, nil
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
	for i, font := range fonts {
		faces[i] = font.Face(st.size, st.color)
	}
	rich := canvas.NewRichText(faces[0])
	start, at := 0, 0
	for i, r := range s {
		if face := choose(fonts, r, at); face != at {
			rich.WriteFace(faces[at], s[start:i])
			start, at = i, face
		}
	}
	rich.WriteFace(faces[at], s[start:])
	return rich.ToText(width, 0, align, canvas.Top, &canvas.TextOptions{Linebreaker: canvas.GreedyLinebreaker{}})
}

// choose gives the font for a character: the first one that has it, but for blanks the one before them.
func choose(fonts []*canvas.Font, r rune, before int) int {
	if r == ' ' {
		return before
	}
	for i, font := range fonts {
		if font.GlyphIndex(r) != 0 {
			return i
		}
	}
	return before
}
