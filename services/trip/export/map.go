package export

import (
	"fmt"
	"image/color"
	"math"

	"github.com/tdewolff/canvas"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Maps are drawn from the itinerary alone: stops, ways and a scale, no tiles. Lengths are in mm.

// dayColors are told apart also by most who see colours differently (Okabe and Ito, 2008); they repeat.
var dayColors = []color.RGBA{
	canvas.Hex("#0072b2"), canvas.Hex("#d55e00"), canvas.Hex("#009e73"), canvas.Hex("#cc79a7"), canvas.Hex("#7a5195"),
	canvas.Hex("#b8860b"), canvas.Hex("#56b4e9"),
}

func dayColor(number int32) color.RGBA {
	return dayColors[(int(number)+len(dayColors)-1)%len(dayColors)]
}

var (
	paper   = canvas.Hex("#f6f4ee")
	frame   = canvas.Hex("#c9c4b8")
	ink     = canvas.Hex("#222222")
	soft    = canvas.Hex("#666666")
	white   = canvas.Hex("#ffffff")
	mapGrid = canvas.Hex("#e7e3d8")
)

// dashes of a leg by how it is travelled, in widths of its line.
var dashes = map[typev1.LegMode][]float64{
	typev1.LegMode_LEG_MODE_WALK: {0.1, 2}, typev1.LegMode_LEG_MODE_TRANSIT: {4, 2}, typev1.LegMode_LEG_MODE_TAXI: {6, 2, 1, 2},
}

// mapView puts points of the globe into a rectangle, by Mercator's projection.
type mapView struct {
	x, y, w, h float64 // the rectangle, y downwards
	scale      float64 // mm for a radian at the equator
	cx, cy     float64 // the projected centre
	lat        float64 // of the centre, radians
}

func project(p *typev1.LatLng) (x, y float64) {
	lat := min(85, max(-85, p.GetLatitude())) * math.Pi / 180
	return p.GetLongitude() * math.Pi / 180, -math.Log(math.Tan(math.Pi/4 + lat/2))
}

const (
	mapMargin = 0.12 // of the rectangle, on each side
	// leastSpan is about 400 m: a day in one place is not looked at through a microscope.
	leastSpan = 400.0 / earthRadius
	// farAway leaves a point out of the view that would make the others' area this many times smaller in length.
	farAway     = 5.0
	earthRadius = 6_371_000.0
)

// view fits all points; those of arrivals and departures only if they do not make the rest too small.
func view(days []*typev1.Day, x, y, w, h float64) (mapView, bool) {
	var core, all box
	for _, d := range days {
		for _, s := range d.GetStops() {
			if s.GetLocation() == nil {
				continue
			}
			px, py := project(s.GetLocation())
			all.add(px, py)
			if numbered(s) || s.GetKind() == typev1.StopKind_STOP_KIND_LODGING {
				core.add(px, py)
			}
		}
	}
	if !all.any {
		return mapView{}, false
	}
	b := all
	if core.any && all.span() > farAway*max(core.span(), leastSpan) {
		b = core
	}
	width, height := max(b.x1-b.x0, leastSpan), max(b.y1-b.y0, leastSpan)
	v := mapView{x: x, y: y, w: w, h: h, cx: (b.x0 + b.x1) / 2, cy: (b.y0 + b.y1) / 2}
	v.scale = min(w*(1-2*mapMargin)/width, h*(1-2*mapMargin)/height)
	v.lat = 2*math.Atan(math.Exp(-v.cy)) - math.Pi/2
	return v, true
}

// box is a bounding box.
type box struct {
	x0, y0, x1, y1 float64
	any            bool
}

func (b *box) add(x, y float64) {
	if !b.any {
		*b = box{x, y, x, y, true}
		return
	}
	b.x0, b.y0, b.x1, b.y1 = min(b.x0, x), min(b.y0, y), max(b.x1, x), max(b.y1, y)
}

func (b *box) span() float64 { return max(b.x1-b.x0, b.y1-b.y0) }

func (v mapView) at(p *typev1.LatLng) (x, y float64) {
	px, py := project(p)
	return v.x + v.w/2 + (px-v.cx)*v.scale, v.y + v.h/2 + (py-v.cy)*v.scale
}

// drawMap draws days into a rectangle. unit is the size of what stands on the map: 1 for paper.
func (p *painter) drawMap(ctx *canvas.Context, days []*typev1.Day, x, y, w, h float64) {
	ctx.SetFillColor(paper)
	ctx.SetStrokeColor(canvas.Transparent)
	ctx.DrawPath(x, y, canvas.Rectangle(w, h))
	v, ok := view(days, x, y, w, h)
	if !ok {
		p.drawText(ctx, p.sheet.say("위치를 아는 장소가 없습니다.", "No place's position is known."), style{p.size, false, soft}, x, y+h/2, w, canvas.Center)
		return
	}
	p.drawGrid(ctx, v)
	for _, d := range days {
		for i, leg := range d.GetLegs() {
			p.drawLeg(ctx, v, d, leg.GetMode(), line(d, i))
		}
	}
	p.drawMarkers(ctx, v, days)
	p.drawScale(ctx, v)
	p.drawLegend(ctx, v, days)
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(frame)
	ctx.SetStrokeWidth(0.25 * p.unit)
	ctx.DrawPath(x, y, canvas.Rectangle(w, h))
}

// niceLength is the largest of 1, 2, 5 × 10ⁿ that is not above a length.
func niceLength(metres float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(metres)))
	for _, step := range []float64{5, 2} {
		if step*power <= metres {
			return step * power
		}
	}
	return power
}

