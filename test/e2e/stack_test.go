// Package e2e tests the whole of TripGen as its users meet it: `tripgen up` with real PostgreSQL, Redis, Kafka and
// Envoy, and clients that know nothing but the gateway's address.
package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/local"
)

// gateway is the address of the stack that all tests share, simulators that of its providers, database that of its server.
var gateway, simulators, database string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("TRIPGEN_TEST_REAL") != "1" {
		fmt.Println("skipped: end-to-end tests need the servers that `make test` starts")
		return 0
	}
	dir, err := os.MkdirTemp("", "tripgen-e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a left-over folder in the temporary folder harms nobody
	if err := build(dir); err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if database, err = freshServer(ctx); err != nil {
		return fail(err)
	}
	authority := filepath.Join(dir, "authority.pem")
	if err := errors.Join(trustTestServers(authority), os.Setenv("TRIPGEN_WEBHOOKS_CA_FILE", authority),
		os.Setenv("TRIPGEN_CLIENTS_PARTNER_SECRET", partnerSecret)); err != nil {
		return fail(err)
	}
	s, err := start(ctx, filepath.Join(dir, "tripgen"), filepath.Join(dir, "state"),
		"--postgres", database, "--redis", os.Getenv("TRIPGEN_TEST_REDIS"), "--kafka", os.Getenv("TRIPGEN_TEST_KAFKA"),
		// The provider's bad days: the promise of five seconds must hold all the same.
		"--claude-p50", "2.5s", "--claude-p99", "12s")
	if err != nil {
		return fail(err)
	}
	gateway, simulators = s.gateway, s.output.simulators
	code := m.Run()
	if err := s.stop(); err != nil {
		return fail(err)
	}
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "end-to-end:", err)
	return 1
}

// binary is the built program, once build has run.
var binary string

func build(dir string) error {
	binary = filepath.Join(dir, "tripgen")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/tripgen/tripgen/cmd/tripgen").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// freshServer drops what an earlier run left in the databases of `tripgen up`.
func freshServer(ctx context.Context) (string, error) {
	server := os.Getenv("TRIPGEN_TEST_POSTGRES")
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx) //nolint:errcheck // its work is done
	for _, name := range []string{"user", "trip", "ai", "location"} {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS tripgen_"+name+" WITH (FORCE)"); err != nil {
			return "", err
		}
	}
	parsed, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	return parsed.String(), nil
}

// stack is a running `tripgen up`.
type stack struct {
	cmd     *exec.Cmd
	gateway string
	exited  chan error
	output  *output
}

// start starts `tripgen up` on free ports and waits until it says that it is up.
func start(ctx context.Context, program, state string, args ...string) (*stack, error) {
	listen, own, err := freePorts(state)
	if err != nil {
		return nil, err
	}
	s := &stack{
		cmd: exec.CommandContext(ctx, program, append(own, args...)...), gateway: "http://" + listen,
		exited: make(chan error, 1), output: &output{up: make(chan struct{})},
	}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.output.read(bufio.NewScanner(stdout))
		s.exited <- s.cmd.Wait()
	}()
	select {
	case <-s.output.up:
		return s, nil
	case err := <-s.exited:
		return nil, fmt.Errorf("tripgen up ended before it was up: %w\n%s", err, tail(filepath.Join(state, "tripgen.log")))
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.stop())
	}
}

// freePorts are the arguments of a `tripgen up` that is in nobody's way, and where its gateway listens.
func freePorts(state string) (listen string, args []string, err error) {
	ports := make([]int, 2)
	for i := range ports {
		if ports[i], err = local.FreePort(); err != nil {
			return "", nil, err
		}
	}
	listen = local.Address(ports[0])
	args = []string{"up", "--state", state, "--listen", listen, "--admin", local.Address(ports[1])}
	if envoy := os.Getenv("TRIPGEN_TEST_ENVOY"); envoy != "" {
		args = append(args, "--envoy", envoy)
	}
	return listen, args, nil
}

// stop ends it as Ctrl-C does, and fails if it does not end cleanly.
func (s *stack) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case err := <-s.exited:
		return err
	case <-time.After(time.Minute):
		return errors.Join(errors.New("tripgen up did not end within a minute of SIGINT"), s.cmd.Process.Kill())
	}
}

type output struct {
	up chan struct{}
	// simulators is set once it is up.
	simulators string
}

func (o *output) read(lines *bufio.Scanner) {
	up := false
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); !up && len(fields) > 1 && fields[0] == "Simulators" {
			o.simulators = fields[1]
		}
		if !up && strings.HasPrefix(strings.TrimSpace(lines.Text()), "State ") {
			close(o.up)
			up = true
		}
	}
}

// tail is the end of a log, for the reader of a failed test.
func tail(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	const most = 4000
	return string(content[max(0, len(content)-most):])
}
