// Package fleet runs the roles of TripGen as processes of their own behind one Envoy, on real servers, so that they can
// be killed and started one by one.
package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

// Config says what runs.
type Config struct {
	// Dir is the folder of configurations, logs and Envoy's files.
	Dir string
	// Postgres and Redis are URLs, Kafka a broker's host:port, Envoy the program's path.
	Postgres, Redis, Kafka, Envoy string
	// Database begins the names of the databases, which are made anew.
	Database string
	// Instances is how many processes each role has; services without any have one.
	Instances map[app.Role]int
	// Env are variables of every process, NAME=value.
	Env []string
	// Settings are added to every configuration file: parts that the fleet does not write itself.
	Settings string
}

// services are the roles behind the gateway.
var services = []app.Role{app.User, app.Location, app.AI, app.Trip}

// Fleet is the running processes.
type Fleet struct {
	// Gateway is the URL of the door, Admin Envoy's admin interface.
	Gateway string
	Admin   envoy.Admin

	Config
	program   string
	envoy     *local.Envoy
	addresses map[app.Role][]string
	secrets   map[app.Role]string

	mu      sync.Mutex
	running map[app.Role][]*process.Process
}

// Start builds the program and starts everything. What has started is in the fleet even with an error: close it.
func Start(ctx context.Context, c Config) (*Fleet, error) {
	f := &Fleet{
		Config: c, program: filepath.Join(c.Dir, "tripgen"), addresses: map[app.Role][]string{}, secrets: map[app.Role]string{},
		running: map[app.Role][]*process.Process{},
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", f.program, "github.com/tripgen/tripgen/cmd/tripgen").CombinedOutput(); err != nil {
		return f, fmt.Errorf("build: %w\n%s", err, out)
	}
	for _, role := range append(services, app.Worker) {
		n := f.Instances[role]
		if n == 0 && role != app.Worker {
			n = 1
		}
		f.secrets[role] = rand.Text()
		f.running[role] = make([]*process.Process, n)
		for range n {
			address, err := freeAddress()
			if err != nil {
				return f, err
			}
			f.addresses[role] = append(f.addresses[role], address)
		}
	}
	listen, err := freeAddress()
	if err != nil {
		return f, err
	}
	f.Gateway = "http://" + listen
	if err := f.dropDatabases(ctx); err != nil {
		return f, err
	}
	for role, processes := range f.running {
		for i := range processes {
			if err := f.configure(role, i); err != nil {
				return f, err
			}
		}
	}
	if err := f.startAll(ctx); err != nil {
		return f, err
	}
	return f, f.startEnvoy(ctx, listen)
}

func freeAddress() (string, error) {
	port, err := local.FreePort()
	return local.Address(port), err
}

