package faults

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
)

// spoil answers as the provider does, with the answer changed on its way.
func (p *Provider) spoil(w http.ResponseWriter, r *http.Request, plan plan) {
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, r)
	body := recorder.Body.Bytes()
	if plan.rename {
		body = reshape(body, renamed)
	}
	if plan.missing {
		body = reshape(body, thinned)
	}
	maps.Copy(w.Header(), recorder.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(recorder.Code)
	if !plan.truncate {
		_, _ = w.Write(body) // the caller that hung up is not told
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // the way to cut a connection in net/http
}

// reshape changes every object of a JSON text; what is none stays.
func reshape(body []byte, change func(map[string]any) map[string]any) []byte {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return body
	}
	changed, err := json.Marshal(walk(value, change))
	if err != nil {
		return body
	}
	return changed
}

func walk(value any, change func(map[string]any) map[string]any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = walk(inner, change)
		}
		return change(v)
	case []any:
		for i, inner := range v {
			v[i] = walk(inner, change)
		}
	}
	return value
}

func renamed(object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for key, value := range object {
		out[key+"_v2"] = value
	}
	return out
}

// thinned leaves every second field out, by their order.
func thinned(object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i%2 == 1 {
			out[key] = object[key]
		}
	}
	return out
}
