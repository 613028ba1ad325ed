package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The checker shares no logic with the planner: of it, rules names types and
// constants only, and calls none of its functions or methods.
func TestRulesUseNoLogicOfThePlanner(t *testing.T) {
	t.Parallel()
	planner := parse(t, "../planner")
	logic := map[string]bool{}
	for _, f := range planner {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				logic[fn.Name.Name] = true
			}
		}
	}
	if len(logic) < 50 {
		t.Fatalf("only %d functions found in the planner", len(logic))
	}
	local := map[string]bool{}
	files := parse(t, ".")
	for _, f := range files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				local[fn.Name.Name] = true
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, isName := sel.X.(*ast.Ident)
			ofPlanner := isName && pkg.Name == "planner" || logic[sel.Sel.Name] && !local[sel.Sel.Name] && !(isName && pkg.Obj == nil && imported(f, pkg.Name))
			if ofPlanner {
				t.Errorf("rules call %s of the planner", sel.Sel.Name)
			}
			return true
		})
	}
}

func imported(f *ast.File, name string) bool {
	for _, i := range f.Imports {
		if path := strings.Trim(i.Path.Value, `"`); path[strings.LastIndex(path, "/")+1:] == name {
			return true
		}
	}
	return false
}

func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}
