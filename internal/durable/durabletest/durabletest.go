// Package durabletest kills processes that run sagas, at points of their steps. A test runs itself again as such a
// process, which kills itself (SIGKILL) when it gets to its point.
package durabletest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Point is where the process that it is told to ends; empty for nowhere.
type Point string

// Reach ends the process (SIGKILL) if it is to end at this point.
func (p Point) Reach(at string) {
	if at != string(p) {
		return
	}
	fmt.Println(killedAt + at)
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {}
}

// Around is before and after a step: it is called at the step's beginning, and what it gives at its end.
func (p Point) Around(step string) func() {
	p.Reach(step + "/before")
	return func() { p.Reach(step + "/after") }
}

// What a process says.
const (
	ready    = "ready"
	killedAt = "killed at "
)

// Runner runs sagas that were launched.
type Runner interface {
	Run(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Serve is the process: it runs sagas until it kills itself, or its standard input is closed.
func Serve(t *testing.T, r Runner) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	fmt.Println(ready)
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	running.Wait()
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// Process is one that runs sagas, seen from the test that started it.
type Process struct {
	*testing.T
	command *exec.Cmd
	in      io.Closer
	out     *bufio.Reader
}

// Start runs a test of this binary, which calls [Serve], in a process of its own with settings added to the environment,
// and waits until it is ready.
func Start(t *testing.T, test string, settings ...string) *Process {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.count=1")
	c.Env = append(os.Environ(), settings...)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	p := &Process{T: t, command: c, in: in, out: bufio.NewReader(out)}
	p.expect(ready)
	return p
}

// expect reads the process's next line.
func (p *Process) expect(want string) {
	p.Helper()
	watchdog := time.AfterFunc(30*time.Second, func() { _ = p.command.Process.Kill() })
	defer watchdog.Stop()
	line, err := p.out.ReadString('\n')
	if got := strings.TrimSpace(line); got != want {
		p.Fatalf("the process says %q (%v), want %q", got, err, want)
	}
}

// Killed waits until the process has killed itself.
func (p *Process) Killed(at string) {
	p.Helper()
	p.expect(killedAt + at)
	if err := p.command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		p.Fatalf("the process ended with %v", err)
	}
}

// Stop has the process end by itself.
func (p *Process) Stop() {
	p.Helper()
	if err := p.in.Close(); err != nil {
		p.Error(err)
	}
	_, _ = io.Copy(io.Discard, p.out)
	if err := p.command.Wait(); err != nil {
		p.Errorf("the process ended with %v", err)
	}
}

const (
	// killVariable says how many kills.
	killVariable = "TRIPGEN_FAULT_KILLS"
	// tallyVariable names the file that gets a line with each outcome: kind, kills, sagas, lost, doubled.
	tallyVariable = "TRIPGEN_FAULT_TALLY"
)

// Kills is how many there are to be; usual where the environment does not say.
func Kills(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv(killVariable)
	if text == "" {
		return usual
	}
	kills, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", killVariable, err)
	}
	return kills
}

// Tell tells what came of the kills of one kind of sagas, and notes it in the tally.
func Tell(t *testing.T, kind string, kills, sagas, lost, doubled int) {
	t.Helper()
	line := fmt.Sprintf("%s %d %d %d %d", kind, kills, sagas, lost, doubled)
	fmt.Println("kind kills sagas lost doubled:", line)
	path := os.Getenv(tallyVariable)
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintln(file, line)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
