package envoy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tripgen/tripgen/envoy"
)

func TestConfigurationIsValid(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("TRIPGEN_TEST_ENVOY")
	if binary == "" {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal("TRIPGEN_TEST_ENVOY is not set")
		}
		t.Skip("TRIPGEN_TEST_ENVOY is not set: make test sets it")
	}
	dir := t.TempDir()
	if err := envoy.Write(dir, envoy.Config{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", Issuer: "http://127.0.0.1:8080", Audience: "tripgen",
		AccessLog: filepath.Join(dir, "access.log"),
		Endpoints: map[envoy.Cluster][]string{
			envoy.User: {"127.0.0.1:1"}, envoy.Trip: {"127.0.0.1:2", "127.0.0.1:3"}, envoy.AI: {"127.0.0.1:4"}, envoy.Location: {"127.0.0.1:5"},
		},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary, "--mode", "validate", "-c", filepath.Join(dir, envoy.Bootstrap)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