// startAll starts the first instance of each role before the others: it makes the schemas.
func (f *Fleet) startAll(ctx context.Context) error {
	for _, role := range append(services, app.Worker) {
		for i := range f.running[role] {
			if err := f.StartInstance(ctx, role, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Fleet) startEnvoy(ctx context.Context, listen string) error {
	endpoints := map[envoy.Cluster][]string{}
	for _, s := range services {
		endpoints[envoy.Cluster(s)] = f.addresses[s]
	}
	folder := filepath.Join(f.Dir, "envoy")
	if err := envoy.Write(folder, envoy.Config{
		Listen: listen, Admin: "127.0.0.1:0", Issuer: f.Gateway, Audience: "tripgen", Endpoints: endpoints,
		AccessLog: filepath.Join(folder, "access.log"),
	}); err != nil {
		return err
	}
	var err error
	f.envoy, err = local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: f.Envoy, Bootstrap: filepath.Join(folder, envoy.Bootstrap), LogFile: filepath.Join(f.Dir, "envoy.log"),
	})
	if err != nil {
		return err
	}
	f.Admin = envoy.Admin{Address: f.envoy.Admin()}
	return f.AwaitHealthy(ctx)
}

// DatabaseURL is the address of a role's database.
func (f *Fleet) DatabaseURL(role app.Role) (string, error) {
	u, err := url.Parse(f.Postgres)
	if err != nil {
		return "", errors.New("the address of PostgreSQL is not a URL")
	}
	u.Path = "/" + f.Database + string(role)
	return u.String(), nil
}

func (f *Fleet) dropDatabases(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, f.Postgres)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	for _, s := range services {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+f.Database+string(s)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

// configure writes an instance's configuration file. Services call the first instance of each other.
func (f *Fleet) configure(role app.Role, i int) error {
	var y strings.Builder
	user := f.addresses[app.User][0]
	fmt.Fprintf(&y, "process: { drain: 1s, shutdown: 10s }\nauth: { issuer: %q, jwks_url: \"http://%s/.well-known/jwks.json\", token_url: \"http://%s/oauth2/token\" }\n",
		f.Gateway, user, user)
	y.WriteString("listen:\n")
	for of, addresses := range f.addresses {
		if len(addresses) > 0 {
			fmt.Fprintf(&y, "  %s: %q\n", of, addresses[min(i, len(addresses)-1)])
		}
	}
	y.WriteString("services:\n")
	for _, of := range services {
		fmt.Fprintf(&y, "  %s: \"http://%s\"\n", of, f.addresses[of][0])
	}
	y.WriteString("postgres:\n  create: true\n  migrate: true\n  max_conns: 8\n")
	for _, of := range services {
		database, err := f.DatabaseURL(of)
		if err != nil {
			return err
		}
		fmt.Fprintf(&y, "  %s: %q\n", of, database)
	}
	y.WriteString("clients:\n")
	for name, secret := range f.secrets {
		fmt.Fprintf(&y, "  %s: { secret: %q }\n", name, secret)
	}
	fmt.Fprintf(&y, "redis: { url: %q }\nseal: { key_file: %q, create: true }\nuser: { mail: { folder: %q } }\n%s",
		f.Redis, filepath.Join(f.Dir, "keys.json"), filepath.Join(f.Dir, "mail"), f.Settings)
	if !strings.Contains(f.Settings, "kafka:") {
		fmt.Fprintf(&y, "kafka: { brokers: [%q] }\n", f.Kafka)
	}
	if err := os.WriteFile(f.file(role, i, "yaml"), []byte(y.String()), 0o600); err != nil {
		return err
	}
	_, err := config.Load(f.file(role, i, "yaml"), nil)
	return err
}

func (f *Fleet) file(role app.Role, i int, kind string) string {
	return filepath.Join(f.Dir, fmt.Sprintf("%s-%d.%s", role, i, kind))
}

// Credentials are those with which a role gets its tokens.
func (f *Fleet) Credentials(role app.Role) (clientID, secret string) {
	return "tripgen-" + string(role), f.secrets[role]
}

// Log is the path of an instance's log, which all its processes append to.
func (f *Fleet) Log(role app.Role, i int) string { return f.file(role, i, "log") }

// Pid is the process id of an instance.
func (f *Fleet) Pid(role app.Role, i int) int { return f.process(role, i).Pid() }

// Address is where an instance listens, host:port.
func (f *Fleet) Address(role app.Role, i int) string { return f.addresses[role][i] }

// Count is how many instances a role has.
func (f *Fleet) Count(role app.Role) int { return len(f.addresses[role]) }

const startLimit = time.Minute

// StartInstance starts an instance and waits until it is ready.
func (f *Fleet) StartInstance(ctx context.Context, role app.Role, i int) error {
	p, err := f.launch(role, i)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return p.Await(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addresses[role][i]+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			return errors.Join(err, fmt.Errorf("%s %d is not ready: %s", role, i+1, res.Status))
		}
		return nil
	})
}

func (f *Fleet) launch(role app.Role, i int) (*process.Process, error) {
	p, err := process.Start(process.Command{
		Name: fmt.Sprintf("%s %d", role, i+1), Path: f.program, Args: []string{"--config", f.file(role, i, "yaml"), "serve", string(role)},
		LogFile: f.Log(role, i), Env: append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, f.Env...),
	})
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[role][i] = p
	return p, nil
}

func (f *Fleet) process(role app.Role, i int) *process.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running[role][i]
}

// Kill kills an instance without a word (SIGKILL).
func (f *Fleet) Kill(role app.Role, i int) error {
	p := f.process(role, i)
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Done()
	return nil
}

// StopInstance lets an instance end what it does.
func (f *Fleet) StopInstance(ctx context.Context, role app.Role, i int) error {
	return f.process(role, i).Close(ctx)
}

// Unlimit lets everything pass that the gateway's limits would refuse; it is counted all the same.
func (f *Fleet) Unlimit(ctx context.Context) error {
	_, err := f.Admin.Call(ctx, "POST", "/runtime_modify", url.Values{
		"gateway.limit.per_connection": {"0"}, "gateway.limit.per_address": {"0"}, "gateway.limit.per_caller": {"0"},
	})
	return err
}

// Limit takes [Fleet.Unlimit] back.
func (f *Fleet) Limit(ctx context.Context) error {
	_, err := f.Admin.Call(ctx, "POST", "/runtime_modify", url.Values{
		"gateway.limit.per_connection": {""}, "gateway.limit.per_address": {""}, "gateway.limit.per_caller": {""},
	})
	return err
}

const (
	healthLimit = 30 * time.Second
	healthEvery = 50 * time.Millisecond
)

// AwaitHealthy waits until the gateway sends calls to all instances.
func (f *Fleet) AwaitHealthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	want := 0
	for _, s := range services {
		want += f.Count(s)
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		hosts, err := f.Admin.Hosts(ctx)
		if err != nil {
			return err
		}
		healthy := 0
		for _, h := range hosts {
			if len(h.Unhealthy) == 0 {
				healthy++
			}
		}
		if healthy == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d instances are healthy: %w", healthy, want, ctx.Err())
		case <-tick.C:
		}
	}
}

const closeLimit = 30 * time.Second

// Close stops everything.
func (f *Fleet) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	var all []error
	if f.envoy != nil {
		all = append(all, f.envoy.Close(ctx))
	}
	for _, processes := range f.running {
		for _, p := range processes {
			if p != nil {
				all = append(all, p.Close(ctx))
			}
		}
	}
	return errors.Join(all...)
}
