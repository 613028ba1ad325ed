package planner

// Itinerary is a plan for every day of the problem.
type Itinerary struct {
	Days []DayPlan
	// Unhonoured lists the wishes the plan does not keep, each with its reason.
	Unhonoured []Unhonoured
	// Clashes explain which wishes cannot hold together and the ways out.
	Clashes []Clash
	Quality Quality
}

// DayPlan is one day: stops in order, and the leg from each to the next.
type DayPlan struct {
	Date Date
	City string
	// Stops starts with the day's StartPoint and ends with its EndPoint.
	Stops []Stop
	// Legs has len(Stops)-1 entries; Legs[i] leads from Stops[i] to Stops[i+1].
	Legs []Leg
	// Bring says what the weather of the day asks for.
	Bring []Bring
}

// StopKind is what happens at a stop.
type StopKind string

// Kinds of stops.
const (
	Visit     StopKind = "visit"
	Meal      StopKind = "meal"
	Rest      StopKind = "rest" // at the place of the stop before it
	AtLodging StopKind = "lodging"
	Arrival   StopKind = "arrival"   // start of a day at a station or airport
	Departure StopKind = "departure" // end of a day at a station or airport
)

// Stop is one entry of a day. Times are minutes of the local day.
type Stop struct {
	ID     string // the caller's own, kept over edits and replanning
	Kind   StopKind
	Place  string // id; empty for endpoints without one
	Name   string
	At     LatLng
	Arrive int // when the visit starts; waiting before it belongs to the leg before
	Leave  int
	Locked bool
	// Opening is the interval the visit was planned against; meaningless when
	// HoursUnknown or for rests and endpoints.
	Opening      Interval
	HoursUnknown bool
	// SlackClosing is the minutes between Leave and closing; -1 when unknown.
	SlackClosing int
	// SlackNext is how many minutes later the stop may start with everything
	// after it still in time.
	SlackNext    int
	Why          []Reason
	Alternatives []Alternative
}

// Reason is a stable code for why a stop is in the plan.
type Reason string

// Reasons of a stop.
const (
	WhyMustSee     Reason = "must_see"
	WhyLocked      Reason = "locked"
	WhyTaste       Reason = "taste"   // fits the group's preferences
	WhyPopular     Reason = "popular" // high prior
	WhyIndoor      Reason = "indoor_for_weather"
	WhyOutdoorDry  Reason = "outdoor_while_fair"
	WhyOnTheWay    Reason = "on_the_way"
	WhyStepFree    Reason = "step_free"
	WhyLunch       Reason = "lunch"
	WhyDinner      Reason = "dinner"
	WhyRest        Reason = "rest_for_pace"
	WhyHoursUnsure Reason = "hours_unknown"
)

// Purpose is what an alternative is for.
type Purpose string

// Purposes of alternatives.
const (
	ForRain   Purpose = "rain"
	ForClosed Purpose = "closed"
)

// Alternative could stand in for a stop at its time.
type Alternative struct {
	Place   string
	Purpose Purpose
	Metres  int // from the stop it replaces
}

// Bring is a thing the weather asks for.
type Bring string

// Things to bring.
const (
	BringUmbrella    Bring = "umbrella"
	BringWarmClothes Bring = "warm_clothes"
	BringSunCare     Bring = "sun_care_and_water"
	BringMask        Bring = "mask"
	BringGrippyShoes Bring = "grippy_shoes"
)

// Leg is the way from one stop to the next.
type Leg struct {
	Mode    Mode
	Minutes int
	Metres  int
	Source  Source
}

// UnhonouredKind is the kind of wish that is not kept.
type UnhonouredKind string

// Kinds of wishes.
const (
	WishMustSee UnhonouredKind = "must_see"
	WishAvoid   UnhonouredKind = "avoid"
	WishLock    UnhonouredKind = "lock"
	WishLunch   UnhonouredKind = "lunch"
	WishDinner  UnhonouredKind = "dinner"
	WishRests   UnhonouredKind = "rests"
	WishPace    UnhonouredKind = "pace" // fewer stops than the pace asks for
	WishDay     UnhonouredKind = "day"  // a day left without any visit
	WishWay     UnhonouredKind = "way"  // the end point cannot be reached in time
)

// UnhonouredReason says why a wish is not kept.
type UnhonouredReason string

// Why a wish is not kept.
const (
	NotFound      UnhonouredReason = "not_found"       // no candidate by that name
	AlwaysClosed  UnhonouredReason = "always_closed"   // closed whenever the group is there
	NotForGroup   UnhonouredReason = "not_for_group"   // strenuous for this group
	Avoided       UnhonouredReason = "avoided"         // it is also to be avoided
	NotReachable  UnhonouredReason = "not_reachable"   // too far within limits
	NoTime        UnhonouredReason = "no_time"         // clashes with other wishes
	NoCandidate   UnhonouredReason = "no_candidate"    // nothing suitable among the places
	OverridesLock UnhonouredReason = "kept_for_a_lock" // an avoided place is locked
)

// Unhonoured is a wish the plan does not keep.
type Unhonoured struct {
	Kind   UnhonouredKind
	Reason UnhonouredReason
	Day    int      // index, -1 when it is not about one day
	Ref    PlaceRef // which place, where it is about one
}

// Wish is one part of a clash.
type Wish struct {
	Kind  UnhonouredKind
	Day   int // -1 when it is not about one day
	Place string
}

// Relaxation is one way out of a clash.
type Relaxation struct {
	Kind    RelaxationKind
	Place   string
	Day     int // -1 when it is not about one day
	Minutes int // how much, where it is about time
	// Cost orders the ways out; the cheapest comes first.
	Cost int
}

// RelaxationKind is a kind of way out.
type RelaxationKind string

// Ways out of a clash.
const (
	DropMustSee  RelaxationKind = "drop_must_see"
	Unlock       RelaxationKind = "unlock"
	StartEarlier RelaxationKind = "start_earlier"
	EndLater     RelaxationKind = "end_later"
	ShortenStay  RelaxationKind = "shorten_stay"
	MoreStops    RelaxationKind = "more_stops"
)

// Clash is a smallest set of wishes that cannot hold together: without any one
// of them the others can.
type Clash struct {
	Wishes []Wish
	// WaysOut are relaxations that each resolve the clash, cheapest first.
	WaysOut []Relaxation
}

// Quality measures an itinerary.
type Quality struct {
	Score float64 // the objective
	Bound float64 // no plan for this problem scores more; 0 where it was not computed: after an edit, by construction alone
	Gap   float64 // (Bound-Score)/Bound, 0 without a bound
	// TravelShare is travel minutes over all minutes from first leaving to last
	// arriving, 0..1.
	TravelShare float64
	WalkMetres  int
	Fit         []float64 // per member, mean fit of the visits, 0..1
	WorstFit    float64
	// Diversity is distinct categories over visits, 0..1.
	Diversity float64
	// ExposedMinutes is the part of OutdoorMinutes in rain, snow, heat, cold or
	// bad air.
	ExposedMinutes, OutdoorMinutes int
	// HoursKnown is the share of visits and meals planned against known hours.
	HoursKnown float64
	Visits     int
	Meals      int
}
