package rpc

import (
	"net/http"
	"strings"
)

// forgotten are headers that are for the way to a service and that nothing behind it reads: those that begin so.
var forgotten = []string{"Accept-Encoding", "User-Agent", "X-Envoy-", "X-Forwarded-", "X-Tripgen-"}

// isStream tells whether a request opens a stream; of those over gRPC it does not know.
func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/connect+")
}

// kept leaves out of a stream's headers those that nobody reads: they are held as long as the stream, and a map of more
// than 14 takes 1.4 KB, one of up to 8 a quarter of that.
func kept(all http.Header) http.Header {
	kept := make(http.Header)
	for name, values := range all {
		if !isForgotten(name) {
			kept[name] = values
		}
	}
	return kept
}

func isForgotten(name string) bool {
	for _, start := range forgotten {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}
