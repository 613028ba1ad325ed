package errs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

func TestReasonsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	here := make(map[string]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok {
			name, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			here[name] = true
		}
		return true
	})
	for value, number := range typev1.ErrorReason_value {
		name := strings.TrimPrefix(value, "ERROR_REASON_")
		if number != 0 && !here[name] {
			t.Errorf("%s has no constant", name)
		}
		delete(here, name)
	}
	for name := range here {
		t.Errorf("%s is not in the contract", name)
	}
}
