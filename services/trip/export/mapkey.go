package export

import (
	"fmt"

	"github.com/tdewolff/canvas"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// What explains a map: the days' colours above it; where north is, the scale and the modes' lines below it.

const (
	// keyBottom is the height of the strip below a map; keySide is a day's square above it, with keyGap between them.
	keyBottom, keySide, keyGap = 7.0, 3.6, 0.6
	keyMargin                  = 2.0
)

func (p *painter) keyStyle() style { return style{6.5 * p.unit, false, ink} }

// keyColumns is how many days' squares stand side by side on a map of this width.
func (p *painter) keyColumns(width float64) int {
	return max(1, int((width/p.unit-2*keyMargin+keyGap)/(keySide+keyGap)))
}

// keyTop is the height of the strip above a map; a map of one day has none.
func (p *painter) keyTop(days []*typev1.Day, width float64) float64 {
	if len(days) < 2 {
		return 0
	}
	columns := p.keyColumns(width)
	rows := (len(days) + columns - 1) / columns
	return (keyMargin + float64(rows)*(keySide+keyGap)) * p.unit
}

// drawDays says which colour is which day, where there are several.
func (p *painter) drawDays(ctx *canvas.Context, days []*typev1.Day, x, y, width float64) {
	if len(days) < 2 {
		return
	}
	columns, side := p.keyColumns(width), keySide*p.unit
	for i, d := range days {
		left := x + (keyMargin+float64(i%columns)*(keySide+keyGap))*p.unit
		top := y + (keyMargin+float64(i/columns)*(keySide+keyGap))*p.unit
		ctx.SetFillColor(dayColor(d.GetNumber()))
		ctx.SetStrokeColor(canvas.Transparent)
		ctx.DrawPath(left, top, canvas.RoundedRectangle(side, side, side/6))
		p.drawNumber(ctx, int(d.GetNumber()), 6.5*p.unit, left+side/2, top+side/2)
	}
}

func (p *painter) drawKey(ctx *canvas.Context, v mapView, days []*typev1.Day) {
	ctx.SetStrokeColor(mapGrid)
	ctx.SetStrokeWidth(0.2 * p.unit)
	ctx.MoveTo(v.x, v.y+v.h)
	ctx.LineTo(v.x+v.w, v.y+v.h)
	ctx.Stroke()
	baseline := v.y + v.h + (keyBottom-2)*p.unit
	p.drawNorth(ctx, v.x+4*p.unit, baseline)
	used := p.drawScale(ctx, v, v.x+8*p.unit, baseline)
	p.drawModes(ctx, days, used+3*p.unit, v.x+v.w-3*p.unit, baseline)
}

// drawNorth draws an arrow with an N above a point: maps are north up.
func (p *painter) drawNorth(ctx *canvas.Context, x, baseline float64) {
	arrow := new(canvas.Path)
	arrow.MoveTo(x, baseline-4.2*p.unit)
	arrow.LineTo(x+1.2*p.unit, baseline)
	arrow.LineTo(x, baseline-0.9*p.unit)
	arrow.LineTo(x-1.2*p.unit, baseline)
	arrow.Close()
	ctx.SetStrokeColor(canvas.Transparent)
	ctx.SetFillColor(ink)
	ctx.DrawPath(0, 0, arrow)
	n := p.fonts.text("N", style{5 * p.unit, true, ink}, 0, canvas.Left)
	ctx.DrawText(x+1.4*p.unit, baseline-4.4*p.unit, n)
}

// drawScale draws the scale from x on and gives where it ends.
func (p *painter) drawScale(ctx *canvas.Context, v mapView, x, baseline float64) float64 {
	metres := niceLength(v.w / 4 / v.mmPerMetre())
	length := metres * v.mmPerMetre()
	label := fmt.Sprintf("%.0f m", metres)
	if metres >= 1000 {
		label = fmt.Sprintf("%.0f km", metres/1000)
	}
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(ink)
	ctx.SetStrokeWidth(0.4 * p.unit)
	ctx.MoveTo(x, baseline-1*p.unit)
	ctx.LineTo(x, baseline)
	ctx.LineTo(x+length, baseline)
	ctx.LineTo(x+length, baseline-1*p.unit)
	ctx.Stroke()
	t := p.fonts.text(label, p.keyStyle(), 0, canvas.Left)
	ctx.DrawText(x, baseline-4.2*p.unit, t)
	return max(x+length, x+t.Bounds().W())
}

// modeKey is how the line of one mode of travel is explained.
type modeKey struct {
	mode typev1.LegMode
	name *canvas.Text
}

// modeKeys explains the modes that are on the map, the first one leftmost, with texts of a share of their usual size; width
// is what they need.
func (p *painter) modeKeys(days []*typev1.Day, share float64) (keys []modeKey, width float64) {
	used := map[typev1.LegMode]bool{}
	for _, d := range days {
		for i, leg := range d.GetLegs() {
			used[leg.GetMode()] = used[leg.GetMode()] || len(line(d, i)) > 1
		}
	}
	small := p.keyStyle()
	small.size *= share
	for mode := typev1.LegMode_LEG_MODE_WALK; mode <= typev1.LegMode_LEG_MODE_TAXI; mode++ {
		if used[mode] {
			name := p.fonts.text(modeNames[mode].In(p.sheet.Language), small, 0, canvas.Left)
			keys = append(keys, modeKey{mode, name})
			width += name.Bounds().W() + (keySample+keyPad)*p.unit*share
		}
	}
	return keys, width + float64(max(0, len(keys)-1))*keyPad*2*p.unit*share
}

// keySample is the length of a mode's line, keyPad the space to its name, and half of that to the next mode.
const keySample, keyPad = 7.0, 1.2

// drawModes says which line is which mode of travel, as large as there is room for all of them.
func (p *painter) drawModes(ctx *canvas.Context, days []*typev1.Day, left, right, baseline float64) {
	share := 1.0
	keys, width := p.modeKeys(days, share)
	for width > right-left && share > 0.4 {
		share -= 0.1
		keys, width = p.modeKeys(days, share)
	}
	x := right - width
	for _, k := range keys {
		sample := keySample * p.unit * share
		path := new(canvas.Path)
		path.MoveTo(x, baseline-p.unit)
		path.LineTo(x+sample, baseline-p.unit)
		p.drawLine(ctx, path, k.mode, soft)
		x += sample + keyPad*p.unit*share
		ctx.DrawText(x, baseline-p.unit-k.name.Bounds().H()/2, k.name)
		x += k.name.Bounds().W() + 2*keyPad*p.unit*share
	}
}
