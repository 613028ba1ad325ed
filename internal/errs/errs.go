// Package errs has the one error type that crosses layers and RPC borders: a kind, a stable reason that clients
// decide on, a message for people in Korean and English, and the cause for the log. The interceptor of internal/rpc
// turns it into a Connect error with details; an error of any other type is told to nobody and becomes `internal`.
//
// Domain code declares its refusals where they happen, or once as sentinels:
//
//	var ErrNoTrip = errs.NotFound(errs.ReasonNotFound, "여행을 찾을 수 없습니다.", "There is no such trip.")
//
//	return ErrNoTrip.With("trip", id).Wrap(err)   // a copy; errors.Is(err, ErrNoTrip) still holds
package errs

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
)

// Kind is the class of an error. The values are those of the Connect and gRPC codes.
type Kind uint32

// The kinds; see https://connectrpc.com/docs/protocol#error-codes for their meaning.
const (
	KindCanceled           Kind = 1
	KindUnknown            Kind = 2
	KindInvalidArgument    Kind = 3
	KindDeadlineExceeded   Kind = 4
	KindNotFound           Kind = 5
	KindAlreadyExists      Kind = 6
	KindPermissionDenied   Kind = 7
	KindResourceExhausted  Kind = 8
	KindFailedPrecondition Kind = 9
	KindAborted            Kind = 10
	KindOutOfRange         Kind = 11
	KindUnimplemented      Kind = 12
	KindInternal           Kind = 13
	KindUnavailable        Kind = 14
	KindDataLoss           Kind = 15
	KindUnauthenticated    Kind = 16
)

var kindNames = [...]string{
	"ok", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
	"permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented",
	"internal", "unavailable", "data_loss", "unauthenticated",
}

// String is the kind's name as Connect writes it, such as "not_found".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// FieldViolation says what is wrong with one field of a request.
type FieldViolation struct {
	// Field is the path of the field in the request, in proto names: "trip.members[2].age".
	Field string
	// Rule is the stable name of the rule that is broken, such as "string.min_len"; may be empty.
	Rule string
	// Description says what is wrong, to people.
	Description lang.Text
}

// Error is a refusal or a failure that a caller is told about.
type Error struct {
	Kind Kind
	// Reason is the name of a tripgen.type.v1.ErrorReason without the prefix ERROR_REASON_.
	Reason string
	// Message is shown to people: no ids of others, no internals.
	Message lang.Text
	// Fields are the fields that break their rules.
	Fields []FieldViolation
	// RetryAfter says when a retry may help; zero says nothing.
	RetryAfter time.Duration
	// Metadata is for machines, documented at each reason.
	Metadata map[string]string
	// Resource is what the caller needs in order to go on, such as the current trip with STALE_REVISION: a domain
	// value that the service's rpc layer can convert, or a message.
	Resource any
	// Cause is logged and never told.
	Cause error
}

// New makes an error of any kind. The other constructors are shorter.
func New(kind Kind, reason, ko, en string) *Error {
	return &Error{Kind: kind, Reason: reason, Message: lang.Text{Ko: ko, En: en}}
}

// Error is the text for the log: kind, reason, English message, fields and cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	if e.Reason != "" {
		b.WriteString(" " + e.Reason)
	}
	if text := e.Message.In(lang.English); text != "" {
		b.WriteString(": " + text)
	}
	for _, f := range e.Fields {
		b.WriteString(" [" + f.Field + ": " + f.Description.In(lang.English) + "]")
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is holds for another *Error of the same kind and reason, so that a copy with metadata still is its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error) // errors.Is has unwrapped already
	return ok && t.Kind == e.Kind && t.Reason == e.Reason
}

// Wrap gives a copy with the cause.
func (e *Error) Wrap(cause error) *Error {
	return e.edit(func(c *Error) { c.Cause = cause })
}

// With gives a copy with one more entry of metadata.
func (e *Error) With(key, value string) *Error {
	return e.edit(func(c *Error) {
		if c.Metadata == nil {
			c.Metadata = make(map[string]string, 1)
		}
		c.Metadata[key] = value
	})
}

// WithField gives a copy with one more violated field.
func (e *Error) WithField(field, ko, en string) *Error {
	return e.edit(func(c *Error) { c.Fields = append(c.Fields, Field(field, ko, en)) })
}

// WithResource gives a copy that carries a resource for the caller.
func (e *Error) WithResource(resource any) *Error {
	return e.edit(func(c *Error) { c.Resource = resource })
}

// Retry gives a copy that says when to try again.
func (e *Error) Retry(after time.Duration) *Error {
	return e.edit(func(c *Error) { c.RetryAfter = after })
}

func (e *Error) edit(change func(*Error)) *Error {
	c := *e
	c.Fields, c.Metadata = slices.Clone(e.Fields), maps.Clone(e.Metadata)
	change(&c)
	return &c
}

// Of finds the first *Error in err's tree.
func Of(err error) (*Error, bool) {
	return errors.AsType[*Error](err)
}

// KindOf is the kind of the first *Error in err's tree, or KindUnknown.
func KindOf(err error) Kind {
	if e, ok := Of(err); ok {
		return e.Kind
	}
	return KindUnknown
}

// HasReason tells whether the first *Error in err's tree has the reason.
func HasReason(err error, reason string) bool {
	e, ok := Of(err)
	return ok && e.Reason == reason
}
