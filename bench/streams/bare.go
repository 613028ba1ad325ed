package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
)

// bareHandler says one event and holds the stream open.
type bareHandler struct {
	aiv1connect.UnimplementedGenerationServiceHandler
}

func (bareHandler) WatchGeneration(ctx context.Context, _ *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse]) error {
	event := &aiv1.GenerationEvent{Sequence: 1, Time: timestamppb.Now(), Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{Percent: 1}}}
	if err := stream.Send(&aiv1.WatchGenerationResponse{Event: event}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// serveBare serves bare streams until its standard input ends; its address is its first line.
func serveBare(ctx context.Context) error {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(aiv1connect.NewGenerationServiceHandler(bareHandler{}))
	server := &http.Server{Handler: mux, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	server.Protocols.SetUnencryptedHTTP2(true)
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			continue
		}
		_ = server.Close() // its streams are only held open
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// measureBare measures the memory of bare streams in a process of their own.
func measureBare(ctx context.Context, watchers int) (_ memory, err error) {
	program, err := os.Executable()
	if err != nil {
		return memory{}, err
	}
	cmd := exec.CommandContext(ctx, program, "-bare")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return memory{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return memory{}, err
	}
	if err := cmd.Start(); err != nil {
		return memory{}, err
	}
	defer func() { err = errors.Join(err, in.Close(), cmd.Wait()) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return memory{}, err
	}
	// One that comes and goes, so that what is made once is not counted.
	warm := newWatching(1)
	if err := warm.open(ctx, strings.TrimSpace(line), "", []string{"gen_warm"}); err != nil {
		return memory{}, err
	}
	warm.close()
	m := memory{}
	if m.before, err = residentBytes(cmd.Process.Pid); err != nil {
		return m, err
	}
	ids := make([]string, watchers)
	for i := range ids {
		ids[i] = fmt.Sprint("gen_", i)
	}
	w := newWatching(watchers)
	defer w.close()
	if err := w.open(ctx, strings.TrimSpace(line), "", ids); err != nil {
		return m, err
	}
	m.after, err = residentBytes(cmd.Process.Pid)
	return m, err
}
