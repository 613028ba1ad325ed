package export

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/canvas"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// painter lays out a sheet. Lengths are in mm, sizes of text in points.
type painter struct {
	sheet Sheet
	fonts *Fonts
	// unit scales lines and markers, and size is that of the text.
	unit, size float64
	tells      telling
}

// block is a part of a page that is not broken.
type block struct {
	height float64
	draw   func(ctx *canvas.Context, x, y float64)
	// withNext keeps it on the page of the next one.
	withNext bool
}

func (p *painter) drawText(ctx *canvas.Context, s string, st style, x, y, width float64, align canvas.TextAlign) {
	ctx.DrawText(x, y, p.fonts.text(s, st, width, align))
}

// drawNumber puts a number's outline exactly around a point.
func (p *painter) drawNumber(ctx *canvas.Context, n int, size, x, y float64) {
	outline, _, err := p.fonts.bold[0].loaded.Face(size, white).ToPath(strconv.Itoa(n))
	if err != nil { // a font without digits was refused when it was loaded
		return
	}
	outline = outline.Transform(canvas.Identity.ReflectY()) // outlines have y upwards
	b := outline.Bounds()
	ctx.SetFillColor(white)
	ctx.SetStrokeColor(canvas.Transparent)
	ctx.DrawPath(x-(b.X0+b.X1)/2, y-(b.Y0+b.Y1)/2, outline)
}

// paragraph is a text as a block.
func (p *painter) paragraph(s string, st style, width, indent, below float64) block {
	t := p.fonts.text(s, st, width-indent, canvas.Left)
	return block{height: textHeight(t) + below, draw: func(ctx *canvas.Context, x, y float64) { ctx.DrawText(x+indent, y, t) }}
}

func textHeight(t *canvas.Text) float64 { return t.Bounds().H() }

func space(height float64) block {
	return block{height: height, draw: func(*canvas.Context, float64, float64) {}}
}

// dayBlocks are a day's header, map, stops and legs, and what to mind.
func (p *painter) dayBlocks(d *typev1.Day, width, mapHeight float64) []block {
	blocks := p.header(d, width)
	blocks = append(blocks, block{height: mapHeight, draw: func(ctx *canvas.Context, x, y float64) {
		p.drawMap(ctx, []*typev1.Day{d}, x, y, width, mapHeight)
	}}, space(p.mm(1.2)))
	for i, n := range numbers(d) {
		stop := p.stop(d, i, n, width)
		blocks = append(blocks, stop)
		if i < len(d.GetLegs()) && d.GetLegs()[i].GetMetres() > 0 {
			blocks[len(blocks)-1].withNext = true
			blocks = append(blocks, p.leg(d.GetLegs()[i], width))
		}
	}
	return append(blocks, p.remarks(d, width)...)
}

// mm is a length that goes with the text: 1 is a line's height, about.
func (p *painter) mm(lines float64) float64 { return lines * p.size * 0.42 }

func (p *painter) header(d *typev1.Day, width float64) []block {
	title := p.paragraph(p.sheet.dayTitle(d), style{p.size * 1.9, true, dayColor(d.GetNumber())}, width, 0, p.mm(0.2))
	blocks := []block{
		p.paragraph(p.sheet.TripName, style{p.size, false, soft}, width, 0, p.mm(0.1)), title,
		p.paragraph(strings.Join(nonEmpty(p.sheet.date(d), p.sheet.weather(d)), "  ·  "), style{p.size, false, ink}, width, 0, p.mm(0.3)),
	}
	if text := p.sheet.text(d.GetTitle()); text != "" {
		blocks = append(blocks, p.paragraph(text, style{p.size, false, soft}, width, 0, p.mm(0.3)))
	}
	for i := range blocks {
		blocks[i].withNext = true
	}
	return blocks
}

