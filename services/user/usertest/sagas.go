package usertest

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/saga"
)

// Keeper is another service with data of persons: each person has one thing in it, until it is forgotten.
type Keeper struct {
	mu        sync.Mutex
	away      bool
	held      map[string]int
	forgotten map[string]int
	announced []string
}

// NewKeeper makes one.
func NewKeeper() *Keeper { return &Keeper{held: map[string]int{}, forgotten: map[string]int{}} }

// Away makes it unreachable, or reachable again.
func (k *Keeper) Away(away bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = away
}

// Held tells how many holds an owner has.
func (k *Keeper) Held(owner string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[owner]
}

// Announced are the deletions that were announced.
func (k *Keeper) Announced() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.announced...)
}

func (k *Keeper) do(fn func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.away {
		return errs.New(errs.KindUnavailable, errs.ReasonUnavailable, "잠시 후 다시 시도해 주세요.", "Away.")
	}
	fn()
	return nil
}

// Hold holds.
func (k *Keeper) Hold(_ context.Context, _, owner string) error {
	return k.do(func() { k.held[owner]++ })
}

// Release releases.
func (k *Keeper) Release(_ context.Context, _, owner string) error {
	return k.do(func() { k.held[owner] = 0 })
}

// Forget forgets.
func (k *Keeper) Forget(_ context.Context, _, owner string) (map[string]int64, time.Time, error) {
	err := k.do(func() { k.forgotten[owner]++ })
	return map[string]int64{"things": 1}, time.Now(), err
}

// Collect gives the thing.
func (k *Keeper) Collect(_ context.Context, owner string, add func(string, []byte) error) error {
	if err := k.do(func() {}); err != nil {
		return err
	}
	return add("thing.json", []byte(`{"owner":"`+owner+`"}`))
}

// AccountDeleted notes an announcement.
func (k *Keeper) AccountDeleted(_ context.Context, d user.Deletion) error {
	return k.do(func() { k.announced = append(k.announced, d.ID) })
}

func (s *Service) newSagas() *saga.Runner {
	pool, err := pgxpool.NewWithConfig(context.Background(), s.Pool.Config())
	must(s.t, err)
	return saga.New(saga.Deps{
		Pool: pool, Leases: s.Pool, Executor: "test", Unfinished: s.Store, Clock: s.Clock, Log: s.log,
		Times: saga.Times{
			Times:  durable.Times{Beat: 50 * time.Millisecond, FirstRetry: 10 * time.Millisecond, LastRetry: 50 * time.Millisecond},
			Orphan: 200 * time.Millisecond,
		},
	})
}

func (s *Service) runSagas(runner *saga.Runner) {
	must(s.t, runner.Launch(s.t.Context(), s.User))
	run(s.t, func(ctx context.Context) error {
		defer func() {
			// Where a test has taken the database away, the leases cannot be given back.
			if err := runner.Stop(context.Background()); err != nil && s.Pool.Ping(context.Background()) == nil {
				s.t.Error(err)
			}
		}()
		return runner.Run(ctx)
	})
}