// mmPerMetre at the centre.
func (v mapView) mmPerMetre() float64 { return v.scale / (earthRadius * math.Cos(v.lat)) }

// drawGrid draws lines a nice length apart.
func (p *painter) drawGrid(ctx *canvas.Context, v mapView) {
	step := niceLength(v.w/4/v.mmPerMetre()) * v.mmPerMetre()
	ctx.SetStrokeColor(mapGrid)
	ctx.SetStrokeWidth(0.2 * p.unit)
	for x := math.Mod(v.w/2, step); x < v.w; x += step {
		ctx.MoveTo(v.x+x, v.y)
		ctx.LineTo(v.x+x, v.y+v.h)
		ctx.Stroke()
	}
	for y := math.Mod(v.h/2, step); y < v.h; y += step {
		ctx.MoveTo(v.x, v.y+y)
		ctx.LineTo(v.x+v.w, v.y+y)
		ctx.Stroke()
	}
}

func (p *painter) drawLeg(ctx *canvas.Context, v mapView, d *typev1.Day, mode typev1.LegMode, way []*typev1.LatLng) {
	if len(way) < 2 {
		return
	}
	path := new(canvas.Path)
	for i, point := range way {
		x, y := v.at(point)
		if i == 0 {
			path.MoveTo(x, y)
		} else {
			path.LineTo(x, y)
		}
	}
	width := 0.7 * p.unit
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(dayColor(d.GetNumber()))
	ctx.SetStrokeWidth(width)
	ctx.SetStrokeCapper(canvas.RoundCap)
	scaled := make([]float64, len(dashes[mode]))
	for i, dash := range dashes[mode] {
		scaled[i] = dash * width
	}
	ctx.SetDashes(0, scaled...)
	ctx.DrawPath(0, 0, path.Clip(v.x, v.y, v.x+v.w, v.y+v.h))
	ctx.SetDashes(0)
}

// fullSize is how many markers a map can have before they are drawn smaller.
const fullSize = 30.0

// marker is a stop on the map.
type marker struct {
	x, y   float64 // where the stop is
	mx, my float64 // where its number is
	number int
	day    int32
	home   bool
}

func (p *painter) drawMarkers(ctx *canvas.Context, v mapView, days []*typev1.Day) {
	markers := v.markers(days)
	unit := p.unit * min(1, math.Sqrt(fullSize/max(1, float64(len(markers)))))
	radius := 2.2 * unit
	spread(markers, 2*radius+0.3*unit, v, radius)
	for _, m := range markers {
		if math.Hypot(m.mx-m.x, m.my-m.y) > radius {
			ctx.SetStrokeColor(dayColor(m.day))
			ctx.SetStrokeWidth(0.3 * unit)
			ctx.MoveTo(m.x, m.y)
			ctx.LineTo(m.mx, m.my)
			ctx.Stroke()
		}
	}
	for _, m := range markers {
		ctx.SetStrokeColor(white)
		ctx.SetStrokeWidth(0.4 * unit)
		if m.home {
			ctx.SetFillColor(ink)
			ctx.DrawPath(m.mx, m.my, canvas.Circle(radius*0.6))
			continue
		}
		ctx.SetFillColor(dayColor(m.day))
		ctx.DrawPath(m.mx, m.my, canvas.Circle(radius))
		p.drawNumber(ctx, m.number, 7.5*unit, m.mx, m.my)
	}
}

