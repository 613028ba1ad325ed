package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/ory/fosite"
)

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone if this fails
}

// only refuses other methods.
func only(next http.HandlerFunc, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			refuseMethod(w, methods...)
			return
		}
		next(w, r)
	}
}

func refuseMethod(w http.ResponseWriter, allowed ...string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeJSON(w, http.StatusMethodNotAllowed, map[string]string{
		"error": fosite.ErrInvalidRequest.ErrorField, "error_description": "Use " + strings.Join(allowed, " or ") + ".",
	})
}
