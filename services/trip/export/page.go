package export

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/tripgen/tripgen/internal/lang"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

//go:embed page.css
var pageRules string

// pageStyle has the rules and the colours of days, as on the map.
var pageStyle = pageRules + dayRules()

func dayRules() string {
	var rules strings.Builder
	for i, c := range dayColors {
		fmt.Fprintf(&rules, ".day%d b:not(.rest) { background: #%02x%02x%02x; }\n", i, c.R, c.G, c.B)
	}
	return rules.String()
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

const pageType = "text/html; charset=utf-8"

// PagePolicy is the content security policy of a page: nothing but its own style and pictures within it.
var PagePolicy = fmt.Sprintf(
	"default-src 'none'; img-src data:; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", styleHash())

func styleHash() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// page is what the template shows.
type page struct {
	Lang, Title, Dates, Map, Empty string
	Style                          template.CSS
	Picture                        template.URL
	Days                           []pageDay
}

type pageDay struct {
	Title, When string
	// Color is the number of the day's colour.
	Color int
	Stops []pageStop
}

type pageStop struct {
	Number               int
	Times, Name, Details string
	// Way is the leg to the next stop.
	Way string
}

// Page makes an HTML page that stands for itself: no scripts, nothing loaded. picture is a map (PNG), nil for none.
func Page(s Sheet, picture []byte) (File, error) {
	p := page{Lang: string(s.Language), Title: s.TripName, Map: s.say("지도", "Map"), Style: template.CSS(pageStyle)}
	days := s.Days()
	if len(days) > 0 {
		p.Dates = s.date(days[0])
		if last := days[len(days)-1]; len(days) > 1 {
			p.Dates += " – " + s.date(last)
		}
	} else {
		p.Empty = s.say("아직 일정이 없습니다.", "There is no itinerary yet.")
	}
	if picture != nil {
		p.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)) //nolint:gosec // drawn here
	}
	for _, d := range days {
		p.Days = append(p.Days, s.pageDay(d))
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return File{}, fmt.Errorf("write page: %w", err)
	}
	return s.File("html", pageType, out.Bytes()), nil
}

// Notice makes a page that tells why there is nothing to see, and what can be done.
func Notice(l lang.Lang, why, instead lang.Text) (File, error) {
	var out bytes.Buffer
	p := page{Lang: string(l), Title: why.In(l), Empty: instead.In(l), Style: template.CSS(pageStyle)}
	if err := pageTemplate.Execute(&out, p); err != nil {
		return File{}, fmt.Errorf("write page: %w", err)
	}
	return File{Name: "notice.html", MediaType: pageType, Data: out.Bytes()}, nil
}

func (s Sheet) pageDay(d *typev1.Day) pageDay {
	day := pageDay{
		Title: s.dayTitle(d), When: strings.Join(nonEmpty(s.date(d), s.weather(d)), " · "),
		Color: dayColorIndex(d.GetNumber()),
	}
	for i, n := range numbers(d) {
		stop := d.GetStops()[i]
		shown := pageStop{Number: n, Times: stay(stop), Name: s.text(stop.GetName()), Details: strings.Join(s.facts(stop), " · ")}
		if i < len(d.GetLegs()) && d.GetLegs()[i].GetMetres() > 0 {
			shown.Way = s.way(d.GetLegs()[i])
		}
		day.Stops = append(day.Stops, shown)
	}
	return day
}
