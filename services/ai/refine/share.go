package refine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/ai"
)

// Cache keeps answers. Losing it costs calls, never data.
type Cache interface {
	// Get gives the values of keys, nil where there is none.
	Get(ctx context.Context, keys []string) ([][]byte, error)
	// Put keeps a value for a while.
	Put(ctx context.Context, key string, value []byte, keep time.Duration) error
}

// promptVersion goes up with any change of the instructions or of what the model is told.
const promptVersion = 1

const (
	keepAnswers  = 24 * time.Hour
	cacheTimeout = 100 * time.Millisecond
)

// Shared is a model whose answers for equal days are shared: the same city, draft, options, weather and kind of group,
// asked by anybody within a day. A brief tells a group by bands and not by persons, so that what is shared is personal to
// nobody; a brief with the traveller's own words is never shared, neither way.
type Shared struct {
	model Model
	cache Cache
	name  func() string
	log   *slog.Logger

	days  *prometheus.CounterVec
	saved prometheus.Counter
}

// NewShared puts a cache before a model; name is the model's. metrics may be nil.
func NewShared(model Model, cache Cache, name func() string, log *slog.Logger, metrics prometheus.Registerer) (*Shared, error) {
	s := &Shared{
		model: model, cache: cache, name: name, log: log,
		days: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tripgen_shared_days_total", Help: "Days asked of the model, by whether the answer was shared: hit, miss, private.",
		}, []string{"outcome"}),
		saved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tripgen_shared_saved_micro_usd_total", Help: "Money that shared answers saved, in millionths of a US dollar.",
		}),
	}
	if metrics == nil {
		return s, nil
	}
	var errs [2]error
	s.days, errs[0] = telemetry.Register(metrics, s.days)
	s.saved, errs[1] = telemetry.Register(metrics, s.saved)
	return s, errors.Join(errs[:]...)
}

// kept is a shared answer with what it cost.
type kept struct {
	Answer   Answer `json:"answer"`
	MicroUSD int64  `json:"micro_usd"`
}

// Days gives the shared answers and asks for the others.
func (s *Shared) Days(ctx context.Context, b Brief, yield func(Answer)) (ai.Cost, error) {
	if b.Wishes != "" {
		s.days.WithLabelValues("private").Add(float64(len(b.Days)))
		return s.model.Days(ctx, b, yield)
	}
	keys := make([]string, len(b.Days))
	for i, d := range b.Days {
		keys[i] = s.key(b, d)
	}
	missing := b
	missing.Days = nil
	keyOf := map[int]string{}
	for i, found := range s.get(ctx, keys) {
		if a, ok := found.fit(b, b.Days[i].Number); ok {
			s.days.WithLabelValues("hit").Inc()
			s.saved.Add(float64(found.MicroUSD))
			yield(a)
			continue
		}
		missing.Days = append(missing.Days, b.Days[i])
		keyOf[b.Days[i].Number] = keys[i]
	}
	if len(missing.Days) == 0 {
		return ai.Cost{}, nil
	}
	s.days.WithLabelValues("miss").Add(float64(len(missing.Days)))
	var fresh []Answer
	cost, err := s.model.Days(ctx, missing, func(a Answer) {
		fresh = append(fresh, a)
		yield(a)
	})
	for _, a := range fresh {
		s.put(ctx, keyOf[a.Number], kept{Answer: a, MicroUSD: cost.MicroUSD / int64(len(fresh))})
	}
	return cost, err
}

// Wishes are personal and never shared.
func (s *Shared) Wishes(ctx context.Context, b Brief) ([]Wish, ai.Cost, error) {
	return s.model.Wishes(ctx, b)
}

// fit makes a shared answer one for a day; false where there is none, or it does not keep to the brief.
func (k *kept) fit(b Brief, number int) (Answer, bool) {
	if k == nil {
		return Answer{}, false
	}
	a := k.Answer
	a.Number = number
	return a, clean(&a, b)
}

func (s *Shared) get(ctx context.Context, keys []string) []*kept {
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	found := make([]*kept, len(keys))
	values, err := s.cache.Get(ctx, keys)
	if err != nil {
		s.log.WarnContext(ctx, "shared answers cannot be read", "error", err)
		return found
	}
	for i, value := range values {
		if value == nil {
			continue
		}
		k := &kept{}
		if err := json.Unmarshal(value, k); err != nil {
			s.log.WarnContext(ctx, "a shared answer cannot be read", "error", err)
			continue
		}
		found[i] = k
	}
	return found
}

func (s *Shared) put(ctx context.Context, key string, k kept) {
	value, err := json.Marshal(k)
	if err != nil {
		s.log.ErrorContext(ctx, "an answer cannot be shared", "error", err)
		return
	}
	// The answer was asked for by somebody who may have gone: others may still have it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cacheTimeout)
	defer cancel()
	if err := s.cache.Put(ctx, key, value, keepAnswers); err != nil {
		s.log.WarnContext(ctx, "an answer cannot be shared", "error", err)
	}
}

// key names a day by all that its answer depends on: not its number, date or times, which the answer does not tell.
func (s *Shared) key(b Brief, d Day) string {
	d.Number, d.Date = 0, ""
	for i := range d.Draft {
		if i == 0 {
			d.Draft = append([]Stop(nil), d.Draft...)
		}
		d.Draft[i].Arrive, d.Draft[i].Leave = "", ""
	}
	body, err := json.Marshal(struct {
		Version int
		Model   string
		City    City
		Group   Group
		Day     Day
	}{promptVersion, s.name(), b.City, b.Group, d})
	if err != nil {
		panic(fmt.Sprintf("a brief is plain data: %v", err))
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
