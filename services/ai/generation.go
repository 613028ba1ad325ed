// Package ai makes itineraries. A traveller's wish becomes a generation: accepted as one durable step, put into the
// queue of its class, taken by a worker, and ended exactly once.
//
//	QUEUED ──claim──▶ RUNNING ──made──▶ MADE ──confirmed──▶ READY
//	   │                 │  ▲              └─abandoned──▶ FAILED
//	   │                 │  └─taken over after its worker's lease ran out, or tried again
//	   ├──cancelled──────┴──▶ CANCELLED
//	   └──given up───────┴──▶ FAILED
//
// MADE is the moment between the itinerary's making and its storing on the trip; callers see it as running.
package ai

import (
	"time"
)

// State is where a generation is.
type State string

// The states. The last three are final.
const (
	Queued    State = "queued"
	Running   State = "running"
	Made      State = "made"
	Ready     State = "ready"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Final tells whether nothing follows.
func (s State) Final() bool { return s == Ready || s == Failed || s == Cancelled }

// Before are the states from which s may be entered; any other change is refused by the store.
func (s State) Before() []State {
	switch s {
	case Running:
		return []State{Queued, Running}
	case Made:
		return []State{Running}
	case Ready:
		return []State{Made}
	case Failed:
		return []State{Queued, Running, Made}
	case Cancelled:
		return []State{Queued, Running}
	case Queued:
		return []State{Running} // to be tried again
	default:
		return nil
	}
}

// Stage is what a generation is at, in the order in which it gets on.
type Stage int

// The stages.
const (
	StageQueued Stage = iota + 1
	StageProfile
	StageContext
	StageDraft
	StageRefine
	StageCheck
	StageStore
	StageDone
)

// Generation is a piece of work with its state. What it was asked for and what it made are kept apart from it, sealed.
type Generation struct {
	// ID is gen_…, TripID trip_….
	ID, TripID string
	// Owner is the subject of the token that asked: a user or a client. ClientID is the client, for budgets.
	Owner, ClientID string
	// Day is the day that is planned anew, from 1; 0 for the whole trip.
	Day   int
	State State
	Class Class
	// CostUnits is the expected cost, see CostModel.
	CostUnits int
	// Ordinal counts the owner's earlier generations of this trip: the first of equal requests share a plan, and one who
	// asks again gets another.
	Ordinal int
	// Percent (0–100, never falling) and Stage are as of the last change that was stored.
	Percent int
	Stage   Stage
	// LastSequence is that of the last event when the generation was last stored.
	LastSequence int64
	// DaysReady, DaysRefined and DaysImproved are numbers of days, from 1.
	DaysReady, DaysRefined, DaysImproved []int
	// HasClashes tells that the result explains wishes that cannot hold together.
	HasClashes bool
	// FailureReason is an errs reason, of a failed generation.
	FailureReason string
	Cost          Cost
	// ItineraryVersion is the trip's, once ready.
	ItineraryVersion int64
	// RequestTime is when the traveller asked; the promise of the deadline counts from here.
	RequestTime, CreateTime, StartTime, EndTime time.Time
	// Attempts is how often a worker took it; Worker is the one that has it until LeaseUntil.
	Attempts   int
	Worker     string
	LeaseUntil time.Time
	// Troubles are what went wrong in earlier attempts, oldest first.
	Troubles []Trouble
}

// Trouble is what went wrong in an attempt.
type Trouble struct {
	Time time.Time `json:"time"`
	// Error is for ops; it has no personal data.
	Error string `json:"error"`
}

// Cost is what the model's work on a generation cost.
type Cost struct {
	InputTokens, CachedInputTokens, CacheWriteTokens, OutputTokens int64
	// MicroUSD is millionths of a US dollar.
	MicroUSD int64
	Calls    int
}

// Add gives the sum.
func (c Cost) Add(d Cost) Cost {
	return Cost{
		InputTokens: c.InputTokens + d.InputTokens, CachedInputTokens: c.CachedInputTokens + d.CachedInputTokens,
		CacheWriteTokens: c.CacheWriteTokens + d.CacheWriteTokens, OutputTokens: c.OutputTokens + d.OutputTokens,
		MicroUSD: c.MicroUSD + d.MicroUSD, Calls: c.Calls + d.Calls,
	}
}
