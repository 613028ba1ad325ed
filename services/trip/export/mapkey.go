package export

import (
	"fmt"

	"github.com/tdewolff/canvas"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// rect is a rectangle on the page, y downwards.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) overlaps(o rect) bool { return r.x0 < o.x1 && o.x0 < r.x1 && r.y0 < o.y1 && o.y0 < r.y1 }

func (r rect) within(o rect) bool {
	return r.x0 >= o.x0 && r.y0 >= o.y0 && r.x1 <= o.x1 && r.y1 <= o.y1
}

// drawKey draws what explains a map: the scale, where north is, the days' colours and the modes' lines. It gives the
// rectangles that these take.
func (p *painter) drawKey(ctx *canvas.Context, v mapView, days []*typev1.Day) []rect {
	taken := []rect{p.drawScale(ctx, v), p.drawNorth(ctx, v)}
	taken = append(taken, p.drawDays(ctx, v, days)...)
	return append(taken, p.drawModes(ctx, v, days)...)
}

func (p *painter) keyStyle() style { return style{6.5 * p.unit, false, ink} }

func (p *painter) drawScale(ctx *canvas.Context, v mapView) rect {
	metres := niceLength(v.w / 4 / v.mmPerMetre())
	length := metres * v.mmPerMetre()
	label := fmt.Sprintf("%.0f m", metres)
	if metres >= 1000 {
		label = fmt.Sprintf("%.0f km", metres/1000)
	}
	x, y := v.x+3*p.unit, v.y+v.h-3*p.unit
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(ink)
	ctx.SetStrokeWidth(0.4 * p.unit)
	ctx.MoveTo(x, y-1*p.unit)
	ctx.LineTo(x, y)
	ctx.LineTo(x+length, y)
	ctx.LineTo(x+length, y-1*p.unit)
	ctx.Stroke()
	p.drawText(ctx, label, p.keyStyle(), x, y-4*p.unit, 0, canvas.Left)
	return rect{x - p.unit, y - 4.5*p.unit, x + length + p.unit, v.y + v.h}
}

// drawNorth draws an arrow at the top right: maps are north up.
func (p *painter) drawNorth(ctx *canvas.Context, v mapView) rect {
	x, y := v.x+v.w-4*p.unit, v.y+2.5*p.unit
	arrow := new(canvas.Path)
	arrow.MoveTo(x, y)
	arrow.LineTo(x+1.3*p.unit, y+4*p.unit)
	arrow.LineTo(x, y+3.1*p.unit)
	arrow.LineTo(x-1.3*p.unit, y+4*p.unit)
	arrow.Close()
	ctx.SetStrokeColor(canvas.Transparent)
	ctx.SetFillColor(ink)
	ctx.DrawPath(0, 0, arrow)
	n := p.fonts.text("N", p.keyStyle(), 0, canvas.Left)
	ctx.DrawText(x-n.Bounds().W()/2, y+4.3*p.unit, n)
	return rect{x - 2*p.unit, v.y, v.x + v.w, y + 7.5*p.unit}
}

// drawDays says which colour is which day, where there are several.
func (p *painter) drawDays(ctx *canvas.Context, v mapView, days []*typev1.Day) []rect {
	if len(days) < 2 {
		return nil
	}
	var taken []rect
	side := 3.6 * p.unit
	x, y := v.x+2*p.unit, v.y+2*p.unit
	for _, d := range days {
		if x+side > v.x+v.w-7*p.unit {
			x, y = v.x+2*p.unit, y+side+0.6*p.unit
		}
		ctx.SetFillColor(dayColor(d.GetNumber()))
		ctx.SetStrokeColor(canvas.Transparent)
		ctx.DrawPath(x, y, canvas.RoundedRectangle(side, side, side/6))
		p.drawNumber(ctx, int(d.GetNumber()), 6.5*p.unit, x+side/2, y+side/2)
		taken = append(taken, rect{x, y, x + side, y + side})
		x += side + 0.6*p.unit
	}
	return taken
}

// drawModes says which line is which mode of travel, of those on the map, at the bottom right; on a map too narrow for
// one it is left out.
func (p *painter) drawModes(ctx *canvas.Context, v mapView, days []*typev1.Day) []rect {
	used := map[typev1.LegMode]bool{}
	for _, d := range days {
		for i, leg := range d.GetLegs() {
			used[leg.GetMode()] = used[leg.GetMode()] || len(line(d, i)) > 1
		}
	}
	var taken []rect
	sample, y := 7*p.unit, v.y+v.h-5.2*p.unit
	right := v.x + v.w - 3*p.unit
	for mode := typev1.LegMode_LEG_MODE_TAXI; mode > typev1.LegMode_LEG_MODE_UNSPECIFIED; mode-- {
		if !used[mode] {
			continue
		}
		name := p.fonts.text(modeNames[mode].In(p.sheet.Language), p.keyStyle(), 0, canvas.Left)
		left := right - name.Bounds().W() - sample - 1.2*p.unit
		if left < v.x+v.w*0.4 {
			break
		}
		path := new(canvas.Path)
		path.MoveTo(left, y+1.4*p.unit)
		path.LineTo(left+sample, y+1.4*p.unit)
		p.drawLine(ctx, path, mode, soft)
		ctx.DrawText(left+sample+1.2*p.unit, y, name)
		taken = append(taken, rect{left - p.unit, y - 0.5*p.unit, right + p.unit, v.y + v.h})
		right = left - 2.5*p.unit
	}
	return taken
}