// drawLegend says which colour is which day, where there are several.
func (p *painter) drawLegend(ctx *canvas.Context, v mapView, days []*typev1.Day) {
	if len(days) < 2 {
		return
	}
	side := 3.6 * p.unit
	x, y := v.x+2*p.unit, v.y+2*p.unit
	for _, d := range days {
		if x+side > v.x+v.w-2*p.unit {
			x, y = v.x+2*p.unit, y+side+0.6*p.unit
		}
		ctx.SetFillColor(dayColor(d.GetNumber()))
		ctx.SetStrokeColor(canvas.Transparent)
		ctx.DrawPath(x, y, canvas.RoundedRectangle(side, side, side/6))
		p.drawNumber(ctx, int(d.GetNumber()), 6.5*p.unit, x+side/2, y+side/2)
		x += side + 0.6*p.unit
	}
}

// markers of all stops within the view: each place where the group sleeps, comes or goes once, the others with numbers.
func (v mapView) markers(days []*typev1.Day) []marker {
	var homes, all []marker
	seen := map[string]bool{}
	for _, d := range days {
		for i, n := range numbers(d) {
			s := d.GetStops()[i]
			if s.GetLocation() == nil || s.GetKind() == typev1.StopKind_STOP_KIND_REST {
				continue
			}
			x, y := v.at(s.GetLocation())
			if x < v.x || x > v.x+v.w || y < v.y || y > v.y+v.h {
				continue
			}
			m := marker{x: x, y: y, mx: x, my: y, number: n, day: d.GetNumber(), home: n == 0}
			if key := fmt.Sprintf("%.5f,%.5f", s.GetLocation().GetLatitude(), s.GetLocation().GetLongitude()); n > 0 {
				all = append(all, m)
			} else if !seen[key] {
				seen[key] = true
				homes = append(homes, m)
			}
		}
	}
	return append(homes, all...)
}

// spread moves numbers apart that lie on each other, a little at a time, and keeps them in the view.
func spread(markers []marker, apart float64, v mapView, radius float64) {
	for range 60 {
		for i := range markers {
			for j := i + 1; j < len(markers); j++ {
				a, b := &markers[i], &markers[j]
				dx, dy := b.mx-a.mx, b.my-a.my
				distance := math.Hypot(dx, dy)
				if distance >= apart {
					continue
				}
				if distance < 1e-6 { // the same place: apart by their order
					dx, dy, distance = math.Cos(float64(j)), math.Sin(float64(j)), 1
				}
				push := (apart - min(distance, apart)) / 2 / distance
				if distance == 1 {
					push = apart / 4
				}
				a.mx, a.my, b.mx, b.my = a.mx-dx*push, a.my-dy*push, b.mx+dx*push, b.my+dy*push
			}
		}
		for i := range markers {
			m := &markers[i]
			m.mx = min(v.x+v.w-radius, max(v.x+radius, m.mx))
			m.my = min(v.y+v.h-radius, max(v.y+radius, m.my))
		}
	}
}

func (p *painter) drawScale(ctx *canvas.Context, v mapView) {
	metres := niceLength(v.w / 4 / v.mmPerMetre())
	length := metres * v.mmPerMetre()
	label := fmt.Sprintf("%.0f m", metres)
	if metres >= 1000 {
		label = fmt.Sprintf("%.0f km", metres/1000)
	}
	x, y := v.x+3*p.unit, v.y+v.h-3*p.unit
	ctx.SetStrokeColor(ink)
	ctx.SetStrokeWidth(0.4 * p.unit)
	ctx.MoveTo(x, y-1*p.unit)
	ctx.LineTo(x, y)
	ctx.LineTo(x+length, y)
	ctx.LineTo(x+length, y-1*p.unit)
	ctx.Stroke()
	p.drawText(ctx, label, style{6.5 * p.unit, false, ink}, x, y-4*p.unit, 0, canvas.Left)
}
