package export

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// [T10] Two weeks have a colour each, and white numbers can be read on all of them (WCAG 2.2: contrast 4.5 or more).
func TestDayColours(t *testing.T) {
	t.Parallel()
	channel := func(c uint8) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	seen := map[color.RGBA]int32{}
	for day := int32(1); day <= 14; day++ {
		c := dayColor(day)
		if before, ok := seen[c]; ok {
			t.Errorf("days %d and %d have one colour", before, day)
		}
		seen[c] = day
		luminance := 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
		if contrast := 1.05 / (luminance + 0.05); contrast < 4.5 {
			t.Errorf("day %d: contrast %.2f", day, contrast)
		}
	}
	if dayColor(15) != dayColor(1) {
		t.Error("colours do not repeat")
	}
}

// [T10] Labels cover neither markers nor each other nor the frame, however many there are.
func TestLabelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	frame := rect{0, 0, 100, 60}
	placed := 0
	for range 200 {
		var taken []rect
		var points []xy
		for range 20 {
			p := xy{random.Float64() * 100, random.Float64() * 60}
			points, taken = append(points, p), append(taken, rect{p.x - 2, p.y - 2, p.x + 2, p.y + 2})
		}
		for _, p := range points {
			r, ok := placeLabel(p, 2.5, 5+random.Float64()*25, 3, frame, taken, [][]xy{points})
			if !ok {
				continue
			}
			if !r.within(frame) {
				t.Fatalf("%v leaves the frame", r)
			}
			for _, other := range taken {
				if r.overlaps(other) {
					t.Fatalf("%v covers %v", r, other)
				}
			}
			taken, placed = append(taken, r), placed+1
		}
	}
	if placed < 1000 {
		t.Errorf("only %d of 4000 names found room", placed)
	}
}

func TestLabelsGiveWayToLines(t *testing.T) {
	t.Parallel()
	// The way leads to the right, where a label would stand otherwise.
	at := xy{50, 30}
	r, ok := placeLabel(at, 3, 20, 4, rect{0, 0, 100, 60}, nil, [][]xy{{at, {100, 30}}})
	if !ok || r.x1 > at.x {
		t.Errorf("got %v, %v, want the left side", r, ok)
	}
}

func TestLinesTouchRectangles(t *testing.T) {
	t.Parallel()
	r := rect{10, 10, 20, 20}
	for _, c := range []struct {
		a, b xy
		want bool
	}{
		{xy{0, 15}, xy{30, 15}, true},
		{xy{15, 0}, xy{15, 30}, true},
		{xy{12, 12}, xy{13, 13}, true},
		{xy{0, 0}, xy{30, 30}, true},
		{xy{0, 15}, xy{9, 15}, false},
		{xy{0, 25}, xy{30, 25}, false},
		{xy{0, 15}, xy{15, 35}, false},
		{xy{5, 5}, xy{5, 5}, false},
	} {
		if got := r.touches(c.a, c.b); got != c.want {
			t.Errorf("from %v to %v: %v", c.a, c.b, got)
		}
	}
}

// [T10] A trip over the date line lies in one piece on its map.
func TestMapOverTheDateLine(t *testing.T) {
	t.Parallel()
	day := &typev1.Day{}
	for _, longitude := range []float64{179.9, -179.9, 180} {
		day.Stops = append(day.Stops, &typev1.Stop{
			Kind: typev1.StopKind_STOP_KIND_VISIT, Location: &typev1.LatLng{Latitude: -17, Longitude: longitude},
		})
	}
	v, ok := view([]*typev1.Day{day}, 0, 0, 100, 50)
	if !ok {
		t.Fatal("no view")
	}
	x := make([]float64, 3)
	for i, s := range day.GetStops() {
		x[i], _ = v.at(s.GetLocation())
	}
	if !(0 < x[0] && x[0] < x[2] && x[2] < x[1] && x[1] < 100) || x[1]-x[0] < 50 {
		t.Errorf("the stops stand at %v", x)
	}
}

// Fonts that differ in their time of change only become the same, with check sums that hold.
func TestFontsCarryNoTime(t *testing.T) {
	t.Parallel()
	font := func(modified uint64) []byte {
		b := make([]byte, 12+16+56)
		binary.BigEndian.PutUint16(b[4:], 1)
		copy(b[12:], "head")
		binary.BigEndian.PutUint32(b[20:], 28)
		binary.BigEndian.PutUint32(b[24:], 54)
		binary.BigEndian.PutUint64(b[28+20:], 7)
		binary.BigEndian.PutUint64(b[28+28:], modified)
		return b
	}
	a, b := font(1), font(2)
	if !unstamp(a) || !unstamp(b) || !bytes.Equal(a, b) {
		t.Error("the fonts differ")
	}
	if sum := checksum(a); sum != 0xB1B0AFBA {
		t.Errorf("check sum %x", sum)
	}
	if unstamp(make([]byte, 100)) || unstamp(font(1)[:60]) {
		t.Error("what is no font was taken for one")
	}
	for _, broken := range []string{"", "%PDF-1.7\n", "startxref\n99\n%%EOF\n", "startxref\n0\n%%EOF\n"} {
		if _, err := settle([]byte(broken), time.Time{}, "ko"); err == nil {
			t.Errorf("%q was taken for a document", broken)
		}
	}
}

// [T11] Names of files are taken by every file system.
func TestSafeNames(t *testing.T) {
	t.Parallel()
	family := "👨‍👩‍👧‍👦"
	for name, want := range map[string]string{
		"뮌헨 가족여행":                  "뮌헨 가족여행",
		"a/b\\c:d*e?f\"g<h>i|j":    "a-b-c-d-e-f-g-h-i-j",
		"line\nbreak\x00":          "line-break-",
		" .hidden. ":               "hidden",
		"...":                      "trip",
		"":                         "trip",
		"e\u0301te\u0301":          "été",
		"trip\u202efdp":            "tripfdp",
		"bad\xffbytes":             "bad-bytes",
		family:                     family,
		strings.Repeat(family, 16): strings.Repeat(family, maxNameBytes/len(family)),
	} {
		got := safeName(name)
		if got != want || len(got) > maxNameBytes {
			t.Errorf("safeName(%q) = %q, want %q", name, got, want)
		}
	}
}
