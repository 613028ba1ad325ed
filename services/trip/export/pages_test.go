package export_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/trip/export"
)

// fontFolder is where `make` puts the fonts.
func fontFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "..", "..", ".cache", "fonts")
	if _, err := os.Stat(filepath.Join(folder, "NotoSansKR_400Regular.ttf")); err != nil {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs the fonts: make tools")
	}
	return folder
}

var loaded struct {
	sync.Mutex
	fonts *export.Fonts
}

// withFonts runs a test with the fonts, which only one goroutine may use at a time.
func withFonts(t *testing.T, test func(*export.Fonts)) {
	t.Helper()
	folder := fontFolder(t)
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.fonts == nil {
		fonts, err := export.LoadFonts(folder)
		if err != nil {
			t.Fatal(err)
		}
		loaded.fonts = fonts
	}
	test(loaded.fonts)
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page\b`)

// [T11] A PDF has a page a day, also for 14 days of 10 stops with long names, and has the fonts of all scripts in it.
func TestPDFHasAPageADay(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		for _, c := range []struct{ days, stops int }{{1, 1}, {3, 7}, {14, 10}} {
			f, err := export.PDF(sheet(c.days, c.stops), fonts)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(f.Data, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(f.Data), []byte("%%EOF")) {
				t.Error("this is no PDF")
			}
			if got := len(pdfPage.FindAll(f.Data, -1)); got != c.days {
				t.Errorf("%d days of %d stops make %d pages", c.days, c.stops, got)
			}
			if c.stops == 10 {
				for _, font := range []string{"NotoSans-", "NotoSansKR", "NotoSansJP", "NotoSansSC"} {
					if !bytes.Contains(f.Data, []byte(font)) {
						t.Errorf("%s is not in the PDF", font)
					}
				}
			}
			if len(f.Data) > 1<<20 {
				t.Errorf("%d bytes: the fonts are not subsetted", len(f.Data))
			}
		}
	})
}

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// blank tells whether all pixels of a rectangle are white.
func blank(picture image.Image, r image.Rectangle) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if r, g, b, _ := picture.At(x, y).RGBA(); r&g&b != 0xffff {
				return false
			}
		}
	}
	return true
}

// [T11] A day's picture has a phone's ratio, and nothing is cut off, however long the day is.
func TestPNGFitsAPhone(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		for _, stops := range []int{1, 7, 10} {
			s := sheet(2, stops)
			s.Day = 2
			f, err := export.PNG(s, fonts)
			if err != nil {
				t.Fatal(err)
			}
			picture := decode(t, f.Data)
			if size := picture.Bounds().Size(); size != image.Pt(1080, 1920) {
				t.Errorf("the picture has %v pixels", size)
			}
			if blank(picture, image.Rect(50, 50, 1030, 400)) {
				t.Errorf("%d stops: there is no header and map", stops)
			}
			for name, edge := range map[string]image.Rectangle{
				"bottom": image.Rect(0, 1880, 1080, 1920), "left": image.Rect(0, 0, 45, 1920), "right": image.Rect(1035, 0, 1080, 1920),
			} {
				if !blank(picture, edge) {
					t.Errorf("%d stops: something stands in the %s margin", stops, name)
				}
			}
		}
		if _, err := export.PNG(sheet(2, 1), fonts); err == nil {
			t.Error("a picture of two days was made")
		}
	})
}

// [T10] Maps come in the size asked for, without any network, also of a day without positions or in one place.
func TestMapIsDrawnFromTheItineraryAlone(t *testing.T) {
	t.Parallel()
	withFonts(t, func(fonts *export.Fonts) {
		nowhere, onePlace := sheet(1, 2), sheet(1, 3)
		for _, s := range nowhere.Itinerary.GetDays()[0].GetStops() {
			s.Location = nil
		}
		for _, s := range onePlace.Itinerary.GetDays()[0].GetStops() {
			s.Location = onePlace.Itinerary.GetDays()[0].GetStops()[0].GetLocation()
		}
		for name, s := range map[string]export.Sheet{"14 days": sheet(14, 10), "nowhere": nowhere, "one place": onePlace} {
			data, err := export.Map(s, fonts, 640, 480)
			if err != nil {
				t.Fatal(err)
			}
			if size := decode(t, data).Bounds().Size(); size != image.Pt(640, 480) {
				t.Errorf("%s: the map has %v pixels", name, size)
			}
		}
	})
}

func cache(t *testing.T) export.RedisCache {
	t.Helper()
	sealer, _ := sealtest.New(t)
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return export.RedisCache{Client: client, Seal: sealer, Log: slog.New(slog.DiscardHandler)}
}

// Each file is rendered once, however many ask for it and whenever.
func TestRendererRendersOnce(t *testing.T) {
	t.Parallel()
	r := export.NewRenderer(fontFolder(t), cache(t), slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	rendered := 0
	release := make(chan struct{})
	render := func(*export.Fonts) (export.File, error) {
		rendered++
		<-release
		return export.File{Name: "a.pdf", Data: []byte("content")}, nil
	}
	first, err := r.Render(ctx, "k", render)
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Render(ctx, "k", render)
	if err != nil || second != first {
		t.Fatalf("the same file became another job: %v", err)
	}
	running.Go(func() { _ = r.Run(ctx) })
	hasty, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := first.Wait(hasty); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v before it was made", err)
	}
	close(release)
	f, err := first.Wait(ctx)
	if err != nil || string(f.Data) != "content" {
		t.Fatalf("got %+v, %v", f, err)
	}
	cached, err := r.Render(ctx, "k", render)
	if err != nil {
		t.Fatal(err)
	}
	if f, err = cached.Wait(ctx); err != nil || f.Name != "a.pdf" || rendered != 1 {
		t.Fatalf("got %+v, %v after %d renderings", f, err, rendered)
	}
}

func TestRendererBoundsItsQueueAndTellsOfMissingFonts(t *testing.T) {
	t.Parallel()
	r := export.NewRenderer(t.TempDir(), cache(t), slog.New(slog.DiscardHandler))
	render := func(*export.Fonts) (export.File, error) { return export.File{}, nil }
	var last *export.Job
	for i := range 1000 {
		job, err := r.Render(t.Context(), strings.Repeat("k", i+1), render)
		if err == nil {
			last = job
			continue
		}
		if !errs.HasReason(err, errs.ReasonUnavailable) || i < 10 {
			t.Fatalf("job %d: %v", i, err)
		}
		break
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { _ = r.Run(ctx) })
	if _, err := last.Wait(ctx); !errs.HasReason(err, errs.ReasonUnavailable) {
		t.Fatalf("got %v without fonts", err)
	}
}
