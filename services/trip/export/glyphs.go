package export

import (
	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/text"
)

// glyphs remember which character each glyph was last used for. A PDF tells it of every glyph, so that texts can be
// searched for and copied. The library asks the font, which for a glyph of two characters says the lower one: 谷 would
// become the radical ⾕ that looks the same. What a text was laid out with is the truth.
type glyphs struct {
	mapping
	used map[uint16]rune
}

// mapping is a table of a font from characters to glyphs and back.
type mapping interface {
	Get(character rune) (uint16, bool)
	ToUnicode(glyph uint16) (rune, bool)
}

// remember puts a memory before a font's own table.
func remember(f *canvas.Font) *glyphs {
	tables := f.SFNT.Cmap.Subtables
	if len(tables) == 0 {
		return &glyphs{used: map[uint16]rune{}}
	}
	g := &glyphs{mapping: tables[0], used: map[uint16]rune{}}
	tables[0] = g
	return g
}

func (g *glyphs) use(all []text.Glyph) {
	for _, one := range all {
		if one.ID != 0 && one.Text != 0 {
			g.used[one.ID] = one.Text
		}
	}
}

// ToUnicode gives the character that a glyph was used for, else the font's.
func (g *glyphs) ToUnicode(glyph uint16) (rune, bool) {
	if character, ok := g.used[glyph]; ok {
		return character, true
	}
	return g.mapping.ToUnicode(glyph)
}
