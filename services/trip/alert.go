package trip

import (
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// AlertKind is why an alert was raised.
type AlertKind int

// The kinds.
const (
	AlertWeather     AlertKind = 1
	AlertAir         AlertKind = 2
	AlertPlaceClosed AlertKind = 3
)

// AlertAction is what can be done about an alert.
type AlertAction int

// The actions.
const (
	RegenerateDay AlertAction = 1
	ReplacePlace  AlertAction = 2
	Keep          AlertAction = 3
)

// Alert is something that changed in the world and hits the itinerary.
type Alert struct {
	// ID is alert_….
	ID      string        `json:"id,omitzero"`
	Kind    AlertKind     `json:"kind,omitzero"`
	Day     int           `json:"day,omitzero"`
	Stops   []string      `json:"stops,omitzero"`
	Ko      string        `json:"ko,omitzero"`
	En      string        `json:"en,omitzero"`
	Actions []AlertAction `json:"actions,omitzero"`
	// Created is in UTC.
	Created time.Time `json:"created,omitzero"`
	// Resolution is what was chosen; 0 while open, and where the cause went away by itself.
	Resolution AlertAction `json:"resolution,omitzero"`
	// Ended is when it was resolved or its cause went away, in UTC; zero while open.
	Ended time.Time `json:"ended,omitzero"`
	// Cause tells one finding from another: an open alert is not raised again, and one that was kept never.
	Cause Cause `json:"cause,omitzero"`
	// Generation is the one that was started to resolve it.
	Generation string `json:"generation,omitzero"`
}

// Cause is what was found, and about what.
type Cause struct {
	What  What   `json:"what,omitzero"`
	Date  Date   `json:"date,omitzero"`
	Place string `json:"place,omitzero"`
	// Text is the English text of a warning.
	Text string `json:"text,omitzero"`
}

// What can be found.
type What string

// The findings.
const (
	FoundRain    What = "rain"
	FoundSnow    What = "snow"
	FoundStorm   What = "storm"
	FoundHotter  What = "hotter"
	FoundColder  What = "colder"
	FoundWarning What = "warning"
	FoundBadAir  What = "bad_air"
	FoundClosed  What = "closed"
	FoundGone    What = "gone"
)

// IsOpen tells whether something can still be done about it.
func (a Alert) IsOpen() bool { return a.Ended.IsZero() }

// Kept tells whether the traveller chose to leave things as they are.
func (a Alert) Kept() bool { return a.Resolution == Keep }

// refreshed gives an open alert as a new look sees it; changed is false if it looks the same.
func (a Alert) refreshed(found Alert) (_ Alert, changed bool) {
	if a.Day == found.Day && a.Ko == found.Ko && a.En == found.En && slices.Equal(a.Stops, found.Stops) &&
		slices.Equal(a.Actions, found.Actions) {
		return a, false
	}
	found.ID, found.Created = a.ID, a.Created
	return found, true
}

var (
	// ErrNoAlert: the trip has no such alert.
	ErrNoAlert = errs.NotFound(errs.ReasonNotFound, "알림을 찾을 수 없습니다.", "There is no such alert.")
	// ErrAlertEnded: it was resolved otherwise, or its cause has gone away.
	ErrAlertEnded = errs.FailedPrecondition(errs.ReasonAlertEnded,
		"이미 처리되었거나 지나간 알림입니다.", "The alert was resolved already, or its cause has gone away.")
	// ErrNoAlternative: no other place is known that could stand there. It carries metadata `stop`.
	ErrNoAlternative = errs.FailedPrecondition(errs.ReasonNoAlternative,
		"대신할 장소를 찾지 못했습니다. 직접 골라 주세요.", "No other place is known that could stand there. Choose one.")
)
