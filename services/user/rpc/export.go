package rpc

import (
	"archive/zip"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
)

// ExportMyData begins the making of an archive, or tells how far it is.
func (h *Account) ExportMyData(ctx context.Context, r *userv1.ExportMyDataRequest) (*userv1.ExportMyDataResponse, error) {
	account, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	e, err := h.service.ExportMyData(ctx, account, r.GetExportId())
	if err != nil {
		return nil, err
	}
	m := &userv1.ExportMyDataResponse{ExportId: e.ID}
	switch e.State {
	case user.Exported:
		m.State, m.ArchivePath, m.ExpireTime = userv1.JobState_JOB_STATE_DONE, ArchivePath+e.ID, timestamppb.New(e.Expires)
	case user.ExportFailed:
		m.State = userv1.JobState_JOB_STATE_FAILED
	default:
		m.State = userv1.JobState_JOB_STATE_RUNNING
	}
	return m, nil
}

// ArchivePath is where the caller's own archives are, followed by their ids.
const ArchivePath = "/account/exports/"

// Archives serves the caller's own archives over plain HTTP: GET /account/exports/EXPORT, with an access token of the
// scope account, as ZIP. Somebody else's is not found; one that is not kept any more is gone, with the reason in the body.
func Archives(s *user.Service, tokens authn.TokenVerifier, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ArchivePath+"{export}", func(w http.ResponseWriter, r *http.Request) {
		account, status := pictureOwner(r, tokens)
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		exportID := r.PathValue("export")
		if !id.Valid(id.Export, exportID) {
			http.NotFound(w, r)
			return
		}
		e, err := s.ExportOf(r.Context(), account, exportID)
		switch {
		case errs.HasReason(err, errs.ReasonExportExpired):
			refuse(w, r, http.StatusGone, err)
		case errs.KindOf(err) == errs.KindNotFound, err == nil && e.State != user.Exported:
			http.NotFound(w, r)
		case err != nil:
			log.ErrorContext(r.Context(), "serve archive", "error", err)
			w.WriteHeader(http.StatusInternalServerError)
		default:
			sendArchive(w, r, s, e, log)
		}
	})
	return mux
}

// refuse tells a reason as unary RPCs do.
func refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	e, _ := errs.Of(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	language := lang.Parse(r.Header.Get("Accept-Language"))
	_ = json.NewEncoder(w).Encode(map[string]string{ // the caller has gone if this fails
		"code": e.Kind.String(), "reason": e.Reason, "message": e.Message.In(language),
	})
}

// sendArchive packs while it sends, so that no archive is in memory as a whole. One that breaks off has no end, which
// every reader of ZIP notices.
func sendArchive(w http.ResponseWriter, r *http.Request, s *user.Service, e user.Export, log *slog.Logger) {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="tripgen-`+e.ID+`.zip"`)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	archive := zip.NewWriter(w)
	err := s.Archive(r.Context(), e, func(path string, content []byte) error {
		file, err := archive.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate, Modified: e.Ended})
		if err == nil {
			_, err = file.Write(content)
		}
		return err
	})
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		log.WarnContext(r.Context(), "an archive breaks off", "export", e.ID, "error", err)
		panic(http.ErrAbortHandler) // so that the caller does not take it for whole
	}
}