// date is a day's date with its weekday.
func (s Sheet) date(d *typev1.Day) string {
	date, weekday := d.GetDate(), instant(d, new(typev1.TimeOfDay)).Weekday()
	days := [...]string{"일", "월", "화", "수", "목", "금", "토"}
	return fmt.Sprintf("%d-%02d-%02d ", date.GetYear(), date.GetMonth(), date.GetDay()) +
		s.say("("+days[weekday]+")", "("+weekday.String()[:3]+")")
}

var weatherNames = map[typev1.WeatherKind][2]string{
	typev1.WeatherKind_WEATHER_KIND_CLEAR: {"맑음", "Clear"}, typev1.WeatherKind_WEATHER_KIND_CLOUDS: {"흐림", "Clouds"},
	typev1.WeatherKind_WEATHER_KIND_RAIN: {"비", "Rain"}, typev1.WeatherKind_WEATHER_KIND_SNOW: {"눈", "Snow"},
	typev1.WeatherKind_WEATHER_KIND_STORM: {"뇌우", "Thunderstorm"}, typev1.WeatherKind_WEATHER_KIND_FOG: {"안개", "Fog"},
}

// weather is a day's weather in words; empty where it is not known.
func (s Sheet) weather(d *typev1.Day) string {
	w := d.GetWeather()
	name, ok := weatherNames[w.GetKind()]
	if !ok {
		return ""
	}
	text := fmt.Sprintf(s.say("%s, %.0f~%.0f °C", "%s, %.0f to %.0f °C"), s.say(name[0], name[1]),
		w.GetMinCelsius(), w.GetMaxCelsius())
	if w.GetNormals() {
		text += s.say(" (예년 기후)", " (climate normals)")
	}
	return text
}

// stay is from when to when a stop is.
func stay(s *typev1.Stop) string {
	if s.GetLeave().GetMinutes() > s.GetArrive().GetMinutes() {
		return clock(s.GetArrive()) + "–" + clock(s.GetLeave())
	}
	return clock(s.GetArrive())
}

// column is where the texts of stops and legs begin, in lines.
const column = 5.2

// stop is the i-th stop of a day, with the line that leads from stop to stop.
func (p *painter) stop(d *typev1.Day, i, number int, width float64) block {
	s, last := d.GetStops()[i], i == len(d.GetStops())-1
	indent := p.mm(column)
	times := stay(s)
	name := p.fonts.text(p.sheet.text(s.GetName()), style{p.size * 1.1, number > 0, ink}, width-indent-p.mm(2.2), canvas.Left)
	detail := p.detail(s)
	details := p.fonts.text(detail, style{p.size * 0.85, false, soft}, width-indent-p.mm(2.2), canvas.Left)
	height := textHeight(name)
	if detail != "" {
		height += textHeight(details)
	}
	height = max(height, p.mm(1.6)) + p.mm(0.2)
	return block{height: height, draw: func(ctx *canvas.Context, x, y float64) {
		middle := y + p.mm(0.75)
		if i > 0 {
			p.drawThread(ctx, x, y, middle)
		}
		if !last {
			p.drawThread(ctx, x, middle, y+height)
		}
		p.drawText(ctx, times, style{p.size * 0.95, false, ink}, x, y+p.mm(0.1), 0, canvas.Left)
		p.bullet(ctx, d, number, x+indent+p.mm(0.7), middle)
		ctx.DrawText(x+indent+p.mm(2), y, name)
		if detail != "" {
			ctx.DrawText(x+indent+p.mm(2), y+textHeight(name), details)
		}
	}}
}

// drawThread draws a piece of the line that leads from stop to stop down a page with its margin at x.
func (p *painter) drawThread(ctx *canvas.Context, x, from, to float64) {
	ctx.SetStrokeColor(frame)
	ctx.SetStrokeWidth(0.3 * p.unit)
	ctx.MoveTo(x+p.mm(column+0.7), from)
	ctx.LineTo(x+p.mm(column+0.7), to)
	ctx.Stroke()
}

