package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

type gatewayTopCmd struct {
	Log   string        `help:"Envoy's access log." default:".tripgen/envoy/access.log" placeholder:"FILE"`
	Every time.Duration `help:"How often." default:"2s"`
	Times int           `help:"How many times; 0 until Ctrl-C."`
	Rows  int           `help:"How many rows of each table." default:"10"`
}

// Help is the long help.
func (gatewayTopCmd) Help() string {
	return `Reads what the access log gained since the last look: calls a second, share of failures and times by RPC, and who was refused for calling too often (429). While it runs, the gateway logs every call, also where gateway.log.reads leaves out a share of the reads.`
}

// Run is the command.
func (t *gatewayTopCmd) Run(ctx context.Context, c *commands) (err error) {
	log, err := os.Open(t.Log)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errNoLog, err)
	}
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // only read
	if _, err := log.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	admin := c.Gateway.admin()
	restore, err := logAll(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	reader := bufio.NewReader(log)
	ticker := time.NewTicker(t.Every)
	defer ticker.Stop()
	began := time.Now()
	for n := 0; t.Times == 0 || n < t.Times; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		calls, err := readCalls(reader)
		if err != nil {
			return err
		}
		if err := t.print(ctx, os.Stdout, admin, calls, time.Since(began)); err != nil {
			return err
		}
		began = time.Now()
	}
	return nil
}

// restoreLimit bounds how long the end of the command waits for the gateway.
const restoreLimit = 5 * time.Second

// logAll has the gateway log every call until the function that it gives is called, which leaves what there was before.
func logAll(ctx context.Context, admin envoy.Admin) (restore func() error, err error) {
	before, err := admin.Runtime(ctx)
	if err != nil {
		return nil, err
	}
	if err := admin.SetRuntime(ctx, map[string]string{envoy.LogReads: "100"}); err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreLimit)
		defer cancel()
		return admin.SetRuntime(ctx, map[string]string{envoy.LogReads: before[envoy.LogReads].Admin})
	}, nil
}

// call is a line of the access log.
type call struct {
	Path, Subject, Client, Address, Details string
	Status                                  int
	Grpc                                    *string `json:"grpc_status"`
	Milliseconds                            float64
}

func (c call) limited() bool {
	return strings.Contains(c.Details, "rate_limited")
}

func (c call) failed() bool { return c.Status >= 500 }

// caller is who called, as well as is known.
func (c call) caller() string {
	return cmp.Or(c.Subject, c.Address, "?") + " (" + cmp.Or(c.Client, "no client") + ")"
}

// readCalls reads whole lines; half a line waits for the next time.
func readCalls(r *bufio.Reader) ([]call, error) {
	var calls []call
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return calls, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the access log: %w", err)
		}
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			continue // the log was cut here, or half a line was read before
		}
		calls = append(calls, c)
	}
}

func (t *gatewayTopCmd) print(ctx context.Context, out io.Writer, admin envoy.Admin, calls []call, span time.Duration) error {
	stats, err := admin.Stats(ctx, `^http\.public\.downstream_(cx|rq)_active$`)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s  %.0f calls/s, %d under way, %d connections\n", time.Now().Format(time.TimeOnly), float64(len(calls))/span.Seconds(),
		stats.Values["http.public.downstream_rq_active"], stats.Values["http.public.downstream_cx_active"])
	fmt.Fprintln(w, "CALLS/S\tP50 MS\tP99 MS\tMAX MS\tFAILED\tLIMITED\tPATH")
	for _, g := range group(calls, func(c call) string { return c.Path }, t.Rows) {
		times := make([]float64, len(g.calls))
		var failed, limited int
		for i, c := range g.calls {
			times[i] = c.Milliseconds
			if c.failed() {
				failed++
			}
			if c.limited() {
				limited++
			}
		}
		slices.Sort(times)
		at := func(q float64) string { return milliseconds(times[int(q*float64(len(times)-1))]) }
		fmt.Fprintf(w, "%.1f\t%s\t%s\t%s\t%d\t%d\t%s\n", float64(len(g.calls))/span.Seconds(), at(0.5), at(0.99), at(1), failed, limited, g.key)
	}
	limited := slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return !c.limited() })
	for i, g := range group(limited, call.caller, t.Rows) {
		if i == 0 {
			fmt.Fprintln(w, "REFUSED/S\tLIMITED CALLER (CLIENT)")
		}
		fmt.Fprintf(w, "%.1f\t%s\n", float64(len(g.calls))/span.Seconds(), g.key)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

type callGroup struct {
	key   string
	calls []call
}

// group gives the largest groups first.
func group(calls []call, key func(call) string, most int) []callGroup {
	index := map[string]int{}
	var groups []callGroup
	for _, c := range calls {
		k := key(c)
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, callGroup{key: k})
		}
		groups[i].calls = append(groups[i].calls, c)
	}
	slices.SortFunc(groups, func(a, b callGroup) int { return cmp.Or(len(b.calls)-len(a.calls), cmp.Compare(a.key, b.key)) })
	return groups[:min(most, len(groups))]
}
