package anthropic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// firstShare of a call's time passes before its first output.
	firstShare = 0.3
	chunks     = 24
)

// wait waits for d, or until the caller hangs up: then it is false.
func (s *Simulator) wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return r.Context().Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		s.count(func(n *Counts) { n.Abandoned++ })
		return false
	}
}

func (s *Simulator) hang(r *http.Request) {
	<-r.Context().Done()
	s.count(func(n *Counts) { n.Abandoned++ })
}

// whole answers in one piece.
func (s *Simulator) whole(w http.ResponseWriter, r *http.Request, c Config, f fate, model, text string, u usage) {
	if c.Hang {
		s.hang(r)
		return
	}
	if !s.wait(r, f.takes) {
		return
	}
	if f.fails {
		s.count(func(n *Counts) { n.Failed++ })
		refuse(w, http.StatusInternalServerError, "api_error", "simulated failure")
		return
	}
	s.produced(float64(u.OutputTokens))
	s.done(u)
	w.Header().Set("Content-Type", "application/json")
	// See refuse.
	_ = json.NewEncoder(w).Encode(message(model, []any{map[string]any{"type": "text", "text": text}}, "end_turn", u)) //nolint:errchkjson // plain data
}

// message is a message as the API has it.
func message(model string, content []any, stopReason any, u usage) map[string]any {
	return map[string]any{
		"id": "msg_simulated", "type": "message", "role": "assistant", "model": model, "content": content,
		"stop_reason": stopReason, "stop_sequence": nil, "usage": u,
	}
}

// stream answers as server-sent events.
func (s *Simulator) stream(w http.ResponseWriter, r *http.Request, c Config, f fate, model, text string, u usage) {
	if f.fails && !f.midway {
		if s.wait(r, time.Duration(float64(f.takes)*firstShare)) {
			s.count(func(n *Counts) { n.Failed++ })
			refuse(w, http.StatusInternalServerError, "api_error", "simulated failure")
		}
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	started := u
	started.OutputTokens = 1
	send(w, "message_start", map[string]any{"type": "message_start", "message": message(model, []any{}, nil, started)})
	send(w, "ping", map[string]any{"type": "ping"})
	if c.Hang {
		s.hang(r)
		return
	}
	if !s.wait(r, time.Duration(float64(f.takes)*firstShare)) {
		return
	}
	send(w, "content_block_start", map[string]any{
		"type": "content_block_start", "index": 0, "content_block": map[string]any{"type": "text", "text": ""},
	})
	pause := time.Duration(float64(f.takes) * (1 - firstShare) / chunks)
	for i, piece := range cut(text, chunks) {
		if !s.wait(r, pause) {
			return
		}
		if f.fails && i == chunks/2 {
			s.count(func(n *Counts) { n.Failed++ })
			send(w, "error", map[string]any{
				"type": "error", "error": map[string]string{"type": "overloaded_error", "message": "simulated failure"},
			})
			return
		}
		s.produced(float64(u.OutputTokens) / chunks)
		send(w, "content_block_delta", map[string]any{
			"type": "content_block_delta", "index": 0, "delta": map[string]any{"type": "text_delta", "text": piece},
		})
	}
	send(w, "content_block_stop", map[string]any{"type": "content_block_stop", "index": 0})
	send(w, "message_delta", map[string]any{
		"type": "message_delta", "delta": map[string]any{"stop_reason": "end_turn", "stop_sequence": nil}, "usage": u,
	})
	send(w, "message_stop", map[string]any{"type": "message_stop"})
	s.done(u)
}

func send(w http.ResponseWriter, event string, data any) {
	body, err := json.Marshal(data)
	if err != nil {
		panic(err) // plain data
	}
	// A caller that hung up is noticed at the next wait.
	_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, body)
	_ = http.NewResponseController(w).Flush()
}

// cut splits a text into n pieces, the last ones perhaps empty, at borders of characters.
func cut(text string, n int) []string {
	runes := []rune(text)
	size := (len(runes) + n - 1) / n
	pieces := make([]string, n)
	for i := range pieces {
		pieces[i] = string(runes[min(i*size, len(runes)):min((i+1)*size, len(runes))])
	}
	return pieces
}
