package testenv_test

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/testenv"
)

var libs = filepath.Join("..", "..", ".cache", "kafka", "libs")

// needsServers skips a test where the programs are not there, unless the test run promises that they are.
func needsServers(t *testing.T) {
	t.Helper()
	if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
		return
	}
	if _, err := os.Stat(libs); err != nil {
		t.Skip("no Apache Kafka here: run the tests by `make test`")
	}
	if _, err := local.FindEnvoy(os.Getenv("TRIPGEN_TEST_ENVOY")); err != nil {
		t.Skip(err)
	}
}

// The servers answer, and come back from a restart with what they had stored.
func TestServersAnswer(t *testing.T) {
	t.Parallel()
	needsServers(t)
	servers, err := testenv.Start(t.Context(), testenv.Config{KafkaLibs: libs, Envoy: os.Getenv("TRIPGEN_TEST_ENVOY")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := servers.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	conn, err := pgx.Connect(ctx, servers.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var super string
	if err := conn.QueryRow(ctx, "SHOW is_superuser").Scan(&super); err != nil || super != "on" {
		t.Errorf("superuser = %q, %v", super, err)
	}

	options, err := redis.ParseURL(servers.Redis)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.XAdd(ctx, &redis.XAddArgs{Stream: "s", Values: []string{"k", "v"}}).Err(); err != nil {
		t.Error(err)
	}
	exchangeMessage(t, ctx, servers.Kafka)

	if _, err := conn.Exec(ctx, "CREATE TABLE kept ()"); err != nil {
		t.Fatal(err)
	}
	for _, server := range []testenv.Server{testenv.Postgres, testenv.Redis, testenv.Kafka} {
		if err := servers.Restart(ctx, server); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Ping(ctx).Err(); err != nil {
		t.Error("after a restart: ", err)
	}
	again, err := pgx.Connect(ctx, servers.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(ctx)
	if _, err := again.Exec(ctx, "DROP TABLE kept"); err != nil {
		t.Error("after a restart: ", err)
	}
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{servers.Kafka}, Topic: "t", MaxWait: 50 * time.Millisecond})
	defer reader.Close()
	if m, err := reader.FetchMessage(ctx); err != nil || string(m.Value) != "hello" {
		t.Errorf("after a restart the message is %q, %v", m.Value, err)
	}
}

// exchangeMessage makes a topic, sends a message and reads it as a member of a group.
func exchangeMessage(t *testing.T, ctx context.Context, broker string) {
	t.Helper()
	transport := new(kafka.Transport)
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(broker), Transport: transport}
	made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: "t", NumPartitions: 1, ReplicationFactor: 1}},
	})
	if err != nil || made.Errors["t"] != nil {
		t.Fatal(err, made)
	}
	writer := &kafka.Writer{Addr: kafka.TCP(broker), Topic: "t", BatchSize: 1, RequiredAcks: kafka.RequireAll, Transport: transport}
	defer writer.Close()
	if err := writer.WriteMessages(ctx, kafka.Message{Value: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{broker}, Topic: "t", GroupID: "g", StartOffset: kafka.FirstOffset,
		JoinGroupBackoff: 10 * time.Millisecond, MaxWait: 50 * time.Millisecond,
	})
	defer reader.Close()
	message, err := reader.FetchMessage(ctx)
	if err != nil || string(message.Value) != "hello" {
		t.Errorf("message = %q, %v", message.Value, err)
	}
}

// buildRunner builds the command, since `go run` would hide its exit code.
func buildRunner(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./run").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return path
}

// startRunner runs the shell script between real servers, with their state below temp, and waits for its first line.
func startRunner(t *testing.T, path, temp, script string) (runner *exec.Cmd, line string) {
	t.Helper()
	runner = exec.Command(path, "-kafka-libs", libs, "-envoy", os.Getenv("TRIPGEN_TEST_ENVOY"), "--", "/bin/sh", "-c", script)
	out, err := runner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	runner.Env = append(os.Environ(), "TMPDIR="+temp)
	runner.Stderr = os.Stderr
	if err := runner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runner.Process.Kill() }) // long gone unless the test failed
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, found := strings.CutPrefix(lines.Text(), "script: "); found {
			return runner, text
		}
	}
	t.Fatal("the runner ended before the script spoke")
	return nil, ""
}

// portsOf takes the servers' host:port out of the line that the script printed.
func portsOf(t *testing.T, line string) []string {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != 3 {
		t.Fatalf("the script said %q", line)
	}
	var ports []string
	for _, field := range fields {
		if u, err := url.Parse(field); err == nil && u.Host != "" {
			field = u.Host
		}
		ports = append(ports, field)
	}
	return ports
}

func listening(port string) bool {
	conn, err := net.Dial("tcp", port)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

const speak = `echo "script: $TRIPGEN_TEST_POSTGRES $TRIPGEN_TEST_REDIS $TRIPGEN_TEST_KAFKA"; `

func TestTheRunnerLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	needsServers(t)
	path := buildRunner(t)
	tests := []struct {
		name   string
		script string
		signal syscall.Signal
		code   int // what the runner exits with; -1 for killed by a signal
	}{
		{name: "after the command", script: speak + "exit 7", code: 7},
		{name: "after Ctrl-C", script: speak + "exec sleep 120", signal: syscall.SIGINT, code: 128 + int(syscall.SIGINT)},
		{name: "after kill -9", script: speak + "exec sleep 120", signal: syscall.SIGKILL, code: -1},
	}
	for _, test := range tests { // one after the other: three brokers at once would crowd a small machine
		t.Run(test.name, func(t *testing.T) {
			temp := reachableTemp(t)
			runner, line := startRunner(t, path, temp, test.script)
			ports := portsOf(t, line)
			if test.signal != 0 {
				for _, port := range ports {
					if !listening(port) {
						t.Errorf("nothing listens on %s", port)
					}
				}
				if err := runner.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
			}
			_ = runner.Wait() // its exit code is looked at
			if code := runner.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code = %d, want %d", code, test.code)
			}
			for _, port := range ports {
				awaitClosed(t, port)
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 && test.signal != syscall.SIGKILL {
				t.Errorf("files left behind: %v, %v", left, err)
			}
		})
	}
}

// reachableTemp is a temporary folder that PostgreSQL's user can pass through when the tests run as root.
func reachableTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tripgen-run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// An orphaned PostgreSQL may still be writing its last files.
		awaitTrue(t, "remove "+dir, func() bool { return os.RemoveAll(dir) == nil })
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// awaitClosed gives an orphaned server the moment that it needs to follow the kernel's signal.
func awaitClosed(t *testing.T, port string) {
	t.Helper()
	awaitTrue(t, "close "+port, func() bool { return !listening(port) })
}

func awaitTrue(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
