// Package process runs another program as a child that never outlives this one.
//
// A child has a process group of its own, so that a terminal's Ctrl-C reaches only the parent, which then stops its
// children in the order it wants; and the kernel ends the child when the parent dies without having stopped it.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Command says what to run and how to end it.
type Command struct {
	// Name stands in errors.
	Name string
	// Path and Args are the program and what follows it.
	Path string
	Args []string
	// Dir is the working directory; empty for the parent's.
	Dir string
	// Env is the whole environment; nil for the parent's.
	Env []string
	// LogFile takes the child's output, appended; empty for the parent's own output.
	LogFile string
	// User is who the child runs as; nil for the parent's user.
	User *User
	// StopSignal asks the child to end; zero is SIGTERM.
	StopSignal syscall.Signal
	// OrphanSignal is what the kernel sends when the parent dies; zero is SIGKILL. Linux only.
	OrphanSignal syscall.Signal
}

// Process is a running child.
type Process struct {
	name    string
	logFile string
	stop    syscall.Signal
	pid     int
	done    chan struct{}
	err     error // how it ended; set before done is closed
}

// pollEvery is how often [Process.Await] looks again.
const pollEvery = 15 * time.Millisecond

// Start starts the command. The caller must end it with [Process.Close].
func Start(c Command) (*Process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if c.LogFile != "" {
		log, err := os.OpenFile(c.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", c.Name, err)
		}
		defer log.Close() // the child has its own descriptor
		cmd.Stdout, cmd.Stderr = log, log
	}
	cmd.SysProcAttr = attributes(c)

	p := &Process{name: c.Name, logFile: c.LogFile, stop: c.StopSignal, done: make(chan struct{})}
	if p.stop == 0 {
		p.stop = syscall.SIGTERM
	}
	started := make(chan error, 1)
	go p.hold(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return p, nil
}

// Complete runs a command that ends by itself: nil for exit status 0. When ctx ends first the child is killed.
func Complete(ctx context.Context, c Command) error {
	p, err := Start(c)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		err := p.Signal(syscall.SIGKILL)
		<-p.done
		return errors.Join(fmt.Errorf("%s: %w", p.name, ctx.Err()), err)
	}
	if p.err != nil {
		return p.ended()
	}
	return nil
}

// hold starts the child and waits for it on one locked thread: the kernel's parent-death signal follows the thread that
// forked, and an unlocked one may end before the process does.
func (p *Process) hold(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	// What the child leaves behind in its group goes with it.
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	close(p.done)
}

// Pid is the child's process id, which is also its process group.
func (p *Process) Pid() int { return p.pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode is the child's exit code after [Process.Done]: 128 and the signal's number if a signal ended it.
func (p *Process) ExitCode() int {
	var exit *exec.ExitError
	switch {
	case p.err == nil:
		return 0
	case !errors.As(p.err, &exit):
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

// Run waits until ctx ends, which is nil, or until the child ends by itself, which is an error that tells how and the
// last lines of its log.
func (p *Process) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-p.done:
		return p.ended()
	}
}

// Await asks ready again and again until it gives nil. It gives up when the child ends or ctx does, with the last
// answer as part of the error.
func (p *Process) Await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (last answer: %w)%s", p.name, ctx.Err(), err, p.tail())
		case <-tick.C:
		}
	}
}

// Signal sends a signal to the child's whole process group; one that has ended is no error.
func (p *Process) Signal(s syscall.Signal) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := syscall.Kill(-p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to %s: %w", s, p.name, err)
	}
	return nil
}

// Close asks the child to end and waits for it. When ctx ends first it kills the child and all of its process group,
// waits for that, and says so in its error. Closing twice is fine.
func (p *Process) Close(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	// Only the child itself is asked: a server tells its own children, in its own order.
	if err := syscall.Kill(p.pid, p.stop); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return fmt.Errorf("stop %s: %w: killed", p.name, ctx.Err())
}

func (p *Process) ended() error {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s ended: %s%s", p.name, how, p.tail())
}

// tailBytes of the log go into an error: enough for the reason, short enough to read.
const tailBytes = 1200

func (p *Process) tail() string {
	if p.logFile == "" {
		return ""
	}
	text, err := lastBytes(p.logFile, tailBytes)
	if err != nil || text == "" {
		return "; see " + p.logFile
	}
	return fmt.Sprintf("; the end of %s: %s", p.logFile, strings.TrimSpace(text))
}

func lastBytes(path string, n int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err := f.Seek(max(0, size-n), io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, n))
	return string(text), err
}
