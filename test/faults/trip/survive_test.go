package trip

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/durable/durabletest"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/ai"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	airpc "github.com/tripgen/tripgen/services/ai/rpc"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
	"github.com/tripgen/tripgen/services/trip"
	trippostgres "github.com/tripgen/tripgen/services/trip/postgres"
	triprpc "github.com/tripgen/tripgen/services/trip/rpc"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
	"github.com/tripgen/tripgen/services/user"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
	"github.com/tripgen/tripgen/services/user/saga"
)

// point is where a process kills itself, and what becomes of the saga that gets there.
type point struct{ at, scenario string }

// The scenarios.
const (
	deleted, undone = "deleted", "undone"
	exported, drops = "exported", "dropped"
)

// points are all borders of all steps: before, within (another service has answered), after (the workflow has not noted
// it yet).
func points() []point {
	var all []point
	add := func(scenario string, steps []string, places ...string) {
		for _, step := range steps {
			for _, place := range places {
				all = append(all, point{step + "/" + place, scenario})
			}
		}
	}
	of := func(verb string) []string { return []string{verb + " trip", verb + " ai", verb + " location"} }
	add(deleted, of("hold"), "before", "within", "after")
	add(deleted, of("forget"), "before", "within", "after")
	add(deleted, []string{"decide", "forget user", "announce", "finish deletion"}, "before", "after")
	add(undone, of("release"), "before", "within", "after")
	add(undone, []string{"unlock"}, "before", "after")
	add(exported, of("collect"), "before", "within", "after")
	add(exported, []string{"collect user", "finish export"}, "before", "after")
	add(drops, []string{"drop"}, "before", "after")
	return all
}

// world is the databases of all four services; the front of the user service, and the others, never die.
type world struct {
	*testing.T
	setting  setting
	users    *userpostgres.Store
	pool     *pgxpool.Pool
	trips    *trippostgres.Store
	tripPool *pgxpool.Pool
	ais      *aipostgres.Store
	aiPool   *pgxpool.Pool
	subjects []subject
}

// subject is what a saga is about.
type subject struct{ id, owner, scenario string }

