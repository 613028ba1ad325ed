package export

import (
	"fmt"
	"image/color"
	"math"

	"github.com/tdewolff/canvas"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Maps are drawn from the itinerary alone: stops, ways and a scale, no tiles. Lengths are in mm.

// dayColors differ for two weeks and then repeat. White numbers are read on each (contrast at least 4.5, WCAG 2.2), and
// neighbours are told apart also by most who see colours differently.
var dayColors = []color.RGBA{
	canvas.Hex("#0067a3"), canvas.Hex("#c24a00"), canvas.Hex("#00795c"), canvas.Hex("#b03a84"), canvas.Hex("#66459b"),
	canvas.Hex("#80630a"), canvas.Hex("#b3202c"), canvas.Hex("#00737e"), canvas.Hex("#7b4526"), canvas.Hex("#3c50b5"),
	canvas.Hex("#48731b"), canvas.Hex("#8a2a6f"), canvas.Hex("#56606b"), canvas.Hex("#c2185b"),
}

func dayColor(number int32) color.RGBA {
	return dayColors[dayColorIndex(number)]
}

func dayColorIndex(number int32) int { return (int(number) + len(dayColors) - 1) % len(dayColors) }

var (
	paper   = canvas.Hex("#f6f4ee")
	frame   = canvas.Hex("#c9c4b8")
	ink     = canvas.Hex("#222222")
	soft    = canvas.Hex("#666666")
	white   = canvas.Hex("#ffffff")
	mapGrid = canvas.Hex("#e7e3d8")
	// labelGround lets a name be read where a way passes below it; it is the paper's colour, a little see-through.
	labelGround = canvas.RGBA(0xf6, 0xf4, 0xee, 0.8)
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
	meridian   float64 // longitudes are counted from it, so that a trip over the date line lies in one piece
}

func (v mapView) project(p *typev1.LatLng) (x, y float64) {
	lat := min(85, max(-85, p.GetLatitude())) * math.Pi / 180
	return math.Remainder(p.GetLongitude()-v.meridian, 360) * math.Pi / 180, -math.Log(math.Tan(math.Pi/4 + lat/2))
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
	v := mapView{x: x, y: y, w: w, h: h}
	for _, d := range days {
		for _, s := range d.GetStops() {
			if s.GetLocation() == nil {
				continue
			}
			if !all.any {
				v.meridian = s.GetLocation().GetLongitude()
			}
			px, py := v.project(s.GetLocation())
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
	v.cx, v.cy = (b.x0+b.x1)/2, (b.y0+b.y1)/2
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
	px, py := v.project(p)
	return v.x + v.w/2 + (px-v.cx)*v.scale, v.y + v.h/2 + (py-v.cy)*v.scale
}

// drawMap draws days into a rectangle. unit is the size of what stands on the map: 1 for paper.
func (p *painter) drawMap(ctx *canvas.Context, days []*typev1.Day, x, y, w, h float64) {
	ctx.SetFillColor(paper)
	ctx.SetStrokeColor(canvas.Transparent)
	ctx.DrawPath(x, y, canvas.Rectangle(w, h))
	// The key has the edges for itself, so that it hides nothing.
	top := p.keyTop(days, w)
	if v, ok := view(days, x, y+top, w, h-top-keyBottom*p.unit); ok {
		p.drawGrid(ctx, v)
		p.drawStops(ctx, v, days)
		p.drawDays(ctx, days, x, y, w)
		p.drawKey(ctx, v, days)
	} else {
		p.drawText(ctx, p.nothing(days), style{p.size, false, soft}, x, y+h/2, w, canvas.Center)
	}
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(frame)
	ctx.SetStrokeWidth(0.25 * p.unit)
	ctx.DrawPath(x, y, canvas.Rectangle(w, h))
}

// nothing says why a map is empty.
func (p *painter) nothing(days []*typev1.Day) string {
	for _, d := range days {
		if len(d.GetStops()) > 0 {
			return p.sheet.say("위치를 아는 장소가 없습니다.", "No place's position is known.")
		}
	}
	return p.sheet.say("아직 일정이 없습니다.", "Nothing is planned yet.")
}

// drawStops draws the ways, the markers and, unless they are too many, their names.
func (p *painter) drawStops(ctx *canvas.Context, v mapView, days []*typev1.Day) {
	markers := v.markers(days)
	crowd := *p
	crowd.unit *= min(1, math.Sqrt(fullSize/max(1, float64(len(markers)))))
	var lines [][]xy
	for _, d := range days {
		for i, leg := range d.GetLegs() {
			way := v.way(line(d, i))
			crowd.drawLeg(ctx, v, d, leg.GetMode(), way)
			lines = append(lines, way)
		}
	}
	crowd.drawMarkers(ctx, v, markers)
	if len(markers) <= mostLabels {
		p.drawLabels(ctx, v, markers, lines)
	}
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

// xy is a point on the page.
type xy struct{ x, y float64 }

func (v mapView) way(points []*typev1.LatLng) []xy {
	var way []xy
	for _, p := range points {
		x, y := v.at(p)
		way = append(way, xy{x, y})
	}
	return way
}

func (p *painter) drawLeg(ctx *canvas.Context, v mapView, d *typev1.Day, mode typev1.LegMode, way []xy) {
	if len(way) < 2 {
		return
	}
	path := new(canvas.Path)
	for i, point := range way {
		if i == 0 {
			path.MoveTo(point.x, point.y)
		} else {
			path.LineTo(point.x, point.y)
		}
	}
	p.drawLine(ctx, path.Clip(v.x, v.y, v.x+v.w, v.y+v.h), mode, dayColor(d.GetNumber()))
}

// drawLine draws a way in the style of how it is travelled.
func (p *painter) drawLine(ctx *canvas.Context, path *canvas.Path, mode typev1.LegMode, c color.Color) {
	width := 0.7 * p.unit
	ctx.SetFillColor(canvas.Transparent)
	ctx.SetStrokeColor(c)
	ctx.SetStrokeWidth(width)
	ctx.SetStrokeCapper(canvas.RoundCap)
	scaled := make([]float64, len(dashes[mode]))
	for i, dash := range dashes[mode] {
		scaled[i] = dash * width
	}
	ctx.SetDashes(0, scaled...)
	ctx.DrawPath(0, 0, path)
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
	stop   *typev1.Stop
}

// markerRadius goes with the unit of what stands on the map.
const markerRadius = 2.2

func (p *painter) drawMarkers(ctx *canvas.Context, v mapView, markers []marker) {
	unit := p.unit
	radius := markerRadius * unit
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
			m := marker{x: x, y: y, mx: x, my: y, number: n, day: d.GetNumber(), home: n == 0, stop: s}
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
