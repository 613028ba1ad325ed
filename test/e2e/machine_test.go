package e2e

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/test/people"
)

// processesOf are the ids of the processes that name a folder in their command line: those that a stack started.
func processesOf(t *testing.T, dir string) []int {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range commands {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(dir)) { // processes come and go
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

// Ctrl-C, or worse, at any moment leaves no process behind. The stacks here have everything of their own.
func TestNoMomentOfEndingLeavesProcessesBehind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		appears string // in the state folder, when it is time
		signal  syscall.Signal
	}{
		"interrupted while PostgreSQL is set up": {"postgres", syscall.SIGINT},
		"interrupted when Kafka is there":        {"kafka", syscall.SIGINT},
		"interrupted while the gateway starts":   {"envoy", syscall.SIGINT},
		"killed while the gateway starts":        {"envoy", syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := stateFolder(t)
			_, args, err := freePorts(state)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), binary, args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, "the moment", func() bool {
				_, err := os.Stat(filepath.Join(state, tc.appears))
				return err == nil
			})
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil && tc.signal == syscall.SIGINT {
				t.Errorf("ended with %v", err)
			}
			await(t, "the processes to end", func() bool { return len(processesOf(t, state)) == 0 })
		})
	}
}

// What was made before a stop is there after the next start, on our own PostgreSQL and Kafka.
func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	state := stateFolder(t)
	v := people.New()
	first := startOwn(t, state)
	client := clientOf(t, first.gateway)
	if _, err := client.Account.SignUp(t.Context(), v.SignUpRequest()); err != nil {
		t.Fatal(err)
	}
	client = logInAt(t, first.gateway, v)
	trip := createTrip(t, client, "Jeju", 1)
	generation, err := client.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
	if err != nil {
		t.Fatal(err)
	}
	before, err := generation.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.stop(); err != nil {
		t.Fatal("stop: ", err)
	}

	second := startOwn(t, state)
	after, err := logInAt(t, second.gateway, v).Itineraries.GetItinerary(t.Context(), &tripv1.GetItineraryRequest{TripId: trip.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	if got := after.GetItinerary(); got.GetVersion() != before.GetVersion() || len(got.GetDays()) != len(before.GetDays()) {
		t.Errorf("after the restart there is %v", got)
	}
	if err := second.stop(); err != nil {
		t.Fatal("stop: ", err)
	}
	if left := processesOf(t, state); len(left) != 0 {
		t.Errorf("processes %v are left", left)
	}
}

// A start that cannot work says why, and what to do, in one line.
func TestAStartThatCannotWorkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() }) // after the parallel parts
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"a taken port":         {[]string{"up", "--envoy", os.Getenv("TRIPGEN_TEST_ENVOY"), "--listen", taken.Addr().String()}, []string{taken.Addr().String(), "--listen"}},
		"no Envoy":             {[]string{"up", "--envoy", "/nowhere/envoy"}, []string{"/nowhere/envoy", "make envoy"}},
		"too many workers":     {[]string{"up", "--workers", "99"}, []string{"--workers"}},
		"a role that is none":  {[]string{"serve", "waiter"}, []string{"waiter", "worker"}},
		"a city without stays": {[]string{"plan", "--stay", "Munich"}, []string{"--stay", "Munich:3"}},
		"nobody at the URL":    {[]string{"plan", "--url", "http://127.0.0.1:1"}, []string{"127.0.0.1:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), binary, tc.args...)
			cmd.Dir = stateFolder(t)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("it worked: %s", out)
			}
			text := strings.TrimSpace(string(out))
			if strings.Contains(text, "\n") {
				t.Errorf("more than one line: %s", text)
			}
			for _, word := range tc.says {
				if !strings.Contains(text, word) {
					t.Errorf("%q does not say %s", text, word)
				}
			}
		})
	}
}

// A traveller's tokens live a quarter of an hour at most and come with what renews them. [U2]
func TestTokensAreShortLived(t *testing.T) {
	t.Parallel()
	v := people.New()
	client := anonymous(t)
	if _, err := client.Account.SignUp(t.Context(), v.SignUpRequest()); err != nil {
		t.Fatal(err)
	}
	tokens, err := client.LogIn(t.Context(), v.LogInParams())
	if err != nil {
		t.Fatal(err)
	}
	first, err := tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	if first.RefreshToken == "" || time.Until(first.Expiry) > 15*time.Minute {
		t.Errorf("token expires in %v, refresh token %q", time.Until(first.Expiry), first.RefreshToken)
	}
}

// stateFolder is one that the unprivileged user of PostgreSQL can get into; t.TempDir's parents are closed to it.
func stateFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tripgen-state-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func startOwn(t *testing.T, state string) *stack {
	t.Helper()
	s, err := start(t.Context(), binary, state)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func clientOf(t *testing.T, gateway string) *tripgen.Client {
	t.Helper()
	client, err := tripgen.New(gateway, tripgen.WithLanguage("en"))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func logInAt(t *testing.T, gateway string, v *people.Person) *tripgen.Client {
	t.Helper()
	tokens, err := clientOf(t, gateway).LogIn(t.Context(), v.LogInParams())
	if err != nil {
		t.Fatal("log in: ", err)
	}
	client, err := tripgen.New(gateway, tripgen.WithTokenSource(tokens))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Account.GetMe(t.Context(), &userv1.GetMeRequest{}); err != nil {
		t.Fatal("get me: ", err)
	}
	return client
}