// bullet is a stop's number as on the map, or a dot.
func (p *painter) bullet(ctx *canvas.Context, d *typev1.Day, number int, x, y float64) {
	ctx.SetStrokeColor(canvas.Transparent)
	if number == 0 {
		ctx.SetFillColor(soft)
		ctx.DrawPath(x, y, canvas.Circle(p.mm(0.22)))
		return
	}
	ctx.SetFillColor(dayColor(d.GetNumber()))
	ctx.DrawPath(x, y, canvas.Circle(p.mm(0.62)))
	p.drawNumber(ctx, number, p.size*0.8, x, y)
}

func (p *painter) detail(s *typev1.Stop) string {
	if p.tells == onlyNames {
		return ""
	}
	parts := append(p.sheet.facts(s), nonEmpty(p.sheet.text(s.GetNote()))...)
	if p.tells == everything {
		parts = append(parts, nonEmpty(p.sheet.text(s.GetWhy()))...)
	}
	return strings.Join(parts, "  ·  ")
}

// facts are what is known of a stop's place: its name there, its hours, where to park.
func (s Sheet) facts(stop *typev1.Stop) []string {
	parts := nonEmpty(s.localName(stop))
	switch o := stop.GetOpening(); {
	case o == nil:
	case o.GetClose().GetMinutes()-o.GetOpen().GetMinutes() >= 24*60:
		parts = append(parts, s.say("종일 개방", "open all day"))
	default:
		parts = append(parts, fmt.Sprintf(s.say("영업 %s–%s", "open %s–%s"), clock(o.GetOpen()), clock(o.GetClose())))
	}
	for _, parking := range stop.GetParking() {
		parts = append(parts, fmt.Sprintf(s.say("주차 %s (도보 %d m)", "parking %s (%d m on foot)"),
			s.text(parking.GetName()), parking.GetWalkMetres()))
	}
	return parts
}

// way is a leg in words.
func (s Sheet) way(l *typev1.Leg) string {
	parts := []string{
		modeNames[l.GetMode()].In(s.Language), fmt.Sprintf(s.say("%d분", "%d min"), l.GetMinutes()), distance(l.GetMetres()),
	}
	if l.GetMode() == typev1.LegMode_LEG_MODE_WALK && l.GetKilocalories() > 0 {
		parts = append(parts, fmt.Sprintf("%d kcal", l.GetKilocalories()))
	}
	if l.GetMode() == typev1.LegMode_LEG_MODE_TRANSIT && l.GetTransfers() >= 0 && len(l.GetLines()) > 0 {
		parts = append(parts, fmt.Sprintf(s.say("환승 %d번", "%d transfers"), l.GetTransfers()), strings.Join(l.GetLines(), " → "))
	}
	return strings.Join(parts, " · ")
}

func (p *painter) leg(l *typev1.Leg, width float64) block {
	b := p.paragraph(p.sheet.way(l), style{p.size * 0.8, false, soft}, width, p.mm(column+2), p.mm(0.4))
	inner := b.draw
	b.draw = func(ctx *canvas.Context, x, y float64) {
		p.drawThread(ctx, x, y, y+b.height)
		inner(ctx, x, y)
	}
	return b
}

func distance(metres int32) string {
	if metres < 1000 {
		return fmt.Sprintf("%d m", metres)
	}
	return fmt.Sprintf("%.1f km", math.Round(float64(metres)/100)/10)
}

func (p *painter) remarks(d *typev1.Day, width float64) []block {
	var blocks []block
	add := func(label string, texts []*typev1.LocalizedText) {
		var parts []string
		for _, t := range texts {
			parts = append(parts, nonEmpty(p.sheet.text(t))...)
		}
		if len(parts) > 0 {
			blocks = append(blocks, p.paragraph(label+" "+strings.Join(parts, " · "), style{p.size * 0.9, false, ink}, width, 0, p.mm(0.2)))
		}
	}
	add(p.sheet.say("알아두기:", "Mind:"), d.GetNotes())
	add(p.sheet.say("준비물:", "Bring:"), d.GetBring())
	if len(blocks) > 0 {
		blocks = append([]block{space(p.mm(0.6))}, blocks...)
	}
	return blocks
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			kept = append(kept, t)
		}
	}
	return kept
}
