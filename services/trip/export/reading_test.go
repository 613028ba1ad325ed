package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/ledongthuc/pdf"

	"github.com/tripgen/tripgen/internal/lang"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/export"
)

// read opens a PDF as a viewer does.
func read(t *testing.T, s export.Sheet, fonts *export.Fonts) *pdf.Reader {
	t.Helper()
	f, err := export.PDF(s, fonts)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := pdf.NewReader(bytes.NewReader(f.Data), int64(len(f.Data)))
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// words is a page's text without blanks and line ends, of which layout has its own.
func words(t *testing.T, page pdf.Page) string {
	t.Helper()
	text, err := page.GetPlainText(nil)
	if err != nil {
		t.Fatal(err)
	}
	return squeeze(text)
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// [T11] Names of every script are found in the PDF as they are written, also characters that share a glyph with a
// radical (谷 and ⾕) or a dot (・ and ‧), and letters that a font would join.
func TestPDFCanBeSearched(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		s := sheet(1, len(names))
		searched := append([]string{"office fjord flight", "山川谷人大日月水火", "東京ラーメンストリート・本店", "北京烤鸭店"}, names...)
		for i, name := range searched[:4] {
			s.Itinerary.Days[0].Stops[i+1].Note = both(name)
		}
		text := words(t, read(t, s, fonts).Page(1))
		for _, name := range searched {
			if !strings.Contains(text, squeeze(name)) {
				t.Errorf("%q is not found in %q", name, text)
			}
		}
	})
}

// [T11] A day that does not fit flows onto the next page, within the margins, and loses nothing.
func TestLongDaysFlowOntoTheNextPage(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		s := sheet(1, 30)
		for i, stop := range s.Itinerary.Days[0].Stops {
			stop.Name = both(fmt.Sprintf("정거장%02d번 %s", i, strings.Repeat("긴 이름 ", 12)))
			stop.Note = both(strings.Repeat("A long note that has to be broken into lines. ", 5))
		}
		reader := read(t, s, fonts)
		if n := reader.NumPage(); n < 2 || n > 5 {
			t.Fatalf("%d pages", n)
		}
		// Points. The page's number stands below the text, 9 mm from the edge or more.
		const mm = 72 / 25.4
		const margin, footer, width, height = 15 * mm, 9 * mm, 210 * mm, 297 * mm
		var text strings.Builder
		for i := 1; i <= reader.NumPage(); i++ {
			text.WriteString(words(t, reader.Page(i)))
			for _, piece := range reader.Page(i).Content().Text {
				if piece.X < margin-1 || piece.X > width-margin || piece.Y < footer || piece.Y > height-margin {
					t.Fatalf("page %d: %q stands in the margin, at %.0f, %.0f", i, piece.S, piece.X, piece.Y)
				}
			}
		}
		for i := range s.Itinerary.Days[0].Stops {
			if !strings.Contains(text.String(), fmt.Sprintf("정거장%02d번", i)) {
				t.Errorf("stop %d is missing", i)
			}
		}
	})
}

// [T11] Days and itineraries without anything in them make documents, too.
func TestPDFOfNothing(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		free := sheet(2, 0)
		free.Itinerary.Days[0].Stops, free.Itinerary.Days[0].Legs = nil, nil
		if text := words(t, read(t, free, fonts).Page(1)); !strings.Contains(text, "아직일정이없습니다") {
			t.Errorf("got %q", text)
		}
		none := export.Sheet{TripName: "x", Itinerary: new(typev1.Itinerary), Language: lang.English}
		if n := read(t, none, fonts).NumPage(); n != 1 {
			t.Errorf("%d pages", n)
		}
	})
}

// [T11] The same itinerary makes the same bytes, whatever the fonts were used for before; what the document says of
// itself comes from the itinerary.
func TestPDFIsReproducible(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		s := sheet(2, 6)
		s.Language = lang.English
		first, err := export.PDF(s, fonts)
		if err != nil {
			t.Fatal(err)
		}
		other := sheet(1, 3)
		other.Itinerary.Days[0].Stops[1].Name = both("⾕‧⼭")
		if _, err := export.PDF(other, fonts); err != nil {
			t.Fatal(err)
		}
		second, err := export.PDF(s, fonts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Data, second.Data) {
			t.Error("the documents differ")
		}
		for _, want := range []string{"/CreationDate(D:20270501080000Z)", "/Lang(en)"} {
			if !bytes.Contains(first.Data, []byte(want)) {
				t.Errorf("no %s", want)
			}
		}
	})
}

