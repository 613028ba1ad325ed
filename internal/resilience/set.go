package resilience

import (
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/app"
)

// Set is the guards of a process, with their metrics: tripgen_dependency_calls_total by dependency and outcome (ok,
// failed, timeout, rejected, refused) and tripgen_dependency_open.
type Set struct {
	calls  *prometheus.CounterVec
	mu     sync.Mutex
	guards map[string]*Guard
}

// NewSet makes a set that registers its metrics. A process has one.
func NewSet(metrics prometheus.Registerer) (*Set, error) {
	s := &Set{
		guards: make(map[string]*Guard),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_dependency_calls_total",
			Help: "Attempts to call a dependency, by outcome.",
		}, []string{"dependency", "outcome"}),
	}
	if err := metrics.Register(s.calls); err != nil {
		return nil, fmt.Errorf("register dependency calls: %w", err)
	}
	if err := metrics.Register(openCollector{s}); err != nil {
		return nil, fmt.Errorf("register breakers: %w", err)
	}
	return s, nil
}

// Guard makes the guard of a dependency, or gives the one of this name that there is: a dependency has one breaker in a
// process, whoever calls it.
func (s *Set) Guard(p Policy) *Guard {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.guards[p.Name]
	if !ok {
		g = newGuard(p, func(outcome string) { s.calls.WithLabelValues(p.Name, outcome).Inc() })
		s.guards[p.Name] = g
	}
	return g
}

// States is the state of each breaker by its dependency's name.
func (s *Set) States() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make(map[string]string, len(s.guards))
	for name, g := range s.guards {
		states[name] = g.State()
	}
	return states
}

// Show tells the breakers that there are now in a role's readiness, without letting them decide it.
func (s *Set) Show(r *app.Readiness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, g := range s.guards {
		r.Show(name, g.Check)
	}
}

type openCollector struct{ set *Set }

var openDesc = prometheus.NewDesc("tripgen_dependency_open",
	"1 while calls to the dependency are refused by its breaker.", []string{"dependency"}, nil)

func (c openCollector) Describe(out chan<- *prometheus.Desc) { out <- openDesc }

func (c openCollector) Collect(out chan<- prometheus.Metric) {
	for name, state := range c.set.States() {
		value := 0.0
		if state == "open" {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(openDesc, prometheus.GaugeValue, value, name)
	}
}
