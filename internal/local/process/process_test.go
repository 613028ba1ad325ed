package process_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/local/process"
)

// parentMode makes this test binary a parent that starts a child, prints its process id and waits to be killed.
const parentMode = "PROCESS_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) != "" {
		child, err := process.Start(sh("exec sleep 60"))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(child.Pid())
		<-child.Done()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func sh(script string) process.Command {
	return process.Command{Name: "child", Path: "/bin/sh", Args: []string{"-c", script}}
}

// start starts a child with a log and kills it at the end of the test.
func start(t *testing.T, c process.Command) *process.Process {
	t.Helper()
	c.LogFile = filepath.Join(t.TempDir(), "child.log")
	p, err := process.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Signal(syscall.SIGKILL), p.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return p
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestAChildThatEndsByItselfIsReportedWithTheEndOfItsLog(t *testing.T) {
	t.Parallel()
	p := start(t, sh("echo the disk is full; exit 3"))
	err := p.Run(deadline(t, 5*time.Second))
	if err == nil || !strings.Contains(err.Error(), "child ended: exit status 3") ||
		!strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("Run = %v", err)
	}
	if p.ExitCode() != 3 {
		t.Errorf("ExitCode = %d", p.ExitCode())
	}
}

func TestRunEndsQuietlyWithItsContextAndLeavesTheChildRunning(t *testing.T) {
	t.Parallel()
	p := start(t, sh("exec sleep 60"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
	if !alive(p.Pid()) {
		t.Error("the child is gone before Close")
	}
	if err := p.Close(deadline(t, 5*time.Second)); err != nil {
		t.Errorf("Close = %v", err)
	}
	if p.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("ExitCode = %d", p.ExitCode())
	}
	if err := p.Close(t.Context()); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestCloseKillsAChildThatWillNotEnd(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	p := start(t, sh("trap '' TERM; touch "+ready+"; while :; do sleep 60; done"))
	if err := p.Await(deadline(t, 5*time.Second), exists(ready)); err != nil {
		t.Fatal(err)
	}
	err := p.Close(deadline(t, 50*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Close = %v", err)
	}
	awaitGone(t, p.Pid())
}

func TestWhatAChildLeavesBehindGoesWithIt(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pid")
	p := start(t, sh("sleep 60 & echo $! > "+pidFile+".new; mv "+pidFile+".new "+pidFile))
	<-p.Done()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	awaitGone(t, grandchild)
}

// awaitGone waits until the process has ended, reaped or not: a container without init reaps no orphans.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	ctx := deadline(t, 5*time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for alive(pid) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && strings.Contains(string(status), ") Z ") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("process %d is still there", pid)
		case <-tick.C:
		}
	}
}

func exists(path string) func(context.Context) error {
	return func(context.Context) error {
		_, err := os.Stat(path)
		return err
	}
}

func TestAwaitTellsWhyItGaveUp(t *testing.T) {
	t.Parallel()
	notYet := func(context.Context) error { return errors.New("connection refused") }

	t.Run("the child ended", func(t *testing.T) {
		t.Parallel()
		p := start(t, sh("echo bad flag; exit 2"))
		err := p.Await(deadline(t, 5*time.Second), notYet)
		if err == nil || !strings.Contains(err.Error(), "bad flag") {
			t.Errorf("Await = %v", err)
		}
	})
	t.Run("the time is over", func(t *testing.T) {
		t.Parallel()
		p := start(t, sh("exec sleep 60"))
		err := p.Await(deadline(t, 50*time.Millisecond), notYet)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("Await = %v", err)
		}
	})
}

func TestAMissingProgramIsNamed(t *testing.T) {
	t.Parallel()
	_, err := process.Start(process.Command{Name: "envoy", Path: "/nowhere/envoy"})
	if err == nil || !strings.Contains(err.Error(), "start envoy") {
		t.Errorf("Start = %v", err)
	}
}

func TestAChildDiesWithAParentThatIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMode+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the parent said %q", line)
	}
	if !alive(child) {
		t.Fatal("the child does not run")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // its error is the kill
	awaitGone(t, child)
}
