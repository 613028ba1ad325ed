package rpc

import (
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

// Error reads what another service told back into an *errs.Error, with kind, reason, fields, metadata and retry time;
// nil for nil. That the other service does not accept our own credentials, or does not know the procedure, is our
// fault and not our caller's: it becomes internal.
func Error(err error) error {
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return err
	}
	kind := errs.Kind(ce.Code())
	switch ce.Code() {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeUnimplemented, connect.CodeUnknown,
		connect.CodeInternal, connect.CodeDataLoss:
		return errs.Internal(err)
	case connect.CodeUnavailable:
		e := errs.Unavailable(err)
		read(e, ce)
		return e
	}
	e := errs.New(kind, "", "", ce.Message()).Wrap(err)
	read(e, ce)
	return e
}

func read(e *errs.Error, ce *connect.Error) {
	for _, d := range ce.Details() {
		m, err := d.Value()
		if err != nil {
			continue // a detail of a type that this build does not know
		}
		switch m := m.(type) {
		case *errdetails.ErrorInfo:
			e.Reason, e.Metadata = m.GetReason(), m.GetMetadata()
		case *errdetails.RetryInfo:
			e.RetryAfter = m.GetRetryDelay().AsDuration()
		case *errdetails.LocalizedMessage:
			if m.GetLocale() == string(lang.Korean) {
				e.Message.Ko = m.GetMessage()
			}
		case *errdetails.BadRequest:
			for _, f := range m.GetFieldViolations() {
				e.Fields = append(e.Fields, errs.Field(f.GetField(), f.GetLocalizedMessage().GetMessage(), f.GetDescription()))
			}
		case proto.Message:
			e.Resource = m
		}
	}
}
