package location

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/tidwall/rtree"
)

// index finds places by nearness (a tree for each group), by words (the pairs of letters in their names) and in the
// orders that do not depend on where one stands.
type index struct {
	places []Place
	// Of each place what searches look at, close together in memory: where it is, its groups as bits, its names folded,
	// and where it stands in lists.
	points []Point
	groups []uint8
	texts  []string
	stands []Position
	trees  [Laundries + 1]*rtree.RTreeG[int32]
	pairs  map[uint64][]int32
	orders map[Order][]int32
}

func newIndex(places []Place) index {
	x := index{
		places: places, points: make([]Point, len(places)), groups: make([]uint8, len(places)), texts: make([]string, len(places)),
		stands: make([]Position, len(places)),
		pairs:  make(map[uint64][]int32), orders: make(map[Order][]int32),
	}
	for group := range x.trees {
		x.trees[group] = new(rtree.RTreeG[int32])
	}
	everyone := make([]int32, len(places))
	for i := range places {
		p := &places[i]
		everyone[i] = int32(i)
		x.points[i], x.stands[i] = p.Point, position(p)
		at := [2]float64{p.Lng, p.Lat}
		for group := range x.trees {
			if Group(group).has(p.Category) {
				x.groups[i] |= 1 << group
				x.trees[group].Insert(at, at, int32(i))
			}
		}
		x.texts[i] = Fold(p.Name.Ko + "\n" + p.Name.En + "\n" + p.Name.Local)
		for _, pair := range pairsOf(x.texts[i]) {
			x.pairs[pair] = append(x.pairs[pair], int32(i))
		}
	}
	for _, order := range []Order{ByRating, ByName, ByReviewCount} {
		sorted := slices.Clone(everyone)
		slices.SortFunc(sorted, func(a, b int32) int { return order.compare(&x.stands[a], &x.stands[b]) })
		x.orders[order] = sorted
	}
	return x
}

// pairsOf are the letters of a text and the pairs of letters next to each other, each once.
func pairsOf(text string) []uint64 {
	var pairs []uint64
	var before rune
	for _, letter := range text {
		if letter == '\n' || letter == ' ' {
			before = 0
			continue
		}
		pairs = append(pairs, uint64(letter))
		if before != 0 {
			pairs = append(pairs, uint64(before)<<32|uint64(letter))
		}
		before = letter
	}
	slices.Sort(pairs)
	return slices.Compact(pairs)
}

