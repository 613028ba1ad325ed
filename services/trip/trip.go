// Package trip has travellers' trips: who goes where and when, the versions of the trip's itinerary and how they come
// about. Reading starts here; a use case has a file of its own (create.go, generate.go, …), what is needed from outside
// is in store.go and outside.go.
package trip

import (
	"fmt"
	"time"

	"github.com/tripgen/tripgen/internal/id"
)

// Trip is a group's journey through one or more destinations. Members and lodgings are personal data: stores seal them.
type Trip struct {
	// ID is trip_…; Owner is the subject of the token that made it: a user, or a client that acts for itself.
	ID    string `json:"id,omitzero"`
	Owner string `json:"owner,omitzero"`
	// Name has 1 to 16 characters as people see them.
	Name string `json:"name,omitzero"`
	Mode Mode   `json:"mode,omitzero"`
	// Start is the first day, in the first destination's zone; zero while it is not chosen.
	Start Date `json:"start,omitzero"`
	// Members are 1 to 10.
	Members []Member `json:"members,omitzero"`
	// Destinations are in the order of travel, at most 20. Their dates follow from Start and the nights; see
	// Trip.Schedule.
	Destinations []Destination `json:"destinations,omitzero"`

	// Created, Updated and Deleted are in UTC; Deleted is zero for a trip that is not.
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	Deleted time.Time `json:"deleted,omitzero"`
	// Revision grows with every edit; it starts at 1. Generations do not count as edits.
	Revision int64 `json:"revision,omitzero"`

	// Itinerary is the newest itinerary's version; 0 for none.
	Itinerary int64 `json:"itinerary,omitzero"`
	// Running is the generation under way; empty for none.
	Running string `json:"running,omitzero"`
	// Regenerations counts those of a day.
	Regenerations Regenerations `json:"regenerations,omitzero"`
	// Looked is when the world was last looked at for the newest itinerary (UTC): when it was generated, or checked since.
	Looked time.Time `json:"looked,omitzero"`
	// Changes is the number of the newest entry in the trip's feed; see Change.
	Changes int64 `json:"changes,omitzero"`
}

// Mode is how a group gets about. The numbers of this and the other enumerations are those of the contract.
type Mode int

// The modes.
const (
	PublicTransport Mode = 1
	Car             Mode = 2
)

// Gender is a member's, as far as it matters for planning.
type Gender int

// The genders; 0 is not said.
const (
	Female Gender = 1
	Male   Gender = 2
	Other  Gender = 3
)

// Health is how well a member is.
type Health int

// The levels.
const (
	Excellent Health = 1
	Good      Health = 2
	Caution   Health = 3
	Limited   Health = 4
)

// Preference is what a member likes.
type Preference int

// The preferences.
const (
	Sightseeing Preference = iota + 1
	Shopping
	Culture
	Nature
	Sports
	Rest
)

// Member is somebody of the group.
type Member struct {
	// ID is mem_….
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
	// Age is in years, 0 to 120.
	Age         int          `json:"age,omitzero"`
	Gender      Gender       `json:"gender,omitzero"`
	Health      Health       `json:"health,omitzero"`
	Preferences []Preference `json:"preferences,omitzero"`
}

// Destination is a place where the group stays for some nights.
type Destination struct {
	// ID is dest_….
	ID string `json:"id,omitzero"`
	// Name has 1 to 20 characters as people see them.
	Name string `json:"name,omitzero"`
	// Nights are 1 to 30.
	Nights  int      `json:"nights,omitzero"`
	Lodging *Lodging `json:"lodging,omitzero"`
	// City is the city in the place data; empty while it is not known.
	City string `json:"city,omitzero"`
	// Zone is the IANA name of the time zone; empty while it is not known.
	Zone string `json:"zone,omitzero"`
}

// Lodging is where the group sleeps.
type Lodging struct {
	Name string `json:"name,omitzero"`
	// At is nil where the place is not known.
	At *Point `json:"at,omitzero"`
	// Place is the lodging's place in the data, if it is one.
	Place string `json:"place,omitzero"`
	// CheckIn (earliest, on the first day) and CheckOut (latest, on the last) are minutes of the day; nil if not said.
	CheckIn  *int `json:"check_in,omitzero"`
	CheckOut *int `json:"check_out,omitzero"`
}

// Point is on the globe, WGS 84, in degrees north and east.
type Point struct {
	Lat float64 `json:"lat,omitzero"`
	Lng float64 `json:"lng,omitzero"`
}

const (
	maxName, maxPlaceName      = 16, 20
	maxMembers, maxAge         = 10, 120
	maxDestinations, maxNights = 20, 30
	maxTotalNights             = 365
	maxLodgingName             = 60
	minutesOfDay               = 24 * 60
)

