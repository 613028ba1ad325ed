package trip

import (
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Change is an entry in a trip's feed. Entries are numbered from 1 without gaps, in the order in which they were
// committed; each is written in the transaction of what it tells. Exactly one of the contents is set.
type Change struct {
	TripID string `json:"trip_id,omitzero"`
	Number int64  `json:"number,omitzero"`
	// Time is in UTC.
	Time time.Time `json:"time,omitzero"`

	// Trip is the trip as that change left it.
	Trip *Trip `json:"trip,omitzero"`
	// Itinerary tells that an itinerary is new or was edited.
	Itinerary *ItineraryChange `json:"itinerary,omitzero"`
	// Generation tells that a generation got on.
	Generation *GenerationChange `json:"generation,omitzero"`
	// Places are places whose details were filled in.
	Places []string `json:"places,omitzero"`
	// Alert was raised, looks otherwise now, or has ended.
	Alert *Alert `json:"alert,omitzero"`
	// Raised tells that the alert is new.
	Raised bool `json:"raised,omitzero"`
}

// ItineraryChange tells which days of which version changed; no days mean all.
type ItineraryChange struct {
	Version  int64 `json:"version,omitzero"`
	Revision int64 `json:"revision,omitzero"`
	Days     []int `json:"days,omitzero"`
}

// GenerationChange is a generation's state after a step.
type GenerationChange struct {
	ID      string          `json:"id,omitzero"`
	Day     int             `json:"day,omitzero"`
	State   GenerationState `json:"state,omitzero"`
	Version int64           `json:"version,omitzero"`
	Reason  string          `json:"reason,omitzero"`
	Created time.Time       `json:"created,omitzero"`
	Ended   time.Time       `json:"ended,omitzero"`
}

// KeepChanges is how long a feed can be resumed from an entry.
const KeepChanges = 7 * 24 * time.Hour

// ErrResumeToken asks the watcher to start with a fresh read.
var ErrResumeToken = errs.InvalidArgument(errs.ReasonResumeTokenInvalid,
	"너무 오래된 연결입니다. 처음부터 다시 불러와 주세요.", "This resume token is too old or of another trip. Start afresh.")