// naming gives the places whose names may hold all of the words: those with all their pairs of letters.
func (x *index) naming(words []string) []int32 {
	var lists [][]int32
	for _, word := range words {
		for _, pair := range pairsOf(word) {
			lists = append(lists, x.pairs[pair])
		}
	}
	if len(lists) == 0 {
		return nil
	}
	slices.SortFunc(lists, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
	common := lists[0]
	for _, list := range lists[1:] {
		if len(common) <= fewNamed/8 { // fewer are quicker looked at
			break
		}
		common = intersect(common, list)
	}
	return common
}

// intersect gives what two ascending lists have in common; the first is the shorter one.
func intersect(short, long []int32) []int32 {
	common := make([]int32, 0, len(short))
	for _, i := range short {
		step := 1
		for step < len(long) && long[step] < i { // gallop, as the lists may be of very different lengths
			step *= 2
		}
		at, found := slices.BinarySearch(long[:min(step+1, len(long))], i)
		if found {
			common = append(common, i)
		}
		long = long[at:]
	}
	return common
}

// matches tells whether a place's name in any language contains the folded words, all of them.
func (x *index) matches(i int32, words []string) bool {
	for _, word := range words {
		if !strings.Contains(x.texts[i], word) {
			return false
		}
	}
	return true
}

// nearest calls yield for the places of a group, the nearest to a point by straight line first, until it says false.
func (x *index) nearest(from Point, group Group, yield func(i int32, metres float64) bool) {
	x.trees[group].Nearby(
		func(least, most [2]float64, i int32, item bool) float64 {
			if item {
				return from.DistanceTo(x.points[i])
			}
			return from.distanceToBox(least, most)
		},
		func(_, _ [2]float64, i int32, metres float64) bool { return yield(i, metres) })
}

// within calls yield for the places of a group at most metres from a point, in no order, until it says false.
func (x *index) within(from Point, metres float64, group Group, yield func(i int32, metres float64) bool) {
	south, west, north, east := from.Box(metres)
	more := true
	for _, turn := range []float64{0, 360, -360} { // over the antimeridian
		if !more || west+turn > 180 || east+turn < -180 {
			continue
		}
		x.trees[group].Search([2]float64{west + turn, south}, [2]float64{east + turn, north}, func(_, _ [2]float64, i int32) bool {
			if d := from.DistanceTo(x.points[i]); d <= metres {
				more = yield(i, d)
			}
			return more
		})
	}
}

// distanceToBox is a lower bound of the distance to a box of longitudes and latitudes: the larger of that to its band of
// latitudes and that to its nearest meridian.
func (p Point) distanceToBox(least, most [2]float64) float64 {
	const rad = math.Pi / 180
	band := math.Max(0, math.Max(least[1]-p.Lat, p.Lat-most[1])) * rad
	gap := 0.0
	if p.Lng < least[0] || p.Lng > most[0] {
		gap = math.Min(turnBetween(p.Lng, least[0]), turnBetween(p.Lng, most[0]))
	}
	meridian := 0.0
	if gap < 90 { // beyond, the pole may be the nearest point
		meridian = math.Asin(math.Sin(gap*rad) * math.Cos(p.Lat*rad))
	}
	return earthRadius * math.Max(band, meridian)
}

// turnBetween is the angle between two longitudes, 0 to 180.
func turnBetween(a, b float64) float64 {
	d := math.Abs(a - b)
	return math.Min(d, 360-d)
}

// best keeps the first few of many.
type best[T any] struct {
	limit   int
	compare func(a, b T) int
	kept    []T
}

func (b *best[T]) add(item T) {
	b.kept = append(b.kept, item)
	if len(b.kept) >= 4*b.limit+64 {
		b.cut()
	}
}

func (b *best[T]) cut() {
	slices.SortFunc(b.kept, b.compare)
	b.kept = b.kept[:min(b.limit, len(b.kept))]
}

// page gives the first of what was added, one less than the limit, and whether there is more.
func (b *best[T]) page() (page []T, more bool) {
	b.cut()
	if len(b.kept) == b.limit {
		return b.kept[:b.limit-1], true
	}
	return b.kept, false
}

// Position is where a place stands in a list, by its own values: inserts move nothing across it. It is what a page token
// carries.
type Position struct {
	Minutes int     `json:"m,omitempty"`
	Metres  int     `json:"d,omitempty"`
	Name    string  `json:"n,omitempty"`
	Rating  float64 `json:"r,omitempty"`
	Count   int     `json:"c,omitempty"`
	Length  int     `json:"l,omitempty"`
	ID      string  `json:"i"`
}

// position has the values that do not depend on where one stands.
func position(p *Place) Position {
	at := Position{Name: cmp.Or(p.Name.En, p.Name.Local, p.Name.Ko), ID: p.ID}
	at.Length = len(at.Name)
	if d := p.Details; d != nil {
		if d.Rating != nil {
			at.Rating = *d.Rating
		}
		if d.RatingCount != nil {
			at.Count = *d.RatingCount
		}
	}
	return at
}

// compare puts positions into an order; the id decides last.
func (o Order) compare(a, b *Position) int {
	switch o {
	case ByName:
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	case ByRating:
		return cmp.Or(cmp.Compare(b.Rating, a.Rating), strings.Compare(a.ID, b.ID))
	case ByReviewCount:
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.ID, b.ID))
	default:
		return cmp.Or(cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.Metres, b.Metres), strings.Compare(a.ID, b.ID))
	}
}
