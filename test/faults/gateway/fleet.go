package main

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
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

var services = []envoy.Cluster{envoy.User, envoy.Trip, envoy.AI, envoy.Location}

// fleet is two instances of each service, each a process, behind one Envoy.
type fleet struct {
	dir, program, gateway string
	admin                 envoy.Admin
	envoy                 *local.Envoy
	running               map[envoy.Cluster][2]*process.Process
	addresses             map[envoy.Cluster][2]string
}

// startFleet starts all on the servers that the environment names. What has started is in the fleet even with an error.
func startFleet(ctx context.Context, dir string) (*fleet, error) {
	f := &fleet{dir: dir, program: filepath.Join(dir, "tripgen"), running: map[envoy.Cluster][2]*process.Process{}, addresses: map[envoy.Cluster][2]string{}}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", f.program, "github.com/tripgen/tripgen/cmd/tripgen").CombinedOutput(); err != nil {
		return f, fmt.Errorf("build: %w\n%s", err, out)
	}
	free := func() string {
		port, err := local.FreePort()
		if err != nil {
			panic(err) // a machine without a free port can do nothing
		}
		return local.Address(port)
	}
	for _, s := range services {
		f.addresses[s] = [2]string{free(), free()}
	}
	listen := free()
	f.gateway = "http://" + listen
	if err := f.configure(ctx); err != nil {
		return f, err
	}
	for i := range 2 {
		for _, s := range services {
			if err := f.start(ctx, s, i); err != nil {
				return f, err
			}
		}
	}
	endpoints := map[envoy.Cluster][]string{}
	for _, s := range services {
		endpoints[s] = []string{f.addresses[s][0], f.addresses[s][1]}
	}
	if err := envoy.Write(filepath.Join(dir, "envoy"), envoy.Config{
		Listen: listen, Admin: "127.0.0.1:0", Issuer: f.gateway, Audience: "tripgen", Endpoints: endpoints,
		AccessLog: filepath.Join(dir, "envoy", "access.log"),
	}); err != nil {
		return f, err
	}
	var err error
	f.envoy, err = local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: filepath.Join(dir, "envoy", envoy.Bootstrap), LogFile: filepath.Join(dir, "envoy.log"),
	})
	if err != nil {
		return f, err
	}
	f.admin = envoy.Admin{Address: f.envoy.Admin()}
	return f, f.awaitHealthy(ctx)
}

// configure writes each instance's configuration file.
func (f *fleet) configure(ctx context.Context) error {
	server := os.Getenv("TRIPGEN_TEST_POSTGRES")
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	secrets := map[string]string{}
	for _, s := range append(services, "worker") {
		secrets[string(s)] = rand.Text()
	}
	for i := range 2 {
		for _, s := range services {
			var y strings.Builder
			fmt.Fprintf(&y, "process: { drain: 1s, shutdown: 10s }\nauth: { issuer: %q, jwks_url: \"http://%s/.well-known/jwks.json\", token_url: \"http://%s/oauth2/token\" }\n",
				f.gateway, f.addresses[envoy.User][0], f.addresses[envoy.User][0])
			y.WriteString("listen:\n")
			for _, of := range services {
				fmt.Fprintf(&y, "  %s: %q\n", of, f.addresses[of][i])
			}
			y.WriteString("services:\n")
			for _, of := range services {
				fmt.Fprintf(&y, "  %s: \"http://%s\"\n", of, f.addresses[of][0])
			}
			y.WriteString("postgres:\n  create: true\n  migrate: true\n  max_conns: 8\n")
			for _, of := range services {
				database, err := url.Parse(server)
				if err != nil {
					return errors.New("TRIPGEN_TEST_POSTGRES is not a URL")
				}
				database.Path = "/tripgen_faults_" + string(of)
				fmt.Fprintf(&y, "  %s: %q\n", of, database.String())
			}
			y.WriteString("clients:\n")
			for name, secret := range secrets {
				fmt.Fprintf(&y, "  %s: { secret: %q }\n", name, secret)
			}
			fmt.Fprintf(&y, "redis: { url: %q }\nkafka: { brokers: [%q] }\nseal: { key_file: %q, create: true }\nuser: { mail: { folder: %q } }\n",
				os.Getenv("TRIPGEN_TEST_REDIS"), os.Getenv("TRIPGEN_TEST_KAFKA"), filepath.Join(f.dir, "keys.json"), filepath.Join(f.dir, "mail"))
			fmt.Fprintf(&y, "providers: { anthropic: { key: unused, base_url: \"http://127.0.0.1:1\" } }\n")
			if err := os.WriteFile(f.config(s, i), []byte(y.String()), 0o600); err != nil {
				return err
			}
			if _, err := config.Load(f.config(s, i), nil); err != nil {
				return err
			}
		}
	}
	for _, s := range services {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS tripgen_faults_"+string(s)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) config(s envoy.Cluster, i int) string {
	return filepath.Join(f.dir, fmt.Sprintf("%s-%d.yaml", s, i))
}

// start starts an instance and waits until it is ready.
func (f *fleet) start(ctx context.Context, s envoy.Cluster, i int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	p, err := process.Start(process.Command{
		Name: fmt.Sprintf("%s %d", s, i+1), Path: f.program, Args: []string{"--config", f.config(s, i), "serve", string(s)},
		LogFile: filepath.Join(f.dir, fmt.Sprintf("%s-%d.log", s, i)), Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")},
	})
	if err != nil {
		return err
	}
	both := f.running[s]
	both[i] = p
	f.running[s] = both
	return p.Await(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addresses[s][i]+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			return errors.Join(err, fmt.Errorf("%s %d is not ready: %s", s, i+1, res.Status))
		}
		return nil
	})
}

// kill kills an instance without a word and starts it again at once.
func (f *fleet) kill(ctx context.Context, s envoy.Cluster, i int) error {
	p := f.running[s][i]
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Done()
	if err := f.start(ctx, s, i); err != nil {
		return err
	}
	return f.awaitHealthy(ctx)
}

// restartAll restarts every instance as a deployment does: when the one before is back.
func (f *fleet) restartAll(ctx context.Context) error {
	for i := range 2 {
		for _, s := range services {
			if err := f.running[s][i].Close(ctx); err != nil {
				return err
			}
			if err := f.start(ctx, s, i); err != nil {
				return err
			}
			if err := f.awaitHealthy(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitHealthy waits until the gateway sends calls to all instances.
func (f *fleet) awaitHealthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		hosts, err := f.admin.Hosts(ctx)
		if err != nil {
			return err
		}
		healthy := 0
		for _, h := range hosts {
			if len(h.Unhealthy) == 0 {
				healthy++
			}
		}
		if healthy == 2*len(services) {
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("%d of %d instances are healthy: %w", healthy, 2*len(services), ctx.Err())
		}
	}
}

func (f *fleet) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var all []error
	if f.envoy != nil {
		all = append(all, f.envoy.Close(ctx))
	}
	for _, both := range f.running {
		for _, p := range both {
			if p != nil {
				all = append(all, p.Close(ctx))
			}
		}
	}
	return errors.Join(all...)
}
