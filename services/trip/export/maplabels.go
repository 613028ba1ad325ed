package export

import (
	"math"
	"slices"

	"github.com/rivo/uniseg"
	"github.com/tdewolff/canvas"
)

const (
	// mostLabels is how many markers a map has at most with names beside them: more would hide the map.
	mostLabels = 24
	// widestLabel is the share of the map's width that a name takes at most.
	widestLabel = 0.32
)

// rect is a rectangle on the page, y downwards.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) overlaps(o rect) bool { return r.x0 < o.x1 && o.x0 < r.x1 && r.y0 < o.y1 && o.y0 < r.y1 }

func (r rect) within(o rect) bool {
	return r.x0 >= o.x0 && r.y0 >= o.y0 && r.x1 <= o.x1 && r.y1 <= o.y1
}

// drawLabels puts names beside markers, where they cover neither a marker nor another name, and as little as possible
// of the ways. A name that has no room is left out: its number stands in the day's list.
func (p *painter) drawLabels(ctx *canvas.Context, v mapView, markers []marker, lines [][]xy) {
	radius := markerRadius * p.unit
	var taken []rect
	for _, m := range markers {
		taken = append(taken, rect{m.mx - radius, m.my - radius, m.mx + radius, m.my + radius})
	}
	gap := 0.5 * p.unit
	frame := rect{v.x + gap, v.y + gap, v.x + v.w - gap, v.y + v.h - gap}
	for _, m := range markers {
		t := p.shortened(p.sheet.text(m.stop.GetName()), style{6.5 * p.unit, m.number > 0, ink}, v.w*widestLabel)
		if t == nil {
			continue
		}
		r, ok := placeLabel(xy{m.mx, m.my}, radius+gap, t.Bounds().W(), t.Bounds().H(), frame, taken, lines)
		if !ok {
			continue
		}
		taken = append(taken, r)
		ctx.SetStrokeColor(canvas.Transparent)
		ctx.SetFillColor(labelGround)
		ctx.DrawPath(r.x0-gap/2, r.y0, canvas.RoundedRectangle(r.x1-r.x0+gap, r.y1-r.y0, gap))
		ctx.DrawText(r.x0, r.y0, t)
	}
}

// shortened is a text on one line, cut between characters as people see them to be no wider than width; nil if nothing
// is left of it.
func (p *painter) shortened(s string, st style, width float64) *canvas.Text {
	t := p.fonts.text(s, st, 0, canvas.Left)
	for s != "" && t.Bounds().W() > width {
		keep := int(float64(uniseg.GraphemeClusterCount(s))*width/t.Bounds().W()) - 1
		s = firstCharacters(s, keep)
		t = p.fonts.text(s+"…", st, 0, canvas.Left)
	}
	if s == "" {
		return nil
	}
	return t
}

func firstCharacters(s string, n int) string {
	rest, state := s, -1
	for ; n > 0 && rest != ""; n-- {
		_, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
	}
	return s[:len(s)-len(rest)]
}

// placeLabel finds room for a label of w × h beside a point, a distance away: of the places around it that are within
// the frame and free, the first that the fewest ways cross.
func placeLabel(at xy, distance, w, h float64, frame rect, taken []rect, lines [][]xy) (rect, bool) {
	diagonal := distance * math.Sqrt2 / 2
	best, fewest := rect{}, math.MaxInt
	for _, corner := range []xy{
		{at.x + distance, at.y - h/2},
		{at.x - distance - w, at.y - h/2},
		{at.x - w/2, at.y - distance - h},
		{at.x - w/2, at.y + distance},
		{at.x + diagonal, at.y - diagonal - h},
		{at.x + diagonal, at.y + diagonal},
		{at.x - diagonal - w, at.y - diagonal - h},
		{at.x - diagonal - w, at.y + diagonal},
	} {
		r := rect{corner.x, corner.y, corner.x + w, corner.y + h}
		if !r.within(frame) || slices.ContainsFunc(taken, r.overlaps) {
			continue
		}
		if n := crossings(r, lines); n < fewest {
			best, fewest = r, n
		}
	}
	return best, fewest < math.MaxInt
}

// crossings counts the pieces of ways that touch a rectangle.
func crossings(r rect, lines [][]xy) int {
	n := 0
	for _, way := range lines {
		for i := 1; i < len(way); i++ {
			if r.touches(way[i-1], way[i]) {
				n++
			}
		}
	}
	return n
}

// touches tells whether any of the straight piece from a to b lies in the rectangle (Liang and Barsky, 1984).
func (r rect) touches(a, b xy) bool {
	from, to := 0.0, 1.0
	for _, side := range [4]struct{ step, room float64 }{
		{a.x - b.x, a.x - r.x0}, {b.x - a.x, r.x1 - a.x}, {a.y - b.y, a.y - r.y0}, {b.y - a.y, r.y1 - a.y},
	} {
		switch {
		case side.step == 0 && side.room < 0:
			return false
		case side.step < 0:
			from = max(from, side.room/side.step)
		case side.step > 0:
			to = min(to, side.room/side.step)
		}
	}
	return from <= to
}
