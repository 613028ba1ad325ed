package rpc

import (
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/internal/errs"
)

func TestWhatIsDoneAsideIsDoneWhenAsideReturns(t *testing.T) {
	t.Parallel()
	done := false
	Aside(func() { done = true })
	if !done {
		t.Error("Aside returned before")
	}
}

func TestAPanicAsideIsAnInternalErrorWithItsStack(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"panic": func() { panic("broken") }, "goroutine ended": runtime.Goexit,
	} {
		err := func() (err error) {
			defer caught(&err)
			Aside(f)
			return nil
		}()
		if e, ok := errs.Of(err); !ok || e.Kind != errs.KindInternal {
			t.Errorf("%s: %v is not internal", name, err)
		}
		if name == "panic" && (!strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "aside_test.go")) {
			t.Errorf("%v does not tell where it came from", err)
		}
	}
}

func TestAnAbortAsideCutsTheConnection(t *testing.T) {
	t.Parallel()
	defer func() {
		if p, ok := recover().(error); !ok || !errors.Is(p, http.ErrAbortHandler) {
			t.Errorf("%v came out", p)
		}
	}()
	var err error
	defer caught(&err)
	Aside(func() { panic(http.ErrAbortHandler) })
}

func TestStreamsKeepOnlyHeadersThatAreRead(t *testing.T) {
	t.Parallel()
	all := http.Header{}
	for _, name := range []string{
		"Content-Type", "Authorization", "Accept-Language", "Traceparent", "X-Request-Id", "Idempotency-Key",
		"User-Agent", "X-Forwarded-For", "X-Envoy-Attempt-Count", "X-Tripgen-Subject", "Accept-Encoding",
	} {
		all.Set(name, "value")
	}
	var names []string
	for name := range kept(all) {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "Traceparent", "X-Request-Id"}
	if !slices.Equal(names, want) {
		t.Errorf("kept %v", names)
	}
}