func database(t *testing.T, migrations func(*pgxpool.Pool) error) (string, *pgxpool.Pool) {
	t.Helper()
	url := postgrestest.NewURL(t)
	pool := openPool(t, url)
	if err := migrations(pool); err != nil {
		t.Fatal(err)
	}
	return url, pool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sealer, key := sealtest.New(t)
	w := &world{T: t, setting: setting{Key: key, Services: map[string][2]string{}}}
	w.setting.URL, w.pool = database(t, func(p *pgxpool.Pool) error {
		_, err := postgres.Migrate(t.Context(), p, userpostgres.Migrations())
		if err == nil {
			_, err = p.Exec(t.Context(), `CREATE TABLE announced (deletion_id text NOT NULL)`)
		}
		return err
	})
	w.users, _ = userStore(t, w.setting.URL, key)
	_, w.tripPool = database(t, func(p *pgxpool.Pool) error {
		_, err := postgres.Migrate(t.Context(), p, trippostgres.Migrations())
		return err
	})
	w.trips = trippostgres.New(trippostgres.Deps{
		Pool: w.tripPool, Seal: sealer, Clock: clock.System{}, IDs: id.Random{}, Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
	_, w.aiPool = database(t, func(p *pgxpool.Pool) error {
		_, err := postgres.Migrate(t.Context(), p, aipostgres.Migrations())
		return err
	})
	w.ais = aipostgres.New(aipostgres.Deps{Pool: w.aiPool, Seal: sealer, Clock: clock.System{}, IDs: id.Random{}})
	_, places := database(t, func(p *pgxpool.Pool) error {
		_, err := postgres.Migrate(t.Context(), p, locationpostgres.Migrations())
		return err
	})
	noFiles := func(context.Context, []string) (int64, error) { return 0, nil }
	noLogs := func(context.Context, []string) error { return nil }
	w.serve("trip", struct {
		*trippostgres.Personal
		triprpc.Collector
	}{trippostgres.NewPersonal(w.trips, noFiles), triprpc.Collector{Deps: triprpc.Deps{Clock: clock.System{}}, Trips: w.trips}})
	w.serve("ai", struct {
		*aipostgres.Personal
		airpc.Collector
	}{aipostgres.NewPersonal(w.ais, noLogs), airpc.Collector{Reader: w.ais}})
	w.serve("location", locationpostgres.NewPersonal(locationpostgres.New(places, clock.System{})))
	return w
}

func (w *world) serve(name string, keeper personal.Keeper) {
	w.Helper()
	server := rpctest.Start(w.T, rpc.Deps{Log: slog.New(slog.DiscardHandler)}, func(s *rpc.Server, options []connect.HandlerOption) {
		s.Handle(privacyv1connect.NewPersonalDataServiceHandler(personal.Handler{Keeper: keeper}, options...))
	})
	w.setting.Services[name] = [2]string{server.BaseURL, server.ServiceToken("tripgen-user")}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// person makes an account with two trips and a generation.
func (w *world) person() string {
	w.Helper()
	owner, now := id.Random{}.New(id.User), time.Now()
	w.must(w.users.Create(w.Context(), user.Account{
		ID: owner, LoginID: "p" + owner[30:], Name: "김하늘", Email: owner + "@traveller.example", Phone: "+821012345678",
		Language: lang.Korean, Terms: user.Terms{Version: "2026-01-01", Accepted: now}, Created: now, Revision: 1,
	}, "hash", user.Confirmation{Code: owner, Expires: now.Add(time.Hour)}))
	for range 2 {
		t := triptest.Sample(id.Random{}, now)
		t.Owner = owner
		w.must(w.trips.Create(w.Context(), t, trip.Once{}))
	}
	body, err := proto.Marshal(&aiv1.StartGenerationRequest{SpecialRequest: "조용한 곳"})
	w.must(err)
	_, _, err = w.ais.Accept(w.Context(), ai.Request{
		ID: id.Random{}.New(id.Generation), TripID: "trip_1", Owner: owner, ClientID: "app", RequestTime: now, Fingerprint: []byte("f"), Body: body,
	}, 9, ai.Express)
	w.must(err)
	return owner
}

// ask asks for what the scenario is about.
func (w *world) ask(scenario string) {
	w.Helper()
	s := subject{owner: w.person(), scenario: scenario}
	switch scenario {
	case deleted, undone:
		s.id = id.Random{}.New(id.Deletion)
		_, err := w.users.BeginDeletion(w.Context(), s.owner, s.id)
		w.must(err)
		if scenario == undone {
			w.must(user.UndoBy(w.Context(), w.users, s.id))
		}
	default:
		s.id = id.Random{}.New(id.Export)
		_, _, err := w.users.BeginExport(w.Context(), s.owner, s.id, time.Now())
		w.must(err)
		if scenario == drops { // given up while the process is away: the saga finds it so
			_, err := w.pool.Exec(w.Context(), `UPDATE exports SET requested = requested - interval '2 hours' WHERE id = $1`, s.id)
			w.must(err)
		}
	}
	w.subjects = append(w.subjects, s)
}

// TestSagasSurviveKills: every saga ends done or compensated, none is lost and none done twice, whenever and however
// often its process is killed.
func TestSagasSurviveKills(t *testing.T) {
	w, all := newWorld(t), points()
	kills := durabletest.Kills(t, 8)
	killed := map[string]int{}
	for i := range kills {
		p := all[i%len(all)]
		if kills < len(all) { // spread over all
			p = all[i*len(all)/kills]
		}
		s := w.setting
		s.At = p.at
		w.ask(p.scenario)
		startProcess(t, s).Killed(p.at)
		killed[kindOf(p.scenario)]++
	}
	last := startProcess(t, w.setting)
	lost, doubled, sagas := map[string]int{}, map[string]int{}, map[string]int{}
	for _, s := range w.subjects {
		kind := kindOf(s.scenario)
		sagas[kind]++
		w.await(s)
		l, d := w.judge(s)
		lost[kind] += l
		doubled[kind] += d
	}
	w.allEnded()
	last.Stop()
	for _, kind := range []string{"deletion", "export"} {
		durabletest.Tell(t, kind, killed[kind], sagas[kind], lost[kind], doubled[kind])
		if lost[kind]+doubled[kind] > 0 {
			t.Errorf("%s: %d lost, %d doubled", kind, lost[kind], doubled[kind])
		}
	}
}

func kindOf(scenario string) string {
	if scenario == deleted || scenario == undone {
		return "deletion"
	}
	return "export"
}

// await waits until a subject has ended; how, is judged later.
func (w *world) await(s subject) {
	w.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var ended bool
		table := map[string]string{"deletion": "deletions", "export": "exports"}[kindOf(s.scenario)]
		w.must(w.pool.QueryRow(w.Context(), `SELECT ended IS NOT NULL FROM `+table+` WHERE id = $1`, s.id).Scan(&ended))
		if ended {
			return
		}
		select {
		case <-deadline:
			w.Errorf("%s (%s) has not ended", s.id, s.scenario)
			return
		case <-tick.C:
		}
	}
}

// judge tells whether a saga did not end as it should, and whether it did something twice.
func (w *world) judge(s subject) (lost, doubled int) {
	w.Helper()
	if kindOf(s.scenario) == "export" {
		return w.judgeExport(s)
	}
	d, err := w.users.Deletion(w.Context(), s.id)
	w.must(err)
	accounts := w.count(w.pool, `SELECT count(*) FROM accounts WHERE id = $1 AND deletion IS NULL`, s.owner)
	trips := w.count(w.tripPool, `SELECT count(*) FROM trip WHERE owner = $1`, s.owner)
	generations := w.count(w.aiPool, `SELECT count(*) FROM generation WHERE owner = $1`, s.owner)
	events := func(kind user.EventKind) int {
		return w.count(w.pool, `SELECT count(*) FROM journal WHERE account_id = $1 AND kind = $2`, s.owner, string(kind))
	}
	mails := func(kind string) int { return w.count(w.pool, `SELECT count(*) FROM mails WHERE kind = $1`, kind) }
	if s.scenario == undone {
		fresh := triptest.Sample(id.Random{}, time.Now())
		fresh.Owner = s.owner
		if err := w.trips.Create(w.Context(), fresh, trip.Once{}); d.State != user.Undone || accounts != 1 || trips != 2 || generations != 1 || err != nil {
			w.Errorf("%s is %+v, with %d accounts, %d trips, %d generations, %v", s.id, d, accounts, trips, generations, err)
			lost = 1
		}
		if events(user.DeletionUndone) != 1 || mails("deletion_undone") > len(w.subjects) {
			doubled = 1
		}
		return lost, doubled
	}
	announced := w.count(w.pool, `SELECT count(DISTINCT deletion_id) FROM announced WHERE deletion_id = $1`, s.id)
	if d.State != user.Deleted || accounts+trips+generations != 0 || announced != 1 {
		w.Errorf("%s is %+v, with %d accounts, %d trips, %d generations, announced %d", s.id, d, accounts, trips, generations, announced)
		lost = 1
	}
	want := map[string]map[string]int64{
		"trip": {"trips": 2, "feed_entries": 2}, "ai": {"generations": 1, "requests": 1}, "location": {},
		"user": {"accounts": 1, "mails": 1},
	}
	for service, removed := range want {
		if got := d.Forgotten[service].Removed; !maps.Equal(got, removed) {
			w.Errorf("%s: %s removed %v, want %v", s.id, service, got, removed)
			doubled = 1
		}
	}
	if events(user.AccountGone) != 1 {
		doubled = 1
	}
	return lost, doubled
}

func (w *world) judgeExport(s subject) (lost, doubled int) {
	w.Helper()
	e, err := w.users.Export(w.Context(), s.id)
	w.must(err)
	stored := w.count(w.pool, `SELECT count(*) FROM export_documents WHERE export_id = $1`, s.id)
	if s.scenario == drops {
		if e.State != user.ExportFailed || stored != 0 {
			w.Errorf("%s is %+v with %d documents", s.id, e, stored)
			lost = 1
		}
		return lost, 0
	}
	seen := map[string]int{}
	w.must(w.users.Documents(w.Context(), e, func(service string, d user.Document) error {
		seen[service]++
		seen[service+"/"+d.Path]++
		return nil
	}))
	if e.State != user.Exported || seen["user"] != 5 || seen["trip"] != 4 || seen["ai"] != 2 || len(e.Parts) != 4 {
		w.Errorf("%s is %+v with %v", s.id, e, seen)
		lost = 1
	}
	if stored != seen["user"]+seen["trip"]+seen["ai"] || len(seen) != 3+stored {
		w.Errorf("%s: %d documents are stored, %v seen", s.id, stored, seen)
		doubled = 1
	}
	return lost, doubled
}

func (w *world) count(pool *pgxpool.Pool, query string, args ...any) (n int) {
	w.Helper()
	w.must(pool.QueryRow(w.Context(), query, args...).Scan(&n))
	return n
}

// allEnded waits until no workflow is left running; none may have broken off.
func (w *world) allEnded() {
	w.Helper()
	ops, err := durable.OpenOps(w.Context(), saga.App, openPool(w.T, w.setting.URL), slog.New(slog.DiscardHandler))
	w.must(err)
	defer func() { w.must(ops.Close()) }()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := ops.List(10, durable.Running, durable.Failed, durable.Cancelled)
		w.must(err)
		if len(left) == 0 {
			return
		}
		select {
		case <-deadline:
			w.Errorf("left are %+v", left)
			return
		case <-tick.C:
		}
	}
}
