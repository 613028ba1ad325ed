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
		status := http.StatusOK
		switch e, known := errs.Of(err); {
		case known && e.Kind == errs.KindNotFound:
			status = http.StatusNotFound
			page, err = export.Notice(language, e.Message, askForAnother)
		case err != nil:
			log.WarnContext(r.Context(), "show a shared itinerary", "error", err)
			head.Set("Retry-After", "5")
			status = http.StatusServiceUnavailable
			page, err = export.Notice(language, notNow, tryAgain)
		}
		if err != nil {
			log.ErrorContext(r.Context(), "tell why there is no shared itinerary", "error", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		head.Set("Content-Type", page.MediaType)
		head.Set("Content-Language", string(language))
		head.Set("Content-Security-Policy", export.PagePolicy)
		w.WriteHeader(status)
		_, _ = w.Write(page.Data) // the caller has gone if this fails
	})
	return mux
}

// What a page says that has no itinerary to show.
var (
	askForAnother = lang.Text{Ko: "링크를 보낸 분에게 새 링크를 부탁해 보세요.", En: "Ask whoever sent it to you for a new one."}
	notNow        = lang.Text{Ko: "지금은 일정을 열 수 없습니다.", En: "The itinerary cannot be opened right now."}
	tryAgain      = lang.Text{Ko: "잠시 후 다시 시도해 주세요.", En: "Please try again in a moment."}
)

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
