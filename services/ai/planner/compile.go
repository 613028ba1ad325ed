package planner

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// role is what a place is visited for.
type role uint8

const (
	asVisit role = iota
	asLunch
	asDinner
)

// node is a place in a role; lock is the index of the lock that fixes it or -1.
type node struct {
	place int // index into Problem.Places
	role  role
	lock  int
	must  bool
}

// compiled is a problem made ready for the solver.
type compiled struct {
	p       *Problem
	pace    Pace
	active  []int          // days that are searched, in the order of the solver's routes
	index   map[string]int // place by id
	places  []int          // chosen candidates, indexes into Problem.Places
	row     []int          // point in the compact matrix of each place, -1 when left out
	nodes   []node
	legs    legTable
	skies   []*skies // per day, made when first asked for
	must    []int    // places of the must-sees that exist
	avoid   map[int]bool
	lost    []Unhonoured
	eng     *orienteering.Problem
	taken   map[int]bool // places on days that are not searched
	happy   []int64      // what those days are worth to each member
	seen    []int32      // visits of each category on those days
	worth   [][]int64    // per member and place, before weather and repetition
	blended []int64      // per place: the mean and the least happy member
	surety  []int64      // per day and node: percent for how sure the hours are
	rests   []int        // per day
	harsh   []bool       // per day
	assumed []Interval   // hours where none are known
	arena   []orienteering.Window
	at      []vector // per place
	cat     []int32  // category of each place
	cats    int
}

// Bounds on how many candidates enter the search; the best ones by worth are
// kept, must-sees and locked places always.
const (
	maxSights = 420
	maxFoods  = 160
)

// compile turns a valid problem into the solver's, all days to be searched.
func compile(p *Problem) *compiled {
	c := survey(p)
	c.choose(nil)
	for d := range p.Days {
		c.active = append(c.active, d)
	}
	c.makeNodes()
	c.makeProblem()
	return c
}

// survey resolves the wishes and rates the places; it does not choose any yet.
func survey(p *Problem) *compiled {
	c := &compiled{p: p, pace: PaceOf(p.Group), avoid: map[int]bool{}, skies: make([]*skies, len(p.Days))}
	c.index = make(map[string]int, len(p.Places))
	for i := range p.Places {
		c.index[p.Places[i].ID] = i
	}
	c.resolve()
	c.rate()
	c.assumed = []Interval{{Open: unsureOpen, Close: unsureClose}}
	c.at = make([]vector, len(p.Places))
	for i := range p.Places {
		c.at[i] = vectorOf(p.Places[i].At)
	}
	for d := range p.Days {
		harsh := p.Days[d].harsh()
		c.harsh = append(c.harsh, harsh)
		c.rests = append(c.rests, c.pace.Rests+b2i(harsh)) // one more where the weather is harsh
	}
	c.happy, c.seen = make([]int64, len(c.worth)), make([]int32, c.cats)
	return c
}

// resolve finds the places of the special request.
func (c *compiled) resolve() {
	if len(c.p.Avoid) == 0 && len(c.p.MustSee) == 0 {
		return
	}
	index := newRefIndex(c.p.Places)
	locked := map[string]bool{}
	for _, l := range c.p.Locks {
		locked[l.Place] = true
	}
	for _, ref := range c.p.Avoid {
		found := index.find(ref)
		for _, i := range found {
			if locked[c.p.Places[i].ID] {
				c.lose(WishAvoid, OverridesLock, -1, ref)
				continue
			}
			c.avoid[i] = true
		}
	}
	for _, ref := range c.p.MustSee {
		found := index.find(ref)
		if ref.ID == "" && ref.Name == "" {
			found = nil // a category is no place
		}
		if len(found) == 0 {
			c.lose(WishMustSee, NotFound, -1, ref)
			continue
		}
		i := found[0]
		if !slices.Contains(c.must, i) {
			c.must = append(c.must, i)
		}
	}
}

func (c *compiled) lose(k UnhonouredKind, r UnhonouredReason, day int, ref PlaceRef) {
	c.lost = append(c.lost, Unhonoured{Kind: k, Reason: r, Day: day, Ref: ref})
}

// rate computes each place's worth to each member and the categories.
func (c *compiled) rate() {
	c.worth = make([][]int64, len(c.p.Group.Members))
	for m := range c.worth {
		c.worth[m] = make([]int64, len(c.p.Places))
	}
	ids := map[string]int32{}
	c.cat = make([]int32, len(c.p.Places))
	for i := range c.p.Places {
		pl := &c.p.Places[i]
		for m := range c.worth {
			v := worthTo(pl, &c.p.Group.Members[m]) * accessPercent(pl, &c.pace) / 100
			c.worth[m][i] = max(v, 1)
		}
		id, ok := ids[pl.Category]
		if !ok {
			id = int32(len(ids))
			ids[pl.Category] = id
		}
		c.cat[i] = id
	}
	c.cats = len(ids)
	c.blended = make([]int64, len(c.p.Places))
	for i := range c.blended {
		c.blended[i] = c.blend(i)
	}
}

