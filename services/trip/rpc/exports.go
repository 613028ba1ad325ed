package rpc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/page"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/export"
)

// exports serves ExportService.
type exports struct{ Deps }

const (
	// DownloadPath is where files are that took longer to make than a caller waits.
	DownloadPath = "/exports/"

	downloadLife = 10 * time.Minute
	downloadWait = 20 * time.Second
)

// ticket is what a download's path stands for.
type ticket struct {
	Owner    string              `json:"o"`
	Trip     string              `json:"t"`
	Version  int64               `json:"v"`
	Format   tripv1.ExportFormat `json:"f"`
	Day      int                 `json:"d,omitempty"`
	Language lang.Lang           `json:"l"`
	Expires  int64               `json:"e"`
}

func (h *exports) ExportItinerary(
	ctx context.Context, r *tripv1.ExportItineraryRequest,
) (*tripv1.ExportItineraryResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	t := ticket{
		Owner: c.Owner, Trip: r.GetTripId(), Version: r.GetVersion(), Format: r.GetFormat(), Day: int(r.GetDay()),
		Language: c.Language, Expires: h.Clock.Now().Add(downloadLife).Unix(),
	}
	file, err := h.make(ctx, &t, h.ExportWait)
	switch {
	case err == nil:
		return &tripv1.ExportItineraryResponse{
			FileName: file.Name, MediaType: file.MediaType, Content: &tripv1.ExportItineraryResponse_Data{Data: file.Data},
		}, nil
	case !errors.Is(err, errLater):
		return nil, err
	}
	path, err := h.path(t)
	if err != nil {
		return nil, err
	}
	return &tripv1.ExportItineraryResponse{
		FileName: file.Name, MediaType: file.MediaType, Content: &tripv1.ExportItineraryResponse_Path{Path: path},
	}, nil
}

// errLater says that a file is still being made.
var errLater = errors.New("still being made")

var errNoDay = errs.Invalid(errs.Field("day", "그런 날은 없습니다.", "The itinerary has no such day."))

// make gives a file, or errLater with its name if it takes longer than wait.
func (h *exports) make(ctx context.Context, t *ticket, wait time.Duration) (export.File, error) {
	sheet, err := h.sheet(ctx, t)
	if err != nil {
		return export.File{}, err
	}
	switch t.Format {
	case tripv1.ExportFormat_EXPORT_FORMAT_ICS:
		return export.ICS(sheet), nil
	case tripv1.ExportFormat_EXPORT_FORMAT_GPX:
		return export.GPX(sheet)
	case tripv1.ExportFormat_EXPORT_FORMAT_GEOJSON:
		return export.GeoJSON(sheet)
	}
	render, extension, media := export.PDF, "pdf", "application/pdf"
	if t.Format == tripv1.ExportFormat_EXPORT_FORMAT_PNG {
		if t.Day == 0 {
			return export.File{}, errNoDay
		}
		render, extension, media = export.PNG, "png", "image/png"
	}
	job, err := h.Renderer.Render(ctx, fileKey(t, sheet), func(f *export.Fonts) (export.File, error) { return render(sheet, f) })
	if err != nil {
		return export.File{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	file, err := job.Wait(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return sheet.File(extension, media, nil), errLater
	}
	return file, err
}

// sheet reads what is exported; the ticket gets the version that it is.
func (h *exports) sheet(ctx context.Context, t *ticket) (export.Sheet, error) {
	c := trip.Caller{Owner: t.Owner, Language: t.Language}
	tr, err := h.Service.Get(ctx, c, t.Trip)
	if err != nil {
		return export.Sheet{}, err
	}
	it, _, err := h.Service.Itinerary(ctx, c, t.Trip, t.Version)
	if err != nil {
		return export.Sheet{}, err
	}
	if t.Day > 0 && !it.Plan.Outline.HasDay(t.Day) {
		return export.Sheet{}, errNoDay
	}
	m, err := itineraryMessage(it)
	t.Version = it.Version
	return export.Sheet{TripName: tr.Name, Itinerary: m, Day: t.Day, Language: t.Language}, err
}

// fileKey names all that a rendered file depends on.
func fileKey(t *ticket, s export.Sheet) string {
	name := sha256.Sum256([]byte(s.TripName))
	return fmt.Sprintf("%s:%d:%d:%d:%d:%s:%s", t.Trip, t.Version, s.Itinerary.GetRevision(), t.Format, t.Day, t.Language,
		base64.RawURLEncoding.EncodeToString(name[:8]))
}

// ticketQuery is what tickets are bound to.
var ticketQuery = page.Query{"ExportItinerary"}

func (h *exports) path(t ticket) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return DownloadPath + h.Pages.Seal(ticketQuery, string(text)), nil
}

func (h *exports) RenderMap(ctx context.Context, r *tripv1.RenderMapRequest) (*tripv1.RenderMapResponse, error) {
	c, err := h.reader(ctx)
	if err != nil {
		return nil, err
	}
	width, height, err := mapSize(r)
	if err != nil {
		return nil, err
	}
	t := ticket{Owner: c.Owner, Trip: r.GetTripId(), Version: r.GetVersion(), Day: int(r.GetDay()), Language: c.Language}
	sheet, err := h.sheet(ctx, &t)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("map:%dx%d:%s", width, height, fileKey(&t, sheet))
	job, err := h.Renderer.Render(ctx, key, func(f *export.Fonts) (export.File, error) {
		data, err := export.Map(sheet, f, width, height)
		return export.File{Data: data}, err
	})
	if err != nil {
		return nil, err
	}
	file, err := job.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return &tripv1.RenderMapResponse{Png: file.Data}, nil
}

const (
	defaultMapWidth, defaultMapHeight = 800, 600
	leastMapSide                      = 100
)

func mapSize(r *tripv1.RenderMapRequest) (width, height int, err error) {
	width, height = int(r.GetWidth()), int(r.GetHeight())
	if width == 0 {
		width = defaultMapWidth
	}
	if height == 0 {
		height = defaultMapHeight
	}
	for field, side := range map[string]int{"width": width, "height": height} {
		if side < leastMapSide {
			return 0, 0, errs.Invalid(errs.Field(field, "100픽셀 이상이어야 합니다.", "The picture has at least 100 pixels."))
		}
	}
	return width, height, nil
}

// Downloads serves the files behind DownloadPath. The path is the right to read it, for a short time.
func Downloads(d Deps, log *slog.Logger) http.Handler {
	h := &exports{d}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+DownloadPath+"{ticket}", func(w http.ResponseWriter, r *http.Request) {
		text, err := h.Pages.Open(ticketQuery, r.PathValue("ticket"))
		var t ticket
		if err == nil {
			err = json.Unmarshal([]byte(text), &t)
		}
		if err != nil || h.Clock.Now().Unix() >= t.Expires {
			http.NotFound(w, r)
			return
		}
		file, err := h.make(r.Context(), &t, downloadWait)
		switch {
		case errs.KindOf(err) == errs.KindNotFound:
			http.NotFound(w, r)
		case err != nil:
			log.WarnContext(r.Context(), "make a download", "error", err)
			w.Header().Set("Retry-After", "5")
			http.Error(w, "try again", http.StatusServiceUnavailable)
		default:
			writeFile(w, file)
		}
	})
	return mux
}

func writeFile(w http.ResponseWriter, f export.File) {
	w.Header().Set("Content-Type", f.MediaType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.Data) // the caller has gone if this fails
}
