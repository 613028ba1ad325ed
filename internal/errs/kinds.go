package errs

// Invalid refuses a request for its fields; the reason is INVALID_ARGUMENT.
func Invalid(fields ...FieldViolation) *Error {
	e := New(KindInvalidArgument, ReasonInvalidArgument,
		"입력한 내용을 확인해 주세요.", "Please check what was entered.")
	e.Fields = fields
	return e
}

// Field describes one violated field for [Invalid].
func Field(field, ko, en string) FieldViolation {
	v := FieldViolation{Field: field}
	v.Description.Ko, v.Description.En = ko, en
	return v
}

// InvalidArgument refuses a request for more than one field's sake.
func InvalidArgument(reason, ko, en string) *Error { return New(KindInvalidArgument, reason, ko, en) }

// NotFound says that there is no such thing, or not for this caller.
func NotFound(reason, ko, en string) *Error { return New(KindNotFound, reason, ko, en) }

// AlreadyExists says that the thing to be made is there.
func AlreadyExists(reason, ko, en string) *Error { return New(KindAlreadyExists, reason, ko, en) }

// PermissionDenied says that this caller may not, whoever it is.
func PermissionDenied(reason, ko, en string) *Error { return New(KindPermissionDenied, reason, ko, en) }

// Unauthenticated says that it is not known who is calling.
func Unauthenticated(reason, ko, en string) *Error { return New(KindUnauthenticated, reason, ko, en) }

// FailedPrecondition says that the state of things has to change before the same call can work.
func FailedPrecondition(reason, ko, en string) *Error {
	return New(KindFailedPrecondition, reason, ko, en)
}

// Aborted says that a concurrent change won; read again and repeat.
func Aborted(reason, ko, en string) *Error { return New(KindAborted, reason, ko, en) }

// ResourceExhausted says that a limit, a quota or a budget is used up.
func ResourceExhausted(reason, ko, en string) *Error {
	return New(KindResourceExhausted, reason, ko, en)
}

// Unavailable says that a part is away and the same call may work later; add Retry.
func Unavailable(cause error) *Error {
	return New(KindUnavailable, ReasonUnavailable,
		"지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.", "This cannot be done right now. Please try again shortly.").Wrap(cause)
}

// DeadlineExceeded says that time ran out before the call ended.
func DeadlineExceeded(cause error) *Error {
	return New(KindDeadlineExceeded, ReasonDeadlineExceeded,
		"시간이 초과되었습니다. 다시 시도해 주세요.", "This took too long. Please try again.").Wrap(cause)
}

// Canceled says that the caller went away.
func Canceled(cause error) *Error {
	return New(KindCanceled, "", "요청이 취소되었습니다.", "The request was cancelled.").Wrap(cause)
}

// Unimplemented says that what was called is not built.
func Unimplemented() *Error {
	return New(KindUnimplemented, ReasonNotImplemented,
		"아직 제공하지 않는 기능입니다.", "This is not available yet.")
}

// Internal is our own fault: the cause is logged, the caller is told a fixed text.
func Internal(cause error) *Error {
	return New(KindInternal, ReasonInternal,
		"일시적인 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.", "Something went wrong on our side. Please try again shortly.").Wrap(cause)
}
