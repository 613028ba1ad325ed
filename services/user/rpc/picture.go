package rpc

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// AvatarPath is where the caller's own picture is, followed by its version and perhaps /thumbnail.
const AvatarPath = "/account/avatar/"

// Pictures serves the caller's own picture over plain HTTP: GET /account/avatar/VERSION and …/thumbnail, with an access
// token of the scope account. A version never changes and may be kept for ever, by its owner's device alone.
func Pictures(s *user.Service, tokens authn.TokenVerifier, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	serve := func(pick func(user.Picture) []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			id, status := pictureOwner(r, tokens)
			version, err := strconv.Atoi(r.PathValue("version"))
			switch {
			case status != http.StatusOK:
				w.WriteHeader(status)
				return
			case err != nil:
				http.NotFound(w, r)
				return
			}
			p, err := s.Avatar(r.Context(), id, version)
			if errors.Is(err, user.ErrNoPicture) {
				http.NotFound(w, r)
				return
			}
			if err != nil {
				log.ErrorContext(r.Context(), "serve picture", "error", err)
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			h := w.Header()
			h.Set("Content-Type", "image/jpeg")
			h.Set("Cache-Control", "private, max-age=31536000, immutable")
			h.Set("X-Content-Type-Options", "nosniff")
			_, _ = w.Write(pick(p)) // the caller has gone if this fails
		}
	}
	mux.HandleFunc("GET "+AvatarPath+"{version}", serve(func(p user.Picture) []byte { return p.Full }))
	mux.HandleFunc("GET "+AvatarPath+"{version}/thumbnail", serve(func(p user.Picture) []byte { return p.Thumbnail }))
	return mux
}

// pictureOwner is the person behind the request's token, or the status to refuse with.
func pictureOwner(r *http.Request, tokens authn.TokenVerifier) (id string, status int) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", http.StatusUnauthorized
	}
	p, err := tokens.Verify(r.Context(), token)
	switch {
	case errors.Is(err, authn.ErrUnauthenticated):
		return "", http.StatusUnauthorized
	case err != nil:
		return "", http.StatusServiceUnavailable
	case !p.IsUser() || !p.Has(oauth.ScopeAccount):
		return "", http.StatusForbidden
	}
	return p.Subject, http.StatusOK
}
