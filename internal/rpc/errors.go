package rpc

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

// Domain is the domain of all reasons (google.rpc.ErrorInfo).
const Domain = "tripgen"

// tellErrors puts the caller's language into the context and turns every error into what the caller is told.
func tellErrors(resource func(any) proto.Message) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		l := lang.Parse(c.header.Get("Accept-Language"))
		if err := next(lang.With(ctx, l)); err != nil {
			return told(classify(ctx, err), l, resource)
		}
		return nil
	}
}

// classify finds the *errs.Error that err is or stands for. What nobody declared is internal.
func classify(ctx context.Context, err error) *errs.Error {
	if e, ok := errs.Of(err); ok {
		switch e.Kind {
		case errs.KindInternal, errs.KindUnknown, errs.KindDataLoss:
			return errs.Internal(err)
		}
		return e
	}
	if v, ok := errors.AsType[*protovalidate.ValidationError](err); ok {
		return errs.Invalid(violations(v)...)
	}
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return errs.Canceled(err)
	case errors.Is(err, context.DeadlineExceeded):
		return errs.DeadlineExceeded(err)
	}
	if ce, ok := errors.AsType[*connect.Error](err); ok && !connect.IsWireError(ce) {
		return ofConnect(ce)
	}
	return errs.Internal(err)
}

// ofConnect covers what connect itself refuses: a procedure that is not built, a message too large or not readable.
func ofConnect(ce *connect.Error) *errs.Error {
	switch ce.Code() {
	case connect.CodeUnimplemented:
		return errs.Unimplemented()
	case connect.CodeResourceExhausted: // which of its fields it is, nobody read
		return tooLarge("request").Wrap(ce)
	case connect.CodeInvalidArgument:
		return errs.New(errs.Kind(ce.Code()), errs.ReasonInvalidArgument,
			"요청을 읽을 수 없습니다.", "The request cannot be read.").Wrap(ce)
	case connect.CodeCanceled:
		return errs.Canceled(ce)
	case connect.CodeDeadlineExceeded:
		return errs.DeadlineExceeded(ce)
	default:
		return errs.Internal(ce)
	}
}

func tooLarge(field string) *errs.Error {
	return errs.ResourceExhausted(errs.ReasonInvalidArgument, "요청이 너무 큽니다.", "The request is too large.").
		WithField(field, "너무 큽니다.", "This is too large.")
}

// public is an error whose text is safe to send; its cause stays reachable for the log.
type public struct{ e *errs.Error }

func (p public) Error() string { return p.e.Message.In(lang.English) }
func (p public) Unwrap() error { return p.e }

func told(e *errs.Error, l lang.Lang, resource func(any) proto.Message) *connect.Error {
	ce := connect.NewError(connect.Code(e.Kind), public{e})
	for _, m := range details(e, l, resource) {
		if d, err := connect.NewErrorDetail(m); err == nil {
			ce.AddDetail(d)
		}
	}
	if e.RetryAfter > 0 {
		seconds := math.Ceil(e.RetryAfter.Seconds())
		ce.Meta().Set("Retry-After", strconv.FormatFloat(seconds, 'f', 0, 64))
	}
	return ce
}

func details(e *errs.Error, l lang.Lang, resource func(any) proto.Message) []proto.Message {
	var all []proto.Message
	if e.Reason != "" {
		all = append(all, &errdetails.ErrorInfo{Reason: e.Reason, Domain: Domain, Metadata: e.Metadata})
	}
	if len(e.Fields) > 0 {
		all = append(all, badRequest(e.Fields, l))
	}
	if e.RetryAfter > 0 {
		all = append(all, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	if text := e.Message.In(l); text != "" {
		all = append(all, &errdetails.LocalizedMessage{Locale: string(l), Message: text})
	}
	if m := resourceMessage(e.Resource, resource); m != nil {
		all = append(all, m)
	}
	return all
}

func badRequest(fields []errs.FieldViolation, l lang.Lang) *errdetails.BadRequest {
	var bad errdetails.BadRequest
	for _, f := range fields {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field:       f.Field,
			Description: f.Description.In(lang.English),
			Reason:      strings.ToUpper(strings.ReplaceAll(f.Rule, ".", "_")),
			LocalizedMessage: &errdetails.LocalizedMessage{
				Locale: string(l), Message: f.Description.In(l),
			},
		})
	}
	return &bad
}

func resourceMessage(resource any, convert func(any) proto.Message) proto.Message {
	if resource == nil {
		return nil
	}
	if m, ok := resource.(proto.Message); ok {
		return m
	}
	if convert == nil {
		return nil
	}
	return convert(resource)
}
