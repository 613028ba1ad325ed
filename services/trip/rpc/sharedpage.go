package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/export"
)

// SharedPath is the page behind share links. The token stands in the query, which is in no log.
const SharedPath = "/shared/"

// sharedPath is the path of a link.
func sharedPath(token string) string { return SharedPath + "?t=" + token }

const (
	sharedMapWidth, sharedMapHeight = 1000, 640
	// sharedMapWait is how long a page waits for its map, which it can do without.
	sharedMapWait = 2 * time.Second
)

// SharedPages shows itineraries to whoever has a link, with what GetSharedItinerary tells of them.
func SharedPages(d Deps, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+SharedPath+"{$}", func(w http.ResponseWriter, r *http.Request) {
		language := lang.Parse(r.Header.Get("Accept-Language"))
		page, err := d.sharedPage(r.Context(), r.URL.Query().Get("t"), language, log)
		head := w.Header()
		head.Set("Cache-Control", "private, no-store")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer") // the token is in the address
		head.Set("X-Robots-Tag", "noindex")
		head.Set("Vary", "Accept-Language")
		switch e, known := errs.Of(err); {
		case err == nil:
			head.Set("Content-Type", page.MediaType)
			head.Set("Content-Language", string(language))
			head.Set("Content-Security-Policy", export.PagePolicy)
			_, _ = w.Write(page.Data) // the caller has gone if this fails
		case known && e.Kind == errs.KindNotFound:
			http.Error(w, e.Message.In(language), http.StatusNotFound)
		default:
			log.WarnContext(r.Context(), "show a shared itinerary", "error", err)
			head.Set("Retry-After", "5")
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	return mux
}

func (d Deps) sharedPage(ctx context.Context, token string, language lang.Lang, log *slog.Logger) (export.File, error) {
	t, it, err := d.Service.OpenShare(ctx, token)
	if err != nil {
		return export.File{}, err
	}
	m, err := itineraryMessage(it)
	if err != nil {
		return export.File{}, err
	}
	sheet := export.Sheet{TripName: t.Name, Itinerary: impersonal(m), Language: language}
	picture, err := d.sharedMap(ctx, it, sheet)
	if err != nil {
		log.WarnContext(ctx, "draw the map of a shared itinerary", "error", err)
	}
	return export.Page(sheet, picture)
}

func (d Deps) sharedMap(ctx context.Context, it trip.Itinerary, sheet export.Sheet) ([]byte, error) {
	key := fmt.Sprintf("shared-map:%s:%d:%d:%s", it.TripID, it.Version, it.Revision, sheet.Language)
	job, err := d.Renderer.Render(ctx, key, func(f *export.Fonts) (export.File, error) {
		data, err := export.Map(sheet, f, sharedMapWidth, sharedMapHeight)
		return sheet.File("png", "image/png", data), err
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, sharedMapWait)
	defer cancel()
	file, err := job.Wait(ctx)
	return file.Data, err
}
