package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/test/people"
)

// caller makes one RPC with somebody's tool and gives back what it prints: JSON, one message after the other.
type caller func(t *testing.T, token, method string, request proto.Message) []byte

// The whole journey, with nothing of ours but the contract. [U1][U2][T1][T6]
func TestTheJourneyWithCommonTools(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]caller{"curl": curl, "grpcurl": grpcurl} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := logInWith(t, call)
			var created tripv1.CreateTripResponse
			parse(t, call(t, token, "tripgen.trip.v1.TripService/CreateTrip", family("Paris", 1)), &created)
			var accepted tripv1.GenerateItineraryResponse
			parse(t, call(t, token, "tripgen.trip.v1.ItineraryService/GenerateItinerary", &tripv1.GenerateItineraryRequest{
				TripId: created.GetTrip().GetId(), Revision: created.GetTrip().GetRevision(),
			}), &accepted)
			id := accepted.GetGeneration().GetId()
			if name == "grpcurl" {
				watchWith(t, call(t, token, "tripgen.ai.v1.GenerationService/WatchGeneration", &aiv1.WatchGenerationRequest{GenerationId: id}))
			}
			var polled aiv1.GetGenerationResponse
			await(t, "the generation to be ready", func() bool {
				parse(t, call(t, token, "tripgen.ai.v1.GenerationService/GetGeneration", &aiv1.GetGenerationRequest{GenerationId: id}), &polled)
				return polled.GetGeneration().GetState() == aiv1.GenerationState_GENERATION_STATE_READY
			})
			var itinerary tripv1.GetItineraryResponse
			parse(t, call(t, token, "tripgen.trip.v1.ItineraryService/GetItinerary", &tripv1.GetItineraryRequest{
				TripId: created.GetTrip().GetId(),
			}), &itinerary)
			checkItinerary(t, itinerary.GetItinerary(), 2)
		})
	}
}

// logInWith signs up and logs in with PKCE; it returns an access token.
func logInWith(t *testing.T, call caller) string {
	t.Helper()
	v := people.New()
	call(t, "", "tripgen.user.v1.AccountService/SignUp", v.SignUpRequest())
	verifier := oauth2.GenerateVerifier()
	var signedIn userv1.SignInResponse
	parse(t, call(t, "", "tripgen.user.v1.AccountService/SignIn", &userv1.SignInRequest{
		LoginId: v.LoginID, Password: v.Password, ClientId: people.ClientID, RedirectUri: people.RedirectURI,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(verifier),
	}), &signedIn)
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {signedIn.GetAuthorizationCode()}, "redirect_uri": {people.RedirectURI},
		"client_id": {people.ClientID}, "code_verifier": {verifier},
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	out := runTool(t, nil, "curl", "-sS", "--fail-with-body", gateway+"/oauth2/token", "--data", form.Encode())
	if err := json.Unmarshal(out, &token); err != nil || token.AccessToken == "" {
		t.Fatalf("token endpoint said %s", out)
	}
	return token.AccessToken
}

// watchWith reads a printed stream: sequences without gaps, up to the end.
func watchWith(t *testing.T, printed []byte) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(printed))
	var last aiv1.WatchGenerationResponse
	for sequence := int64(0); decoder.More(); {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		parse(t, raw, &last)
		if last.GetEvent().GetHeartbeat() != nil {
			continue
		}
		if last.GetEvent().GetSequence() != sequence+1 {
			t.Errorf("sequence %d follows %d", last.GetEvent().GetSequence(), sequence)
		}
		sequence = last.GetEvent().GetSequence()
	}
	if last.GetEvent().GetFinished() == nil {
		t.Errorf("the stream's last event is %v", &last)
	}
}

func curl(t *testing.T, token, method string, request proto.Message) []byte {
	t.Helper()
	args := []string{"-sS", "--fail-with-body", gateway + "/" + method, "-H", "Content-Type: application/json", "--data", "@-"}
	if token != "" {
		args = append(args, "-H", "Authorization: Bearer "+token)
	}
	if !strings.Contains(method, "/Get") {
		args = append(args, "-H", "Idempotency-Key: "+rand.Text())
	}
	return runTool(t, jsonOf(t, request), "curl", args...)
}

func grpcurl(t *testing.T, token, method string, request proto.Message) []byte {
	t.Helper()
	root := filepath.Join("..", "..")
	program := filepath.Join(root, ".cache", "bin", "grpcurl")
	file := map[string]string{
		"tripgen.user.v1.AccountService":     "tripgen/user/v1/account.proto",
		"tripgen.trip.v1.TripService":        "tripgen/trip/v1/trip.proto",
		"tripgen.trip.v1.ItineraryService":   "tripgen/trip/v1/itinerary.proto",
		"tripgen.ai.v1.GenerationService":    "tripgen/ai/v1/generation.proto",
		"tripgen.location.v1.PlaceService":   "tripgen/location/v1/location.proto",
		"tripgen.location.v1.WeatherService": "tripgen/location/v1/location.proto",
	}[method[:strings.Index(method, "/")]]
	args := []string{
		"-plaintext", "-import-path", filepath.Join(root, "proto"), "-import-path", filepath.Join(root, "proto_deps"),
		"-proto", file, "-d", "@",
	}
	if token != "" {
		args = append(args, "-H", "authorization: Bearer "+token)
	}
	return runTool(t, jsonOf(t, request), program, append(args, strings.TrimPrefix(gateway, "http://"), method)...)
}

const toolLimit = time.Minute

func runTool(t *testing.T, stdin []byte, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = toolLimit
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out, stderr.Bytes())
	}
	return out
}

func jsonOf(t *testing.T, message proto.Message) []byte {
	t.Helper()
	out, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(t *testing.T, out []byte, into proto.Message) {
	t.Helper()
	if err := protojson.Unmarshal(out, into); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
}

// The contract outside of Go: the TypeScript client built and run against the gateway. [T6]
func TestTheTypeScriptClient(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "sdk", "mobile", "typescript")
	if _, err := os.Stat(filepath.Join(dir, "dist", "e2e", "journey.js")); err != nil {
		t.Fatalf("%v: `make sdk-typescript` builds it", err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "dist/e2e/journey.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TRIPGEN_URL="+gateway)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "# fail 0") || strings.Contains(string(out), "# pass 0") {
		t.Errorf("nothing was run:\n%s", out)
	}
}
