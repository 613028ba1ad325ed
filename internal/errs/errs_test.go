package errs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

func TestACopyIsStillItsSentinel(t *testing.T) {
	t.Parallel()
	sentinel := errs.NotFound(errs.ReasonNotFound, "없음", "gone")
	err := fmt.Errorf("load trip: %w",
		sentinel.With("trip", "trip_1").Retry(time.Second).WithField("id", "코", "en").WithResource(7).Wrap(io.EOF))

	if !errors.Is(err, sentinel) || !errors.Is(err, io.EOF) {
		t.Errorf("%v is neither its sentinel nor its cause", err)
	}
	if errors.Is(err, errs.NotFound(errs.ReasonPlaceGone, "", "")) {
		t.Error("an error is another reason's")
	}
	if len(sentinel.Metadata)+len(sentinel.Fields) != 0 || sentinel.Resource != nil || sentinel.Cause != nil || sentinel.RetryAfter != 0 {
		t.Errorf("the sentinel itself was changed: %+v", sentinel)
	}
	got, ok := errs.Of(err)
	if !ok || got.Metadata["trip"] != "trip_1" || got.Resource != 7 || got.RetryAfter != time.Second || len(got.Fields) != 1 {
		t.Errorf("Of = %+v, %v", got, ok)
	}
}

func TestCopiesDoNotShareMetadata(t *testing.T) {
	t.Parallel()
	base := errs.Aborted(errs.ReasonStaleRevision, "", "").With("a", "1")
	_ = base.With("b", "2")
	if len(base.Metadata) != 1 {
		t.Errorf("base was changed: %v", base.Metadata)
	}
}

func TestErrorTextNamesKindReasonFieldsAndCause(t *testing.T) {
	t.Parallel()
	err := errs.Invalid(errs.Field("name", "짧음", "too short")).Wrap(io.ErrUnexpectedEOF)
	for _, part := range []string{"invalid_argument", "INVALID_ARGUMENT", "name: too short", "unexpected EOF"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err.Error(), part)
		}
	}
}

func TestKindAndReasonOfForeignErrors(t *testing.T) {
	t.Parallel()
	if got := errs.KindOf(io.EOF); got != errs.KindUnknown {
		t.Errorf("KindOf(io.EOF) = %v", got)
	}
	if got := errs.KindOf(errs.Unimplemented()); got != errs.KindUnimplemented {
		t.Errorf("KindOf = %v", got)
	}
	if errs.HasReason(io.EOF, "") || !errs.HasReason(errs.Internal(io.EOF), errs.ReasonInternal) {
		t.Error("HasReason is wrong")
	}
}
