// Command run starts the real servers that the tests need, runs a command with their addresses in its environment, and
// stops them. Its exit code is the command's.
//
//	run [-kafka-libs DIR] [-envoy PATH] [-limit 55m] -- COMMAND [ARGUMENT…]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tripgen/tripgen/internal/local/process"
	"github.com/tripgen/tripgen/internal/testenv"
)

func main() {
	config := testenv.Config{}
	flag.StringVar(&config.KafkaLibs, "kafka-libs", filepath.Join(".cache", "kafka", "libs"), "folder of Apache Kafka's jars")
	flag.StringVar(&config.Envoy, "envoy", "", "Envoy's program (default: .cache/bin/envoy, else on the PATH)")
	limit := flag.Duration("limit", 55*time.Minute, "end the command after this time")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: run [flags] -- COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithTimeoutCause(ctx, *limit, fmt.Errorf("not done after %v", *limit))
	code, err := run(ctx, config, flag.Args())
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test servers:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run gives the command's exit code; the error is of everything else that went wrong.
func run(ctx context.Context, config testenv.Config, command []string) (code int, err error) {
	began := time.Now()
	servers, err := testenv.Start(ctx, config)
	if err != nil {
		return 1, fmt.Errorf("start: %w", err)
	}
	defer func() {
		if closeErr := servers.Close(context.WithoutCancel(ctx)); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("stop: %w", closeErr))
		}
	}()
	fmt.Printf("test servers: PostgreSQL, Redis and Apache Kafka are up after %.1f s\n", time.Since(began).Seconds())

	began = time.Now()
	child, err := process.Start(process.Command{
		Name: command[0],
		Path: command[0],
		Args: command[1:],
		Env:  append(os.Environ(), servers.Environ()...),
	})
	if err != nil {
		return 1, err
	}
	err = watch(ctx, servers, child)
	fmt.Printf("test servers: the command ended with exit code %d after %.0f s\n", child.ExitCode(), time.Since(began).Seconds())
	return child.ExitCode(), err
}

// killAfter is how long an interrupted command has to end by itself.
const killAfter = 10 * time.Second

// watch waits for the command to end. It ends the command, and all that the command started, when the run is
// interrupted or a server dies.
func watch(ctx context.Context, servers *testenv.Servers, child *process.Process) error {
	watching, done := context.WithCancel(ctx)
	defer done()
	lost := make(chan error, 1)
	go func() { lost <- servers.Run(watching) }()

	var reason error
	select {
	case <-child.Done():
		return nil
	case err := <-lost:
		reason = errors.Join(err, context.Cause(ctx))
	}
	if err := child.Signal(syscall.SIGINT); err != nil {
		return errors.Join(reason, err)
	}
	killing, cancel := context.WithTimeout(context.WithoutCancel(ctx), killAfter)
	defer cancel()
	select {
	case <-child.Done():
		return reason
	case <-killing.Done():
	}
	err := child.Signal(syscall.SIGKILL)
	<-child.Done()
	return errors.Join(reason, err)
}
