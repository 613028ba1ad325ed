// Package law makes sure that the import law bites: a linter whose configuration has a slip finds nothing and says so.
package law

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/tripgen/tripgen/"

// cases are files with one import each. The imports are of the standard library or of the case tree itself.
var cases = []struct {
	file, imports string
	forbidden     bool
}{
	{"services/trip/trip.go", module + "services/user", true},
	{"services/trip/rpc/rpc.go", module + "services/ai/planner", true},
	{"services/ai/generation.go", module + "services/location", true},
	{"services/user/user.go", module + "services/trip", true},
	{"services/location/place.go", module + "services/ai", true},
	{"services/trip/trip.go", module + "services/trip/export", false},
	{"services/trip/rpc/rpc.go", module + "sdk/go/gen/x", false},
	{"services/trip/trip.go", module + "sdk/go/gen/x", true},
	{"services/trip/trip.go", "database/sql", true},
	{"services/trip/trip_test.go", "database/sql", false},
	{"services/trip/postgres/store.go", "database/sql", false},
	{"services/ai/planner/deep/plan.go", module + "internal/kafka", true},
	{"services/ai/rules/rules.go", module + "internal/postgres", true},
	{"services/ai/rules/rules.go", module + "internal/clock", false},
	{"internal/rpc/rpc.go", module + "services/user", true},
	{"sdk/go/client.go", module + "internal/clock", true},
	{"sdk/go/client.go", module + "sdk/go/gen/x", false},
	{"services/user/rpc/rpc.go", module + "cmd/tripgen", true},
	{"sdk/go/client.go", module + "cmd/tripgen", true},
}

func TestTheImportLawFindsWhatItForbidsAndNothingElse(t *testing.T) {
	t.Parallel()
	linter, err := exec.LookPath("depguard")
	if err != nil {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skip("depguard is not on the PATH: run the tests by `make test`")
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s imports %s", c.file, strings.TrimPrefix(c.imports, module)), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			layTree(t, dir, c.file, c.imports)
			cmd := exec.CommandContext(t.Context(), linter, "./...")
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			found := strings.Contains(string(out), "import '"+c.imports+"' is not allowed")
			if found != c.forbidden || (err != nil) != c.forbidden {
				t.Errorf("forbidden = %v, want %v; %v: %s", found, c.forbidden, err, out)
			}
		})
	}
}

// layTree writes a module with the project's law, the file, and the package that it imports.
func layTree(t *testing.T, dir, file, imports string) {
	t.Helper()
	law, err := os.ReadFile(filepath.Join("..", "..", "..", ".depguard.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		".depguard.yaml": string(law),
		"go.mod":         "module " + strings.TrimSuffix(module, "/") + "\n\ngo 1.26\n",
		file:             fmt.Sprintf("package p\n\nimport _ %q\n", imports),
	}
	if own, found := strings.CutPrefix(imports, module); found {
		files[filepath.Join(own, "imported.go")] = "package p\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
