package export

import (
	"bytes"
	"fmt"
	"image/png"

	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/pdf"
	"github.com/tdewolff/canvas/renderers/rasterizer"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// A4 in mm.
const (
	paperWidth, paperHeight = 210.0, 297.0
	paperMargin             = 15.0
	paperMap                = 78.0
	paperText               = 9.5
	footer                  = 6.0
)

// form is a page that a day is fitted to, in mm.
type form struct {
	width, height float64 // between the margins
	mapHeight     float64
	text          float64 // points
	// fits are tried in order, until a day fits.
	fits []fitting
	// flows says that a day may go on on another page.
	flows bool
}

// fitting is how much is told of stops, and down to which scale text is made smaller for it.
type fitting struct {
	tells telling
	least float64
}

// telling is how much is told of a stop beside its name and times.
type telling int

const (
	everything telling = iota
	noReasons
	onlyNames
)

var a4 = form{
	width: paperWidth - 2*paperMargin, height: paperHeight - 2*paperMargin - footer, mapHeight: paperMap, text: paperText,
	fits: []fitting{{everything, 0.85}, {noReasons, 0.75}}, flows: true,
}

// fit gives the blocks of a day as large and full as they fit on the form; where nothing fits, as they flow best, or
// the smallest.
func fit(s Sheet, fonts *Fonts, d *typev1.Day, f form) []block {
	p := &painter{sheet: s, fonts: fonts, unit: 1}
	var blocks []block
	for _, try := range f.fits {
		p.tells = try.tells
		for scale := 1.0; scale > try.least-0.01; scale -= 0.05 {
			p.size = f.text * scale
			blocks = p.dayBlocks(d, f.width, f.mapHeight*min(1, scale+0.05))
			if height(blocks) <= f.height {
				return blocks
			}
		}
	}
	if f.flows {
		p.tells, p.size = everything, f.text*f.fits[0].least
		blocks = p.dayBlocks(d, f.width, f.mapHeight)
	}
	return blocks
}

func height(blocks []block) float64 {
	sum := 0.0
	for _, b := range blocks {
		sum += b.height
	}
	return sum
}

// PDF makes an A4 document: a page a day, or more where a day does not fit on one.
func PDF(s Sheet, fonts *Fonts) (File, error) {
	p := &painter{sheet: s, fonts: fonts, unit: 1, size: paperText}
	var pages []*canvas.Canvas
	for _, d := range s.Days() {
		pages = append(pages, paginate(fit(s, fonts, d, a4))...)
	}
	if len(pages) == 0 {
		pages = append(pages, canvas.New(paperWidth, paperHeight))
	}
	var out bytes.Buffer
	document := pdf.New(&out, paperWidth, paperHeight, &pdf.Options{Compress: true, SubsetFonts: true})
	document.SetInfo(s.TripName, "", "", "", "TripGen")
	document.SetLang(string(s.Language))
	for i, page := range pages {
		if i > 0 {
			document.NewPage(paperWidth, paperHeight)
		}
		ctx := topLeft(page)
		p.drawText(ctx, fmt.Sprintf("%s  ·  %d / %d", s.TripName, i+1, len(pages)), style{7, false, soft},
			paperMargin, paperHeight-paperMargin+footer/3, paperWidth-2*paperMargin, canvas.Right)
		page.RenderTo(document)
	}
	if err := document.Close(); err != nil {
		return File{}, fmt.Errorf("write PDF: %w", err)
	}
	data, err := settle(out.Bytes(), s.Itinerary.GetCreateTime().AsTime(), string(s.Language))
	if err != nil {
		return File{}, fmt.Errorf("write PDF: %w", err)
	}
	return s.File("pdf", "application/pdf", data), nil
}

// paginate puts blocks onto pages, those that belong together onto one.
func paginate(blocks []block) []*canvas.Canvas {
	const bottom = paperHeight - paperMargin - footer + 0.01
	var pages []*canvas.Canvas
	var ctx *canvas.Context
	y := bottom + 1.0
	for i := 0; i < len(blocks); {
		group, height := i, blocks[i].height
		for blocks[group].withNext && group+1 < len(blocks) {
			// What is to stay together is bounded by a page: a chain of stops and legs is longer.
			if next := blocks[group+1].height; height+next > bottom-paperMargin || group-i >= 4 {
				break
			} else {
				height += next
			}
			group++
		}
		if y+height > bottom {
			page := canvas.New(paperWidth, paperHeight)
			pages, ctx, y = append(pages, page), topLeft(page), paperMargin
		}
		for ; i <= group; i++ {
			blocks[i].draw(ctx, paperMargin, y)
			y += blocks[i].height
		}
	}
	return pages
}

func topLeft(c *canvas.Canvas) *canvas.Context {
	ctx := canvas.NewContext(c)
	ctx.SetCoordSystem(canvas.CartesianIV)
	return ctx
}

// A phone's picture: 1080 × 1920 pixels.
const (
	phoneWidth, phoneHeight = 108.0, 192.0 // mm, at 10 pixels each
	phoneMargin             = 5.0
	phoneMap                = 62.0
	phoneText               = 9.0
	resolution              = 10.0
)

var phone = form{
	width: phoneWidth - 2*phoneMargin, height: phoneHeight - 2*phoneMargin, mapHeight: phoneMap, text: phoneText,
	fits: []fitting{{everything, 0.85}, {noReasons, 0.6}, {onlyNames, 0.45}},
}

// PNG makes a picture of one day in a phone's ratio. A long day is drawn smaller or tells less.
func PNG(s Sheet, fonts *Fonts) (File, error) {
	days := s.Days()
	if len(days) != 1 {
		return File{}, fmt.Errorf("a picture is of one day, not of %d", len(days))
	}
	page := canvas.New(phoneWidth, phoneHeight)
	ctx := topLeft(page)
	ctx.SetFillColor(white)
	ctx.DrawPath(0, 0, canvas.Rectangle(phoneWidth, phoneHeight))
	y := phoneMargin
	for _, b := range fit(s, fonts, days[0], phone) {
		b.draw(ctx, phoneMargin, y)
		y += b.height
	}
	data, err := raster(page)
	if err != nil {
		return File{}, err
	}
	return s.File("png", "image/png", data), nil
}

// Map draws the days of a sheet as a PNG of this many pixels.
func Map(s Sheet, fonts *Fonts, width, height int) ([]byte, error) {
	w, h := float64(width)/resolution, float64(height)/resolution
	page := canvas.New(w, h)
	p := &painter{sheet: s, fonts: fonts, unit: max(0.5, min(w, h)/60), size: max(5, min(w, h)/6)}
	p.drawMap(topLeft(page), s.Days(), 0, 0, w, h)
	return raster(page)
}

func raster(page *canvas.Canvas) ([]byte, error) {
	picture := rasterizer.Draw(page, canvas.DPMM(resolution), canvas.DefaultColorSpace)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("write PNG: %w", err)
	}
	return out.Bytes(), nil
}
