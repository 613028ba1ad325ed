package ai

import (
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Request is what is accepted: who asks for what, and the body that only workers read.
type Request struct {
	ID, TripID, Owner, ClientID string
	Day                         int
	Size                        Size
	RequestTime                 time.Time
	// Fingerprint is a keyed hash of everything asked for, to tell a repeated request from another one under its id.
	Fingerprint []byte
	// Body is the request as it came (a marshalled StartGenerationRequest): personal, so it is stored sealed.
	Body []byte
}

// Result is what a generation made.
type Result struct {
	// Itinerary is a marshalled tripgen.type.v1.Itinerary; it may repeat the traveller's words, so it is stored sealed.
	Itinerary []byte
	// DaysRefined are the days that the model refined; HasClashes tells that the itinerary explains clashes.
	DaysReady, DaysRefined []int
	HasClashes             bool
	// Work is what the planning took; zero where it was not a whole search, from which nothing is learned.
	Work time.Duration
	Cost Cost
	// LastSequence is that of the last event so far.
	LastSequence int64
}

// The refusals of this service.
var (
	// ErrNoGeneration also stands for somebody else's.
	ErrNoGeneration = errs.NotFound(errs.ReasonNotFound, "일정 생성 작업을 찾을 수 없습니다.", "There is no such generation.")
	// ErrNoResult: the generation made no itinerary (yet).
	ErrNoResult = errs.NotFound(errs.ReasonNotFound, "아직 만들어진 일정이 없습니다.", "There is no itinerary yet.")
	// ErrMismatch: the id was used for another request.
	ErrMismatch = errs.AlreadyExists(errs.ReasonIdempotencyMismatch,
		"같은 요청 번호로 다른 내용이 왔습니다.", "The same id came with another request.")
	// ErrEnded: the generation ended otherwise.
	ErrEnded = errs.FailedPrecondition(errs.ReasonGenerationEnded, "이미 끝난 작업입니다.", "The generation has already ended.")
	// ErrQueueFull: try again after RetryAfter.
	ErrQueueFull = errs.ResourceExhausted(errs.ReasonQueueFull,
		"지금 요청이 많습니다. 잠시 후 다시 시도해 주세요.", "There are many requests right now. Please try again shortly.")
	// ErrBudgetSpent: no model calls are left for today.
	ErrBudgetSpent = errs.ResourceExhausted(errs.ReasonBudgetSpent,
		"오늘 쓸 수 있는 한도를 다 썼습니다.", "The day's budget is spent.")
	// ErrHeld: another worker has it and is alive.
	ErrHeld = errs.Aborted("HELD", "다른 작업자가 처리하고 있습니다.", "Another worker has it.")
	// ErrEarly: it is to be tried again, and not yet.
	ErrEarly = errs.Aborted("EARLY", "아직 다시 시도할 때가 아닙니다.", "It is not due yet.")
	// ErrLeaseLost: another worker took the work over, or it was cancelled; what was made is thrown away.
	ErrLeaseLost = errs.Aborted("LEASE_LOST", "다른 작업자가 이어받았습니다.", "Another worker has taken over.")
)
