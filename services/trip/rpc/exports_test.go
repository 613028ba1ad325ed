package rpc_test

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip/export"
	triprpc "github.com/tripgen/tripgen/services/trip/rpc"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

var fontFolder = filepath.Join("..", "..", "..", ".cache", "fonts")

func needFonts(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(fontFolder, "NotoSansKR_400Regular.ttf")); err != nil {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs the fonts: make tools")
	}
}

// files are a cache that forgets nothing.
type files struct{ sync.Map }

func (f *files) Get(_ context.Context, key string) (export.File, bool) {
	file, ok := f.Load(key)
	if !ok {
		return export.File{}, false
	}
	return file.(export.File), true
}

func (f *files) Put(_ context.Context, key string, file export.File) { f.Store(key, file) }

func renderer(t *testing.T) *export.Renderer {
	r := export.NewRenderer(fontFolder, new(files), slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return r
}

// [T11] Every form of export comes with its name and media type.
func TestExports(t *testing.T) {
	t.Parallel()
	needFonts(t)
	w := newWorld(t)
	tr := w.create()
	w.generate(tr)
	for format, c := range map[tripv1.ExportFormat]struct {
		day         int32
		name, media string
		begins      string
	}{
		tripv1.ExportFormat_EXPORT_FORMAT_PDF:     {0, "가족 여행_20270601.pdf", "application/pdf", "%PDF-"},
		tripv1.ExportFormat_EXPORT_FORMAT_PNG:     {2, "가족 여행_Day2_20270602.png", "image/png", "\x89PNG"},
		tripv1.ExportFormat_EXPORT_FORMAT_ICS:     {0, "가족 여행_20270601.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR"},
		tripv1.ExportFormat_EXPORT_FORMAT_GPX:     {0, "가족 여행_20270601.gpx", "application/gpx+xml", "<?xml"},
		tripv1.ExportFormat_EXPORT_FORMAT_GEOJSON: {3, "가족 여행_Day3_20270603.geojson", "application/geo+json", "{"},
	} {
		res, err := w.user.Exports.ExportItinerary(t.Context(), &tripv1.ExportItineraryRequest{
			TripId: tr.GetId(), Format: format, Day: c.day,
		})
		if err != nil {
			t.Fatal(err)
		}
		if res.GetFileName() != c.name || res.GetMediaType() != c.media {
			t.Errorf("got %q as %q", res.GetFileName(), res.GetMediaType())
		}
		data := res.GetData()
		if path := res.GetPath(); path != "" { // the machine is busy: the file comes a little later
			answer := w.download(path)
			if _, names, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition")); err != nil || names["filename"] != c.name {
				t.Errorf("the download is called %v, %v", names, err)
			}
			data, err = io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		if !bytes.HasPrefix(data, []byte(c.begins)) {
			t.Errorf("%s begins with %q", c.name, data[:min(len(data), 16)])
		}
	}
}

func (w *world) download(path string) *http.Response {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.BaseURL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	return answer
}

// [T11] What takes longer than a caller waits comes by a path, for ten minutes and without a token.
func TestSlowExportsComeByAPath(t *testing.T) {
	t.Parallel()
	needFonts(t)
	c := clock.NewFake(triptest.Now)
	w := newWorldOn(t, c, triptest.NewMemory(c), func(d *triprpc.Deps) { d.ExportWait = time.Nanosecond })
	tr := w.create()
	w.generate(tr)
	res, err := w.user.Exports.ExportItinerary(t.Context(), &tripv1.ExportItineraryRequest{
		TripId: tr.GetId(), Format: tripv1.ExportFormat_EXPORT_FORMAT_PDF,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := res.GetPath()
	if path == "" {
		t.Fatalf("%d bytes came at once", len(res.GetData()))
	}
	answer := w.download(path)
	data, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK || !bytes.HasPrefix(data, []byte("%PDF-")) ||
		answer.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("got %s, %d bytes, %v", answer.Status, len(data), err)
	}
	again, err := w.user.Exports.ExportItinerary(t.Context(), &tripv1.ExportItineraryRequest{
		TripId: tr.GetId(), Format: tripv1.ExportFormat_EXPORT_FORMAT_PDF,
	})
	if err != nil || !bytes.Equal(again.GetData(), data) {
		t.Errorf("the finished file was not kept: %v", err)
	}
	w.clock.Advance(10 * time.Minute)
	for name, path := range map[string]string{"expired": path, "altered": path[:len(path)-2], "made up": "/exports/abc.def"} {
		answer := w.download(path)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %s", name, answer.Status)
		}
	}
}

// [T10] A map comes as a picture of the size asked for.
func TestRenderMap(t *testing.T) {
	t.Parallel()
	needFonts(t)
	w := newWorld(t)
	tr := w.create()
	w.generate(tr)
	res, err := w.user.Exports.RenderMap(t.Context(), &tripv1.RenderMapRequest{TripId: tr.GetId(), Day: 1, Width: 320})
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.DecodeConfig(bytes.NewReader(res.GetPng()))
	if err != nil || picture.Width != 320 || picture.Height != 600 {
		t.Errorf("got %+v, %v", picture, err)
	}
}

func TestBadExportsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create()
	w.generate(tr)
	ics, picture := tripv1.ExportFormat_EXPORT_FORMAT_ICS, tripv1.ExportFormat_EXPORT_FORMAT_PNG
	for name, c := range map[string]struct {
		r      *tripv1.ExportItineraryRequest
		by     user
		reason string
	}{
		"no format":         {&tripv1.ExportItineraryRequest{TripId: tr.GetId()}, w.user, errs.ReasonInvalidArgument},
		"a picture of all":  {&tripv1.ExportItineraryRequest{TripId: tr.GetId(), Format: picture}, w.user, errs.ReasonInvalidArgument},
		"no such day":       {&tripv1.ExportItineraryRequest{TripId: tr.GetId(), Format: ics, Day: 9}, w.user, errs.ReasonInvalidArgument},
		"a version gone":    {&tripv1.ExportItineraryRequest{TripId: tr.GetId(), Format: ics, Version: 9}, w.user, errs.ReasonVersionGone},
		"somebody else's":   {&tripv1.ExportItineraryRequest{TripId: tr.GetId(), Format: ics}, w.as(triptest.Stranger), errs.ReasonNotFound},
		"without itinerary": {&tripv1.ExportItineraryRequest{TripId: w.create().GetId(), Format: ics}, w.user, errs.ReasonNotFound},
	} {
		_, err := c.by.Exports.ExportItinerary(t.Context(), c.r)
		if got := refusalOf(t, err); got.reason != c.reason {
			t.Errorf("%s: got %v", name, got)
		}
	}
	_, err := w.user.Exports.RenderMap(t.Context(), &tripv1.RenderMapRequest{TripId: tr.GetId(), Width: 99})
	if got := wantReason(t, err, errs.ReasonInvalidArgument); !strings.Contains(got.fields["width"], "100") {
		t.Errorf("got %v", got.fields)
	}
}
