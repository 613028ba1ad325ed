package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
	"github.com/tripgen/tripgen/services/trip/export"
	"github.com/tripgen/tripgen/services/trip/lookout"
	"github.com/tripgen/tripgen/services/trip/peers"
	trippostgres "github.com/tripgen/tripgen/services/trip/postgres"
	triprpc "github.com/tripgen/tripgen/services/trip/rpc"
	"github.com/tripgen/tripgen/services/trip/saga"
	"github.com/tripgen/tripgen/services/trip/wake"
	"github.com/tripgen/tripgen/services/trip/webhooks"
	"github.com/tripgen/tripgen/services/trip/zones"
)

const (
	// handOverWait is how long a caller waits to hear that the queue is full.
	handOverWait = 1500 * time.Millisecond
	// sagaConns bounds the connections of the durable workflows, beside those of the role's pool.
	sagaConns = 10
	// keyPurpose names the key that requests under an idempotency key are told apart with.
	keyPurpose = "trip/idempotency"
)

// wireTrip makes the trip role: trips and itineraries behind their RPCs, the sagas of generations, and the feed.
func wireTrip(ctx context.Context, r *role) error {
	hub := wake.NewHub(r.Redis, r.Log)
	writer := kafkaWriter(r)
	var relay *events.Relay
	store := trippostgres.New(trippostgres.Deps{
		Pool: r.Pool, Seal: r.Seal, Clock: r.Clock, IDs: r.IDs, Waker: hub, Kick: func() { relay.Kick() },
	})
	relay = events.NewRelay(store, writer, r.Log)
	runner, err := sagaRunner(ctx, r, store)
	if err != nil {
		return err
	}
	service, err := tripService(r, store, runner)
	if err != nil {
		return err
	}
	if err := runner.Launch(ctx, service); err != nil {
		return err
	}
	if _, err := telemetry.Register(r.Metrics, runner.Meter()); err != nil {
		return err
	}
	options, err := r.Handlers(rpc.Deps{Resource: triprpc.Resource(r.Clock)})
	if err != nil {
		return err
	}
	files := export.RedisCache{Client: r.Redis, Seal: r.Seal, Log: r.Log}
	renderer := export.NewRenderer(fontFolder(r), files, r.Log)
	handlers := triprpc.Deps{
		Service: service, Pages: r.Pages, Clock: r.Clock, Renderer: renderer,
		Fingerprint: func(request []byte) []byte { return r.Seal.BlindIndex(keyPurpose, string(request)) },
	}
	triprpc.Mount(r.Server.Handle, handlers, options...)
	r.Server.Mount(triprpc.DownloadPath, triprpc.Downloads(handlers, r.Log))
	r.Server.Mount(triprpc.SharedPath, triprpc.SharedPages(handlers, r.Log))
	r.Server.Handle(privacyv1connect.NewPersonalDataServiceHandler(personal.Handler{Keeper: struct {
		*trippostgres.Personal
		triprpc.Collector
	}{trippostgres.NewPersonal(store, files.Forget), triprpc.Collector{Deps: handlers, Trips: store}}}, options...))
	watch, err := lookout.New(lookout.Deps{Trips: store, Checker: service, Metrics: r.Metrics, Clock: r.Clock, Log: r.Log})
	if err != nil {
		return err
	}
	if err := wireWebhooks(r, store); err != nil {
		return err
	}
	reader := kafka.NewReader(r.Kafka, events.Group, events.Topics()...)
	r.Add(
		kafka.Part("trip event reader", reader),
		app.Part{Name: "trip watchers", Run: hub.Run},
		app.Part{Name: "trip event relay", Run: relay.Run},
		app.Part{Name: "trip sagas", Run: runner.Run, Close: runner.Stop},
		app.Part{Name: "trip lookout", Run: watch.Run},
		app.Part{Name: "trip janitor", Run: service.Clean},
		app.Part{Name: "trip renderer", Run: renderer.Run},
		app.Part{Name: "trip events", Run: func(ctx context.Context) error {
			return events.Consume(ctx, reader, events.Handlers{
				Finished: runner.Finished, PlaceFilled: store.Filled,
			}, deadLetters(r, writer))
		}},
	)
	return nil
}

