package tripgen

import (
	"errors"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// Error is a refusal with everything the server told about it.
type Error struct {
	// Code is the Connect code.
	Code connect.Code
	// Reason is a name of tripgen.type.v1.ErrorReason without its prefix; stable, to decide on.
	Reason string
	// Message is for people, in the language asked for.
	Message string
	// Fields are the fields that break a rule.
	Fields []FieldViolation
	// RetryAfter is how long to wait before trying again; 0 if the server did not say.
	RetryAfter time.Duration
	// Metadata belongs to the reason, for example "until" of ACCOUNT_LOCKED.
	Metadata map[string]string
	// Details are all details, among them the current resource of STALE_REVISION.
	Details []proto.Message
	// RequestID is what to quote when asking for help.
	RequestID string

	cause *connect.Error
}

// FieldViolation says what is wrong with one field.
type FieldViolation struct {
	// Field is the path of the field, for example "members[0].age".
	Field string
	// Description is for people.
	Description string
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Code.String()
	if e.Reason != "" {
		text += " " + e.Reason
	}
	text += ": " + e.Message
	for _, f := range e.Fields {
		text += "\n  " + f.Field + ": " + f.Description
	}
	return text
}

// Unwrap returns the *connect.Error.
func (e *Error) Unwrap() error { return e.cause }

// AsError finds the refusal in an error that a call returned. It is false for errors that did not come from
// a call.
func AsError(err error) (*Error, bool) {
	var typed *Error
	if errors.As(err, &typed) {
		return typed, true
	}
	var cause *connect.Error
	if !errors.As(err, &cause) {
		return nil, false
	}
	e := &Error{Code: cause.Code(), Message: cause.Message(), RequestID: cause.Meta().Get("X-Request-Id"), cause: cause}
	if seconds, err := strconv.Atoi(cause.Meta().Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	for _, detail := range cause.Details() {
		if message, err := detail.Value(); err == nil {
			e.add(message)
		}
	}
	return e, true
}

func (e *Error) add(detail proto.Message) {
	e.Details = append(e.Details, detail)
	switch d := detail.(type) {
	case *errdetails.ErrorInfo:
		e.Reason, e.Metadata = d.GetReason(), d.GetMetadata()
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			e.Fields = append(e.Fields, FieldViolation{Field: v.GetField(), Description: v.GetDescription()})
		}
	case *errdetails.RetryInfo:
		if d.GetRetryDelay() != nil {
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	case *errdetails.LocalizedMessage:
		e.Message = d.GetMessage()
	}
}
