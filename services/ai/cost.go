package ai

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/app"
)

// CostModel gives the expected cost of planning in units, from what a generation's size makes of it.
type CostModel struct {
	// Day is what each day costs, Pair what each day costs more for every two members (their tastes are weighed), and
	// City what each further destination costs (a city to read and a joint to fit).
	Day, Pair, City float64
}

// FirstCostModel holds until enough is measured: a day of one city for two people is three units.
func FirstCostModel() CostModel { return CostModel{Day: 2, Pair: 1, City: 4} }

// Units is the expected cost of a generation, at least 1.
func (m CostModel) Units(s Size) int {
	x := s.parts()
	return max(1, int(math.Round(m.Day*x[0]+m.Pair*x[1]+m.City*x[2])))
}

// parts are what the coefficients are multiplied with.
func (s Size) parts() [3]float64 {
	return [3]float64{float64(s.Days), float64(s.Days * ((s.Members + 1) / 2)), float64(max(0, s.Destinations-1))}
}

// Measured is what the planning of generations of one size took.
type Measured struct {
	Size  Size
	Count int
	// Seconds is the median.
	Seconds float64
}

// priorWeight is how many generations the first model counts for: a few odd ones do not turn the classes over.
const priorWeight = 100

// LearnCosts fits the model to what was measured: least squares that are drawn towards the first model (ridge regression,
// Hoerl and Kennard 1970), none of its coefficients below zero. A unit is so long that what was measured costs as many
// units in all as by the first model: only the proportions are learned, and the bounds of the classes keep their meaning.
func LearnCosts(measured []Measured) CostModel {
	first := FirstCostModel()
	var units, seconds float64
	for _, m := range measured {
		x := m.Size.parts()
		units += float64(m.Count) * (first.Day*x[0] + first.Pair*x[1] + first.City*x[2])
		seconds += float64(m.Count) * m.Seconds
	}
	if seconds <= 0 || units <= 0 {
		return first
	}
	perUnit := seconds / units
	// The normal equations for the distance from the first model, which priorWeight draws to zero.
	var a [3][4]float64
	var count float64
	for _, m := range measured {
		x, n := m.Size.parts(), float64(m.Count)
		off := m.Seconds/perUnit - (first.Day*x[0] + first.Pair*x[1] + first.City*x[2])
		for i := range x {
			for j := range x {
				a[i][j] += n * x[i] * x[j]
			}
			a[i][3] += n * x[i] * off
		}
		count += n
	}
	for i := range 3 {
		a[i][i] += priorWeight * max(a[i][i]/count, 1)
	}
	d := solve(a)
	return CostModel{Day: max(0, first.Day+d[0]), Pair: max(0, first.Pair+d[1]), City: max(0, first.City+d[2])}
}

// solve is Gauss's elimination; the ridge keeps every pivot above zero.
func solve(a [3][4]float64) (x [3]float64) {
	for k := range 3 {
		for i := k + 1; i < 3; i++ {
			f := a[i][k] / a[k][k]
			for j := k; j < 4; j++ {
				a[i][j] -= f * a[k][j]
			}
		}
	}
	for k := 2; k >= 0; k-- {
		x[k] = a[k][3]
		for j := k + 1; j < 3; j++ {
			x[k] -= a[k][j] * x[j]
		}
		x[k] /= a[k][k]
	}
	return x
}

// CostStore tells what was measured.
type CostStore interface {
	// Measured gives what the planning of the latest generations took, by size.
	Measured(ctx context.Context) ([]Measured, error)
}

// Costs are the model that holds now. They may be used by several goroutines.
type Costs struct {
	store CostStore
	log   *slog.Logger
	now   atomic.Pointer[CostModel]
	gauge *prometheus.GaugeVec
}

// NewCosts starts with the first model; metrics may be nil.
func NewCosts(store CostStore, log *slog.Logger, metrics prometheus.Registerer) (*Costs, error) {
	c := &Costs{store: store, log: log, gauge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "tripgen_cost_model_units", Help: "The learned cost of planning in units: of a day, of a day for each two members, of a further city.",
	}, []string{"part"})}
	c.set(FirstCostModel())
	if metrics == nil {
		return c, nil
	}
	return c, metrics.Register(c.gauge)
}

func (c *Costs) set(m CostModel) {
	c.now.Store(&m)
	for part, units := range map[string]float64{"day": m.Day, "pair": m.Pair, "city": m.City} {
		c.gauge.WithLabelValues(part).Set(units)
	}
}

// Units is the expected cost of a generation.
func (c *Costs) Units(s Size) int { return c.now.Load().Units(s) }

const (
	learnEvery   = time.Minute
	learnTimeout = 10 * time.Second
)

// Learn takes in what was measured lately.
func (c *Costs) Learn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	measured, err := c.store.Measured(ctx)
	if err != nil {
		return err
	}
	c.set(LearnCosts(measured))
	return nil
}

// Part learns at the start and every minute.
func (c *Costs) Part() app.Part {
	return app.Part{Name: "cost model", Run: func(ctx context.Context) error {
		return app.Repeat(ctx, learnEvery, c.Learn, func(err error) {
			c.log.WarnContext(ctx, "the cost model stays as it is", "error", err)
		})
	}}
}
