package trip

import (
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// GenerationState is where a generation is in its saga:
//
//	accepted ──hand over──▶ handed over ──store──▶ stored ──confirm──▶ ready
//	    │                        └──▶ failed, cancelled
//	    └──▶ refused
//
// Running states hold the trip's one place for a generation; whatever ends otherwise than ready gives its regeneration
// back.
type GenerationState string

// The states.
const (
	GenerationAccepted   GenerationState = "accepted"
	GenerationHandedOver GenerationState = "handed_over"
	GenerationStored     GenerationState = "stored"
	GenerationReady      GenerationState = "ready"
	GenerationRefused    GenerationState = "refused"
	GenerationFailed     GenerationState = "failed"
	GenerationCancelled  GenerationState = "cancelled"
)

// Final tells whether nothing follows.
func (s GenerationState) Final() bool {
	switch s {
	case GenerationReady, GenerationRefused, GenerationFailed, GenerationCancelled:
		return true
	}
	return false
}

// Told tells whether the feed has an entry about entering the state; that a generation was handed over is nothing that
// can be seen from outside.
func (s GenerationState) Told() bool { return s != GenerationHandedOver }

// Generation is one making of an itinerary, as the trip service drives it.
type Generation struct {
	// ID is gen_…; it is the saga's id as well.
	ID, TripID, Owner, ClientID string
	State                       GenerationState
	// Day is the day that is planned anew, from 1; 0 for the whole trip.
	Day int
	// CountedOn is the day whose regenerations this one is among; zero if it is none.
	CountedOn Date
	// Request is what is asked for; stores seal it and drop it when the generation ends.
	Request Request
	// Receipt is the AI service's, once handed over.
	Receipt Receipt
	// Version is the itinerary's, once stored.
	Version int64
	// Reason is an errs reason, of one that was refused or failed.
	Reason string
	// Created and Ended are in UTC.
	Created, Ended time.Time
}

// Origin is what a version from this generation comes from.
func (g Generation) Origin() Origin {
	if g.Day > 0 {
		return FromDayRegeneration
	}
	return FromGeneration
}

// RegenerationsPerDay is how often a trip's itinerary may be made anew on one day of the trip's zone.
const RegenerationsPerDay = 5

// Regenerations counts the regenerations of the newest day that had any.
type Regenerations struct {
	On   Date `json:"on,omitzero"`
	Used int  `json:"used,omitzero"`
}

// Left is how many are left on a day.
func (r Regenerations) Left(today Date) int {
	if r.On != today {
		return RegenerationsPerDay
	}
	return max(0, RegenerationsPerDay-r.Used)
}

// Take uses one up; false if none is left.
func (r *Regenerations) Take(today Date) bool {
	if r.Left(today) == 0 {
		return false
	}
	if r.On != today {
		*r = Regenerations{On: today}
	}
	r.Used++
	return true
}

// GiveBack undoes a Take of that day.
func (r *Regenerations) GiveBack(day Date) {
	if r.On == day && r.Used > 0 {
		r.Used--
	}
}

// The refusals of generations.
var (
	// ErrNotReady names the missing fields, also in metadata `missing`, parted by commas.
	ErrNotReady = errs.FailedPrecondition(errs.ReasonTripNotReady,
		"일정을 만들기에 아직 부족한 정보가 있습니다.", "The trip still lacks something that an itinerary needs.")
	// ErrGenerationRunning carries metadata `generation`.
	ErrGenerationRunning = errs.FailedPrecondition(errs.ReasonGenerationRunning,
		"이미 일정을 만들고 있습니다.", "An itinerary is being made already.")
	// ErrRegenerationLimit: none is left today.
	ErrRegenerationLimit = errs.ResourceExhausted(errs.ReasonRegenerationLimit,
		"오늘은 일정을 더 다시 만들 수 없습니다. (하루 5번)", "The itinerary was made anew as often as a day allows (5 times).")
	// ErrNoGeneration also stands for somebody else's.
	ErrNoGeneration = errs.NotFound(errs.ReasonNotFound, "일정 생성 작업을 찾을 수 없습니다.", "There is no such generation.")
	// ErrNoItinerary: the trip has none yet.
	ErrNoItinerary = errs.NotFound(errs.ReasonNotFound, "아직 만들어진 일정이 없습니다.", "The trip has no itinerary yet.")
)
