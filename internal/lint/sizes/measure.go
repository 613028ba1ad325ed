package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// extensions are those of the languages that people write here.
var extensions = []string{".go", ".ts", ".tsx", ".js", ".kt", ".swift", ".css", ".sh", ".py", ".sql"}

// file is a hand-written source file.
type file struct {
	name  string
	lines int
	test  bool
	pkg   string     // Go only
	funcs []function // Go only
}

// function is one with a body; a function literal counts with what it stands in.
type function struct {
	name  string
	line  int
	lines int
}

func (f file) isGo() bool { return path.Ext(f.name) == ".go" }

// generatedMark is the line by which a generator says so: Go's convention, and others' word for it.
var generatedMark = regexp.MustCompile(`(?m)^(//|--|#|/\*|\s\*)\s*(Code generated .* DO NOT EDIT\.|@generated\b.*)`)

// generatedHead is how much of a file is searched for the mark.
const generatedHead = 2048

// measure reads the files and leaves out the generated ones.
func measure(root fs.FS, names []string) ([]file, error) {
	var files []file
	for _, name := range names {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		if generatedMark.Match(text[:min(len(text), generatedHead)]) {
			continue
		}
		f := file{name: name, lines: countLines(text), test: isTest(name)}
		if f.isGo() {
			if f.pkg, f.funcs, err = parse(name, text); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	return files, nil
}

func countLines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// isTest counts packages that exist for tests, such as triptest, with the tests.
func isTest(name string) bool {
	dir, base := path.Split(name)
	stem := strings.TrimSuffix(base, path.Ext(base))
	switch {
	case strings.HasSuffix(stem, "_test"), strings.HasSuffix(stem, ".test"), strings.HasSuffix(stem, "Test"):
		return true
	case strings.HasPrefix(name, "test/"), strings.Contains(name, "/test/"), strings.Contains(name, "/tests/"):
		return true
	}
	return strings.HasSuffix(path.Base(dir), "test") && path.Ext(name) == ".go"
}

// parse finds the package name and the functions of a Go file.
func parse(name string, text []byte) (pkg string, funcs []function, err error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return "", nil, fmt.Errorf("parse: %w", err)
	}
	for _, decl := range tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		first, last := set.Position(fn.Pos()).Line, set.Position(fn.End()).Line
		funcs = append(funcs, function{name: fn.Name.Name, line: first, lines: last - first + 1})
	}
	return tree.Name.Name, funcs, nil
}