// A font that is missing says what to install; one that is broken does so each time.
func TestMissingAndBrokenFonts(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, err := export.LoadFonts(folder)
	var missing *export.MissingFontError
	if !errors.As(err, &missing) || !errors.Is(err, os.ErrNotExist) || filepath.Dir(missing.File) != folder ||
		!strings.Contains(err.Error(), "Noto Sans KR") {
		t.Fatalf("got %v", err)
	}
	for _, family := range []string{"NotoSans", "NotoSansKR", "NotoSansJP", "NotoSansSC"} {
		for _, weight := range []string{"400Regular", "700Bold"} {
			if err := os.WriteFile(filepath.Join(folder, family+"_"+weight+".ttf"), []byte("no font"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if fonts, err := export.LoadFonts(folder); err == nil || fonts != nil {
		t.Errorf("got %v, %v", fonts, err)
	}
}

// [T11] Positions are told as each form wants them, also the smallest and those at the date line.
func TestPositionsAtTheEdges(t *testing.T) {
	t.Parallel()
	s := sheet(1, 1)
	stops := s.Itinerary.Days[0].Stops
	stops[0].Location = &typev1.LatLng{Latitude: 0.0000004, Longitude: 180}
	stops[1].Location = &typev1.LatLng{Latitude: -17.5, Longitude: 179.5}
	stops[2].Location = &typev1.LatLng{Latitude: -16.5, Longitude: -179.5}
	f, err := export.GPX(s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(f.Data, []byte(`<wpt lat="0.0000004" lon="-180">`)) {
		t.Errorf("got %s", f.Data)
	}
	f, err = export.GeoJSON(s)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"type":"MultiLineString","coordinates":[[[179.5,-17.5],[180,-17]],[[-180,-17],[-179.5,-16.5]]]}`; !bytes.Contains(f.Data, []byte(want)) {
		t.Errorf("no %s in %s", want, f.Data)
	}
	withFonts(t, func(fonts *export.Fonts) {
		if _, err := export.Map(s, fonts, 400, 300); err != nil {
			t.Fatal(err)
		}
	})
}

// [T11] The calendar has the rules of each zone, as they hold in the days of the trip.
func TestICSHasTheRulesOfEachZone(t *testing.T) {
	t.Parallel()
	s := sheet(3, 1)
	s.Itinerary.Days[1].TimeZone, s.Itinerary.Days[2].TimeZone = "Asia/Seoul", "UTC"
	text := string(export.ICS(s).Data)
	for want, count := range map[string]int{
		"BEGIN:VTIMEZONE": 2, "TZID:Europe/Berlin\r\n": 1, "TZID:Asia/Seoul\r\n": 1,
		"BEGIN:DAYLIGHT\r\nDTSTART:20270328T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\n": 1,
		"TZOFFSETTO:+0900\r\nTZNAME:KST": 1, "DTSTART;TZID=Europe/Berlin:20270327T092000\r\n": 1,
		"DTSTART;TZID=Asia/Seoul:20270328T092000\r\n": 1, "DTSTART:20270329T092000Z\r\n": 1, "METHOD": 0,
	} {
		if got := strings.Count(text, want); got != count {
			t.Errorf("%q is there %d times, not %d:\n%s", want, got, count, text)
		}
	}
	if begun, ended := strings.Count("\r\n"+text, "\r\nBEGIN:"), strings.Count(text, "\r\nEND:"); begun != ended {
		t.Errorf("%d components begin and %d end", begun, ended)
	}
}

// [T11] A day's picture tells less rather than cut anything off.
func TestPNGOfAVeryLongDay(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		s := sheet(1, 14)
		s.Day = 1
		for _, stop := range s.Itinerary.Days[0].Stops {
			stop.Note = both(strings.Repeat("A long note that has to be broken into lines. ", 5))
		}
		f, err := export.PNG(s, fonts)
		if err != nil {
			t.Fatal(err)
		}
		if !blank(decode(t, f.Data), image.Rect(0, 1880, 1080, 1920)) {
			t.Error("something stands in the bottom margin")
		}
	})
}
