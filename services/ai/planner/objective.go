package planner

import "github.com/tripgen/tripgen/services/ai/planner/orienteering"

// objective scores a state exactly:
//
//	(1-λ)·mean_m U_m + λ·min_m U_m + meals + must-sees + coverage
//	− missing rests − travel
//
// where U_m sums, over the visits, what each is worth to member m, scaled by the
// weather of its hours and discounted by how many of its category came before.
type objective struct {
	c     *compiled
	happy []int64 // per member
	seen  []int32 // per category
}

func newObjective(c *compiled) *objective {
	return &objective{c: c, happy: make([]int64, len(c.worth)), seen: make([]int32, c.cats)}
}

// Score implements orienteering.Objective.
func (o *objective) Score(s *orienteering.State) int64 {
	c, n := o.c, len(o.c.nodes)
	copy(o.happy, c.happy)
	copy(o.seen, c.seen)
	total := int64(0)
	for r, d := range c.active {
		nodes, begin := s.Route(r)
		visits := 0
		for k, u := range nodes {
			x := &c.nodes[u]
			stay := c.eng.Stay[d*n+int(u)]
			sky := c.sky(d).over(c.p.Places[x.place].Setting)
			if x.role == asVisit {
				visits++
			}
			total += o.add(x, c.surety[d*n+int(u)], sky, int(begin[k]), int(begin[k]+stay))
		}
		total += c.coverage(visits) - missingRest*int64(min(c.rests[d], visits)-s.RestsOn(r))
	}
	return total + o.fair() - travelPerMin*s.Travel()
}

// visit adds a stop, wherever it comes from, as Score adds nodes.
func (o *objective) visit(d int, x *node, begin, end int) int64 {
	return o.add(x, o.c.suretyOf(d, x.place), o.c.sky(d).over(o.c.p.Places[x.place].Setting), begin, end)
}

// add adds a stop to the members' sums and returns what counts beside them.
func (o *objective) add(x *node, surety int64, sky *hourly, begin, end int) int64 {
	extra := int64(0)
	if x.must {
		extra = mustSeeValue
	}
	if x.role != asVisit {
		return extra + (mealValue+o.c.blended[x.place]/2)*surety/100
	}
	cat := o.c.cat[x.place]
	percent := surety * discount(int(o.seen[cat])) * sky.kept(begin, end) / 10000
	o.seen[cat]++
	for m := range o.happy {
		o.happy[m] += o.c.worth[m][x.place] * percent / 100
	}
	return extra
}

// fair blends the mean and the least happy member.
func (o *objective) fair() int64 {
	sum, least := int64(0), o.happy[0]
	for _, h := range o.happy {
		sum += h
		least = min(least, h)
	}
	return ((100-fairnessWeight)*sum/int64(len(o.happy)) + fairnessWeight*least) / 100
}

// coverage rewards the first visits of a day.
func (c *compiled) coverage(visits int) int64 {
	switch n := min(visits, c.pace.MinStops); n {
	case 0:
		return 0
	default:
		return firstVisit + int64(n-1)*paceVisit
	}
}