// blend is the group's worth of a place: the mean and the least happy member.
func (c *compiled) blend(place int) int64 {
	sum, least := int64(0), int64(math.MaxInt64)
	for m := range c.worth {
		sum += c.worth[m][place]
		least = min(least, c.worth[m][place])
	}
	return ((100-fairnessWeight)*sum/int64(len(c.worth)) + fairnessWeight*least) / 100
}

// choose keeps the candidates worth searching, always those that are wanted, and
// prepares the ways between them.
func (c *compiled) choose(wanted map[int]bool) {
	wanted = maps.Clone(wanted)
	if wanted == nil {
		wanted = map[int]bool{}
	}
	for _, i := range c.must {
		wanted[i] = true
	}
	for _, l := range c.p.Locks {
		wanted[c.placeIndex(l.Place)] = true
	}
	order := make([]int, 0, len(c.p.Places))
	for i := range c.p.Places {
		pl := &c.p.Places[i]
		if wanted[i] || !c.avoid[i] && !(pl.Strenuous && c.pace.NoStrenuous) && c.fitsSomeDay(pl) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if wanted[a] != wanted[b] {
			return cmp.Compare(b2i(wanted[b]), b2i(wanted[a]))
		}
		if d := cmp.Compare(c.blended[b], c.blended[a]); d != 0 {
			return d
		}
		return cmp.Compare(c.p.Places[a].ID, c.p.Places[b].ID)
	})
	sights, foods := 0, 0
	for _, i := range order {
		sight, food := c.p.Places[i].uses()
		if wanted[i] || sight && sights < maxSights || food && foods < maxFoods {
			c.places = append(c.places, i)
			sights += b2i(sight)
			foods += b2i(food)
		}
	}
	c.lay()
}

// lay numbers the chosen places and prepares the ways between them.
func (c *compiled) lay() {
	c.row = make([]int, len(c.p.Places))
	for i := range c.row {
		c.row[i] = -1
	}
	for k, i := range c.places {
		c.row[i] = k
	}
	c.legs = newLegTable(c)
}

func (p *Place) uses() (sight, food bool) {
	return p.Kind == 0 || p.Kind&Sight != 0, p.Kind&Food != 0
}

func (c *compiled) fitsSomeDay(pl *Place) bool {
	for d := range c.p.Days {
		if cityFits(&c.p.Days[d], pl) {
			return true
		}
	}
	return false
}

func cityFits(d *Day, pl *Place) bool { return d.City == "" || pl.City == "" || d.City == pl.City }

// placeIndex is the place's index, -1 when there is none by that id.
func (c *compiled) placeIndex(id string) int {
	if i, ok := c.index[id]; ok {
		return i
	}
	return -1
}

func (c *compiled) sky(d int) *skies {
	if c.skies[d] == nil {
		c.skies[d] = newSkies(&c.p.Days[d])
	}
	return c.skies[d]
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// makeNodes lists each chosen place in each role it may have.
func (c *compiled) makeNodes() {
	lock := map[int]int{}
	for k, l := range c.p.Locks {
		lock[c.placeIndex(l.Place)] = k
	}
	lunch, dinner := false, false
	for d := range c.p.Days {
		lunch = lunch || !c.p.Days[d].Lunch.IsZero()
		dinner = dinner || !c.p.Days[d].Dinner.IsZero()
	}
	for _, i := range c.places {
		must := slices.Contains(c.must, i)
		if k, ok := lock[i]; ok {
			c.nodes = append(c.nodes, node{place: i, role: c.lockRole(k), lock: k, must: must})
			continue
		}
		for r, asked := range []bool{asVisit: true, asLunch: lunch, asDinner: dinner} {
			if asked && c.could(i, role(r)) {
				c.nodes = append(c.nodes, node{i, role(r), -1, must})
			}
		}
	}
}

// lockRole is a meal where the lock says so and a meal window holds it.
func (c *compiled) lockRole(k int) role {
	l := &c.p.Locks[k]
	d := &c.p.Days[l.Day]
	switch {
	case !l.Meal:
		return asVisit
	case l.Arrive >= d.Dinner.From && !d.Dinner.IsZero():
		return asDinner
	case !d.Lunch.IsZero():
		return asLunch
	}
	return asVisit
}