// Ids of what belongs to a trip.
const (
	prefixAlert id.Prefix = "alert"
	prefixShare id.Prefix = "share"
)

// Days counts the days of the trip: a night more than the nights, for the day of leaving.
func (t *Trip) Days() int {
	if len(t.Destinations) == 0 {
		return 0
	}
	days := 1
	for _, d := range t.Destinations {
		days += d.Nights
	}
	return days
}

// IsDeleted tells whether the trip was deleted.
func (t *Trip) IsDeleted() bool { return !t.Deleted.IsZero() }

// clean brings all fields into their stored form and says all that breaks their rules, with paths below at ("" for the
// request itself).
func (t *Trip) clean() violations {
	var v violations
	t.Name = v.name("name", t.Name, maxName)
	if t.Mode != PublicTransport && t.Mode != Car {
		v.add("transport_mode", "이동 수단을 골라 주세요.", "Choose how the group gets about.")
	}
	if !t.Start.IsZero() && !t.Start.Valid() {
		v.add("start_date", "달력에 없는 날짜입니다.", "The calendar has no such date.")
	}
	if n := len(t.Members); n < 1 || n > maxMembers {
		v.add("members", "일행은 1~10명이어야 합니다.", "A group has 1 to 10 members.")
	}
	for i := range t.Members {
		t.Members[i].clean(&v, fmt.Sprintf("members[%d]", i))
	}
	if len(t.Destinations) > maxDestinations {
		v.add("destinations", "여행지는 20곳까지 넣을 수 있습니다.", "A trip has at most 20 destinations.")
	}
	for i := range t.Destinations {
		t.Destinations[i].clean(&v, fmt.Sprintf("destinations[%d]", i))
	}
	t.cleanStays(&v)
	return v
}

// cleanStays checks the destinations together.
func (t *Trip) cleanStays(v *violations) {
	if t.Days() > maxTotalNights+1 {
		v.add("destinations", "여행은 모두 365박까지 가능합니다.", "A trip has at most 365 nights in all.")
	}
	for i := 1; i < len(t.Destinations); i++ {
		before, after := t.Destinations[i-1].Lodging, t.Destinations[i].Lodging
		if before == nil || after == nil || before.CheckOut == nil || after.CheckIn == nil {
			continue
		}
		if *before.CheckOut > *after.CheckIn {
			v.add(fmt.Sprintf("destinations[%d].lodging.check_in", i),
				"앞 숙소의 체크아웃보다 체크인이 빠릅니다.", "Check-in is before the check-out of the lodging before it.")
		}
	}
}

func (m *Member) clean(v *violations, at string) {
	m.Name = v.name(at+".name", m.Name, maxPlaceName)
	if m.Age < 0 || m.Age > maxAge {
		v.add(at+".age", "나이는 0~120세여야 합니다.", "An age is 0 to 120 years.")
	}
	if m.Gender < 0 || m.Gender > Other {
		v.add(at+".gender", "성별이 올바르지 않습니다.", "There is no such gender.")
	}
	if m.Health < Excellent || m.Health > Limited {
		v.add(at+".health", "건강 상태를 골라 주세요.", "Choose how well the member is.")
	}
	seen := make(map[Preference]bool, len(m.Preferences))
	for _, p := range m.Preferences {
		if p < Sightseeing || p > Rest || seen[p] {
			v.add(at+".preferences", "취향은 정해진 것 가운데 한 번씩만 고를 수 있습니다.", "Each preference can be chosen once.")
			break
		}
		seen[p] = true
	}
}

func (d *Destination) clean(v *violations, at string) {
	d.Name = v.name(at+".name", d.Name, maxPlaceName)
	if d.Nights < 1 || d.Nights > maxNights {
		v.add(at+".nights", "숙박은 1~30박이어야 합니다.", "A stay is 1 to 30 nights.")
	}
	if d.Lodging != nil {
		d.Lodging.clean(v, at+".lodging")
	}
}

func (l *Lodging) clean(v *violations, at string) {
	l.Name = v.name(at+".name", l.Name, maxLodgingName)
	if l.At != nil && !l.At.valid() {
		v.add(at+".location", "올바른 위치가 아닙니다.", "This is no point on the globe.")
	}
	for _, clock := range []struct {
		field   string
		minutes *int
	}{{"check_in", l.CheckIn}, {"check_out", l.CheckOut}} {
		if clock.minutes != nil && (*clock.minutes < 0 || *clock.minutes >= minutesOfDay) {
			v.add(at+"."+clock.field, "하루 안의 시각이어야 합니다.", "The time has to be within a day.")
		}
	}
}

func (p Point) valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng <= 180
}
