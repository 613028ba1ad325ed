package e2e

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// places runs `tripgen places` on a database of its own.
func places(t *testing.T, database string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"places"}, args...)...)
	cmd.Env = append(os.Environ(), "TRIPGEN_POSTGRES_LOCATION="+database)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// An extract is imported as a whole or not at all: what is cut short, or none, leaves the one before as it was. [L3]
func TestAnExtractThatIsCutShortImportsNothing(t *testing.T) {
	t.Parallel()
	server, err := url.Parse(os.Getenv("TRIPGEN_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	server.Path = "/tripgen_import_test"
	database := server.String()
	whole := filepath.Join("..", "..", "services", "location", "osm", "testdata", "munich.osm.pbf")
	if out, err := places(t, database, "import", whole); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before, err := places(t, database, "list")
	if err != nil || !strings.Contains(before, "munich") {
		t.Fatalf("%v: %s", err, before)
	}
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"cut": content[:len(content)*3/4], "text": []byte("not a PBF"), "empty": nil} {
		file := filepath.Join(dir, name+".osm.pbf")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := places(t, database, "import", "--name", "munich", file)
		if err == nil || !strings.Contains(out, "not a whole .osm.pbf extract") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if after, err := places(t, database, "list"); err != nil || after != before {
		t.Errorf("%v: %s\nwas %s", err, after, before)
	}
}
