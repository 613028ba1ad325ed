package planner

// Preference is a taste of a member.
type Preference string

// Preferences a member may have.
const (
	Sightseeing Preference = "sightseeing"
	Shopping    Preference = "shopping"
	Culture     Preference = "culture"
	Nature      Preference = "nature"
	Sports      Preference = "sports"
	Resting     Preference = "rest"
)

// Health is a member's own judgement of what they can do.
type Health string

// Health levels, best first.
const (
	Excellent Health = "excellent"
	Good      Health = "good"
	Caution   Health = "caution"
	Limited   Health = "limited"
)

// Member is one traveller, without a name.
type Member struct {
	Age         int    // years, 0..130
	Health      Health // empty is Good
	Preferences []Preference
}

// Group is who travels, 1..MaxMembers.
type Group struct{ Members []Member }

// Pace is what a day of the group may hold.
type Pace struct {
	MinStops, MaxStops int  // visits a day, meals and rests apart
	Rests              int  // rests a day, where there are as many stops
	RestMinutes        int  // length of one rest
	WalkLegMetres      int  // longest walk between two stops; 0: no limit beyond 20 minutes
	WalkDayMetres      int  // all walks of a day
	NoStrenuous        bool // strenuous places are left out
	TaxiFirst          bool // car or taxi before public transport
	StepFreeFirst      bool
}

// Ages from which a member counts as a small child or an elder.
const (
	SmallChildBelow = 7
	ElderFrom       = 75
)

// PaceOf derives the pace from the most limited member: limited 2–3 stops,
// 3 rests and walks up to 500 m, taxi or car first and step-free places first;
// caution 4–5 stops, 2 rests, nothing strenuous; otherwise 5–7 stops. A small
// child or an elder adds one rest where there was none and rules out strenuous
// places.
func PaceOf(g Group) Pace {
	worst, tender := Excellent, false
	for _, m := range g.Members {
		if healthRank(m.Health) > healthRank(worst) {
			worst = m.Health
		}
		if m.Age < SmallChildBelow || m.Age >= ElderFrom {
			tender = true
		}
	}
	var p Pace
	switch worst {
	case Limited:
		p = Pace{
			MinStops: 2, MaxStops: 3, Rests: 3, RestMinutes: 20, WalkLegMetres: 500, WalkDayMetres: 3000,
			NoStrenuous: true, TaxiFirst: true, StepFreeFirst: true,
		}
	case Caution:
		p = Pace{MinStops: 4, MaxStops: 5, Rests: 2, RestMinutes: 20, WalkDayMetres: 6000, NoStrenuous: true}
	default:
		p = Pace{MinStops: 5, MaxStops: 7, RestMinutes: 20, WalkDayMetres: 12000}
	}
	if tender {
		p.Rests = max(p.Rests, 1)
		p.NoStrenuous = true
	}
	return p
}

func healthRank(h Health) int {
	switch h {
	case Limited:
		return 3
	case Caution:
		return 2
	case Good, "":
		return 1
	default:
		return 0
	}
}
