// Package stack runs the whole of TripGen for measurements, faults and attacks: `tripgen up` on free ports with a state
// of its own, and people who have signed up.
package stack

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
	"time"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/test/people"
)

// Stack is a running TripGen.
type Stack struct {
	// Gateway is the URL of its door, Admin Envoy's admin interface.
	Gateway string
	Admin   envoy.Admin
	// Dir is its state; Envoy's files are in the folder envoy.
	Dir string

	program string
	cmd     *exec.Cmd
	exited  chan error
}

// startLimit bounds the start; with fresh databases it takes about five seconds on two idle cores.
const startLimit = time.Minute

// Start builds the program, starts everything and waits until the door is open.
func Start(ctx context.Context, arguments ...string) (*Stack, error) {
	dir, err := os.MkdirTemp("", "tripgen-stack-")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "tripgen")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/tripgen/tripgen/cmd/tripgen").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	var addresses [2]string
	for i := range addresses {
		port, err := local.FreePort()
		if err != nil {
			return nil, err
		}
		addresses[i] = local.Address(port)
	}
	s := &Stack{
		Gateway: "http://" + addresses[0], Admin: envoy.Admin{Address: addresses[1]}, Dir: filepath.Join(dir, "state"), program: program,
		exited: make(chan error, 1),
	}
	found, err := local.FindEnvoy(os.Getenv("TRIPGEN_TEST_ENVOY"))
	if err != nil {
		return nil, err
	}
	s.cmd = exec.Command(program, append([]string{"up", "--state", s.Dir, "--listen", addresses[0], "--admin", addresses[1], "--envoy", found}, arguments...)...)
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	up := make(chan struct{})
	go func() {
		told := false
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if !told && strings.HasPrefix(lines.Text(), "TripGen is up") {
				told = true
				close(up)
			}
		}
		s.exited <- s.cmd.Wait()
	}()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case <-up:
		return s, nil
	case err := <-s.exited:
		log, _ := os.ReadFile(filepath.Join(s.Dir, "tripgen.log")) // the reason is more than nothing
		return nil, fmt.Errorf("tripgen up ended: %w\n%s", err, log[max(0, len(log)-3000):])
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.Stop())
	}
}

// Stop ends everything and removes its state.
func (s *Stack) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(30 * time.Second):
		if err := s.cmd.Process.Kill(); err != nil {
			return err
		}
		<-s.exited
	}
	return os.RemoveAll(filepath.Dir(s.Dir))
}

// Command runs another command of the same program and gives what it prints. The environment is that of this process and
// the variables given, as NAME=value.
func (s *Stack) Command(ctx context.Context, variables []string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.program, arguments...)
	cmd.Env = append(os.Environ(), variables...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tripgen %s: %w\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out), nil
}

// Unlimit lets everything pass that the limits would refuse; it is counted all the same.
func (s *Stack) Unlimit(ctx context.Context) error {
	_, err := s.Admin.Call(ctx, "POST", "/runtime_modify", url.Values{
		"gateway.limit.per_connection": {"0"}, "gateway.limit.per_address": {"0"}, "gateway.limit.per_caller": {"0"},
	})
	return err
}

// Service is the address of an instance of a service, behind the door.
func (s *Stack) Service(ctx context.Context, name envoy.Cluster) (string, error) {
	hosts, err := s.Admin.Hosts(ctx)
	if err != nil {
		return "", err
	}
	for _, h := range hosts {
		if h.Cluster == string(name) {
			return h.Address, nil
		}
	}
	return "", fmt.Errorf("no instance of %s", name)
}

// Person signs somebody up and logs them in.
func (s *Stack) Person(ctx context.Context) (*people.Person, error) {
	return people.SignUp(ctx, s.Gateway)
}
