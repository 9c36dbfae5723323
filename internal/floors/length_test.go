package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

const (
	// functionLines is what is read at once, without scrolling.
	functionLines = 60

	// fileLines is one type or one algorithm with its comments.
	fileLines = 450
)

// longer are functions and files that may be longer, and why.
var longer = map[string]string{}

// Functions and files stay short. Not counted are programs that write assembly, in folders
// that the compiler does not see, where a function is one kernel from its first instruction
// to the last; what they and others have generated; tests, and packages of tests that
// others run.
func TestLengths(t *testing.T) {
	root := filepath.Join("..", "..")
	met := map[string]bool{}
	err := sources(root, func(path string) error {
		files := token.NewFileSet()
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if ast.IsGenerated(f) || isTest(f) {
			return nil
		}
		path, err = filepath.Rel(root, path)
		if err != nil {
			return err
		}
		tooLong(t, met, files, f, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(longer)) {
		if !met[name] {
			t.Errorf("%s is short enough, or not there: it needs no reason", name)
		}
	}
}

// isTest reports whether a file is of tests: only they import package testing.
func isTest(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing"` })
}

// tooLong finds the functions of a file that are too long, and the file if it is, and
// notes them in met.
func tooLong(t *testing.T, met map[string]bool, files *token.FileSet, f *ast.File, path string) {
	t.Helper()
	check := func(name string, from, to token.Pos, most int) {
		lines := files.Position(to).Line - files.Position(from).Line + 1
		if lines <= most {
			return
		}
		met[name] = true
		if longer[name] == "" {
			t.Errorf("%s has %d lines, more than %d", name, lines, most)
		}
	}
	check(path, f.FileStart, f.FileEnd, fileLines)
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			check(path+":"+fn.Name.Name, fn.Pos(), fn.End(), functionLines)
		}
	}
}
