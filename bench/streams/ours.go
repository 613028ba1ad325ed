package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/progress"
	"github.com/tripgen/tripgen/test/fleet"
	"github.com/tripgen/tripgen/test/people"
)

// memory is a process's resident memory, in bytes.
type memory struct{ before, after int64 }

// each is what one of n watchers takes, in KB of 1,000 bytes.
func (m memory) each(n int) float64 { return float64(m.after-m.before) / float64(n) / 1000 }

// ours is what was measured of the AI service.
type ours struct {
	memory         memory
	delivered      memory // at the end of the events, all still open
	inUse          inUse
	opening, span  time.Duration
	written        int
	missing, wrong int
	took           report.Times
}

// settle is how long processes are left alone before their memory is read: the time of a few collections.
const settle = 5 * time.Second

func measureOurs(ctx context.Context, f *fleet.Fleet, client *redis.Client, watchers int, span time.Duration) (o ours, err error) {
	token, generations, err := fill(ctx, f, watchers)
	if err != nil {
		return o, err
	}
	log := progress.NewLog(client)
	for _, generation := range generations {
		if err := write(ctx, log, generation); err != nil {
			return o, err
		}
	}
	pid := f.Pid(app.AI, 0)
	warm := newWatching(1)
	if err := warm.open(ctx, f.Gateway, token, generations[:1]); err != nil {
		return o, err
	}
	warm.close()
	if err := pause(ctx, settle); err != nil {
		return o, err
	}
	if o.memory.before, err = residentBytes(pid); err != nil {
		return o, err
	}
	before, err := readInUse(ctx, f)
	if err != nil {
		return o, err
	}
	w := newWatching(watchers)
	defer w.close()
	began := time.Now()
	if err := w.open(ctx, f.Gateway, token, generations); err != nil {
		return o, err
	}
	o.opening = time.Since(began)
	if err := pause(ctx, settle); err != nil {
		return o, err
	}
	if o.memory.after, err = residentBytes(pid); err != nil {
		return o, err
	}
	after, err := readInUse(ctx, f)
	if err != nil {
		return o, err
	}
	o.inUse, o.span = inUse{after.heap - before.heap, after.stacks - before.stacks}, span
	if o.written, err = o.writeAll(ctx, log, generations); err != nil {
		return o, err
	}
	for waited := time.Duration(0); w.count() < o.written && waited < 10*time.Second; waited += 50 * time.Millisecond {
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return o, err
		}
	}
	if err := w.failed(); err != nil {
		return o, fmt.Errorf("a watcher was cut: %w", err)
	}
	o.delivered.before = o.memory.before
	if o.delivered.after, err = residentBytes(pid); err != nil {
		return o, err
	}
	w.close()
	o.missing, o.wrong, o.took = o.written-len(w.took), w.wrong, w.took
	return o, nil
}

// writeAll writes events at the rate, one generation after the other.
func (o *ours) writeAll(ctx context.Context, log *progress.Log, generations []string) (int, error) {
	const batch = 10 * time.Millisecond
	tick := time.NewTicker(batch)
	defer tick.Stop()
	began, n := time.Now(), 0
	for time.Since(began) < o.span {
		for due := int(time.Since(began).Seconds() * perSecond); n < due; n++ {
			if err := write(ctx, log, generations[n%len(generations)]); err != nil {
				return n, err
			}
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-tick.C:
		}
	}
	return n, nil
}

func write(ctx context.Context, log *progress.Log, generation string) error {
	event := &aiv1.GenerationEvent{Time: timestamppb.Now(), Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{
		Percent: 10, Stage: aiv1.GenerationStage_GENERATION_STAGE_REFINE,
		Message: &typev1.LocalizedText{Ko: "일정을 다듬고 있습니다", En: "Refining the itinerary"},
	}}}
	_, err := log.Append(ctx, generation, event, 10, 0)
	return err
}

// fill makes one generation as in life, and others like it, as if a worker had them.
func fill(ctx context.Context, f *fleet.Fleet, n int) (token string, ids []string, err error) {
	p, err := people.SignUp(ctx, f.Gateway)
	if err != nil {
		return "", nil, err
	}
	access, err := p.Tokens.Token()
	if err != nil {
		return "", nil, err
	}
	client := p.Client
	start := time.Now().AddDate(0, 0, 7)
	created, err := client.Trips.CreateTrip(ctx, &tripv1.CreateTripRequest{
		Name: "streams", TransportMode: typev1.TransportMode_TRANSPORT_MODE_CAR,
		StartDate:    &typev1.Date{Year: int32(start.Year()), Month: int32(start.Month()), Day: int32(start.Day())},
		Members:      []*tripv1.Member{{Name: "지우", Age: 38, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE}}},
		Destinations: []*tripv1.Destination{{Name: "Munich", Nights: 2}},
	})
	if err != nil {
		return "", nil, err
	}
	first, err := client.Generate(ctx, &tripv1.GenerateItineraryRequest{TripId: created.GetTrip().GetId(), Revision: created.GetTrip().GetRevision()})
	if err != nil {
		return "", nil, err
	}
	for range n {
		ids = append(ids, id.Random{}.New(id.Generation))
	}
	url, err := f.DatabaseURL(app.AI)
	if err != nil {
		return "", nil, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	_, err = conn.Exec(ctx, `WITH first AS (SELECT to_jsonb(g) AS row FROM generation g WHERE id = $1)
		INSERT INTO generation SELECT (jsonb_populate_record(NULL::generation, first.row || jsonb_build_object('id', other, 'ordinal', 1, 'state', 'running', 'worker', 'bench', 'lease_until', now() + interval '1 hour'))).*
		FROM first, unnest($2::text[]) AS other`, first.ID(), ids)
	return access.AccessToken, ids, err
}

// residentBytes is a process's resident memory.
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib * 1024, err
		}
	}
	return 0, errors.New("the system does not tell the resident memory")
}

// inUse is what a process of Go has in use, in bytes.
type inUse struct{ heap, stacks float64 }

// readInUse reads what the AI service has in use from its own metrics.
func readInUse(ctx context.Context, f *fleet.Fleet) (inUse, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.Address(app.AI, 0)+"/metrics", nil)
	if err != nil {
		return inUse{}, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return inUse{}, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var u inUse
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		for name, to := range map[string]*float64{"go_memstats_heap_inuse_bytes ": &u.heap, "go_memstats_stack_inuse_bytes ": &u.stacks} {
			if value, ok := strings.CutPrefix(lines.Text(), name); ok {
				if *to, err = strconv.ParseFloat(value, 64); err != nil {
					return u, err
				}
			}
		}
	}
	if u.heap == 0 || u.stacks == 0 {
		return u, errors.New("the AI service tells no memory in its metrics")
	}
	return u, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