// webhookOptions say which servers webhooks may call.
func webhookOptions(r *role) (webhooks.Options, error) {
	o := webhooks.Options{AllowLoopback: r.Config.Webhooks.AllowLoopback}
	if file := r.Config.Webhooks.CAFile; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return o, err
		}
		if o.Roots, err = x509.SystemCertPool(); err != nil {
			return o, err
		}
		if !o.Roots.AppendCertsFromPEM(pem) {
			return o, fmt.Errorf("webhooks.ca_file: no certificate in %s", file)
		}
	}
	return o, nil
}

// wireWebhooks makes what delivers webhooks.
func wireWebhooks(r *role, store *trippostgres.Store) error {
	options, err := webhookOptions(r)
	if err != nil {
		return err
	}
	sender := webhooks.NewSender(options)
	dispatcher, err := webhooks.New(webhooks.Deps{Outbox: store, Sender: sender, Metrics: r.Metrics, Clock: r.Clock, Log: r.Log})
	if err != nil {
		return err
	}
	r.Add(app.Part{Name: "trip webhooks", Run: dispatcher.Run, Close: sender.Close})
	return nil
}

// fontFolders are looked through where none is configured.
var fontFolders = []string{filepath.Join(".cache", "fonts"), "/usr/share/tripgen/fonts"}

// fontFolder is where the fonts of exports are; it warns where there are none, since everything else works without.
func fontFolder(r *role) string {
	folders := fontFolders
	if r.Config.Export.Fonts != "" {
		folders = []string{r.Config.Export.Fonts}
	}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
	}
	r.Log.Warn("no fonts: PDFs, pictures and maps cannot be made", "looked_in", folders)
	return folders[0]
}

// sagaPool is a pool for sagas alone (workflows that wait hold no connection, but a burst of them must not take those of
// the callers) and a name for this process as one that runs them.
func sagaPool(ctx context.Context, r *role) (*pgxpool.Pool, string, error) {
	pool, err := postgres.Open(ctx, postgres.Config{URL: databaseURL(r.Config, r.Role), MaxConns: sagaConns})
	if err != nil {
		return nil, "", err
	}
	r.Add(postgres.Part("postgres of sagas", pool))
	host, err := os.Hostname()
	return pool, host + "-" + rand.Text()[:8], err
}

// sagaRunner makes the runner of the sagas of generations.
func sagaRunner(ctx context.Context, r *role, store *trippostgres.Store) (*saga.Runner, error) {
	pool, name, err := sagaPool(ctx, r)
	if err != nil {
		return nil, err
	}
	return saga.New(saga.Deps{
		Pool: pool, Leases: r.Pool, Executor: name, Generations: store, Times: saga.DefaultTimes(), Clock: r.Clock,
		Log: r.Log,
	}), nil
}

func tripService(r *role, store *trippostgres.Store, runner *saga.Runner) (*trip.Service, error) {
	options, err := rpc.ClientOptions()
	if err != nil {
		return nil, err
	}
	client := r.Client()
	guarded := func(service string) []connect.ClientOption {
		return append(slices.Clone(options), rpc.Guarded(r.Guards.Guard(rpc.GuardPolicy(service))))
	}
	ai := peers.AI{
		Intake:  aiv1connect.NewGenerationIntakeServiceClient(client, r.Config.Services.AI, guarded("ai")...),
		Planner: aiv1connect.NewPlannerServiceClient(client, r.Config.Services.AI, guarded("ai")...),
	}
	location := peers.Location{
		Client: locationv1connect.NewPlanningDataServiceClient(client, r.Config.Services.Location, guarded("location")...),
	}
	outlook := peers.Outlook{
		Planning:  location.Client,
		Forecasts: locationv1connect.NewWeatherServiceClient(client, r.Config.Services.Location, guarded("location weather")...),
	}
	return trip.New(trip.Deps{
		Trips: store, Itineraries: store, Generations: store, Feed: store, Keys: store, Shares: store, Alerts: store, Webhooks: store,
		Targets: webhooks.NewTargets(webhooks.Options{AllowLoopback: r.Config.Webhooks.AllowLoopback}),
		Outlook: outlook, Cities: location, Zones: zones.New(), Sagas: runner, Intake: ai, Planner: ai, Documents: peers.Documents{},
		Log: r.Log, Clock: r.Clock, IDs: r.IDs, HandOverWait: handOverWait,
	}), nil
}
