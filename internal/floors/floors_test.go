// Package floors tests that packages import only what is below them.
package floors

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages of the module from the ground up. A package imports packages
// of lower floors only; those of one floor do not know each other.
var floors = [][]string{
	{"la/vec", "la/atomicfile", "internal/space", "nn/internal/numbers", "internal/alloctest", "internal/benchtest"},
	{"la", "la/blas/internal/gemm", "la/ranks"},
	{"la/blas", "la/mtx", "la/partition", "la/matrixtest"},
	{"la/blas/blastest", "system", "factor/internal/pivot", "factor/internal/scaling"},
	{"system/chaintest", "factor/internal/certify", "factor/internal/tree", "factor/internal/sweep", "factor/internal/outputs", "factor/internal/mumps"},
	{"factor", "nn"},
	{"factor/eigen", "factor/newton", "factor/mumps", "nn/data", "nn/nntest", "nn/npz", "nn/onnx/internal/onnxpb", "nn/safetensors"},
	{"nn/onnx", "nn/laplace", "nn/train"},
	{"nn/pde", "nn/influence", "nn/train/race"},
	{"bench/internal/figure", "bench/internal/prose", "bench/internal/methods", "bench/internal/netspec", "bench/internal/protocol"},
	{"bench/experiments", "bench/internal/serve"},
	{"bench"},
}

// apart are packages that do not know others although these are below them: the judge
// knows no matrix but by its products, and engines and it know no network.
var apart = map[string][]string{
	"factor/internal/certify": {"la", "la/partition", "system"},
	"factor/internal/tree":    {"system"},
	"factor/internal/pivot":   {"la", "la/partition", "system"},
	"la/blas":                 {"la"},
	"factor/newton":           {"system"},
}

// sources calls visit with each file of Go under root but tests, in folders that the
// compiler sees.
func sources(root string, visit func(path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return visit(path)
	})
}

// imports are those of each package of the module, whatever the build tags and the
// system, tests and generators left out.
func imports(t *testing.T, root, module string) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	err := sources(root, func(path string) error {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		if all[dir] == nil {
			all[dir] = map[string]bool{}
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if within, ok := strings.CutPrefix(name, module+"/"); ok {
				all[dir][within] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, names := range floors {
		for _, name := range names {
			floor[name] = i
		}
	}
	all := imports(t, filepath.Join("..", ".."), "costate")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		at, ok := floor[name]
		if !ok {
			t.Errorf("%s has no floor", name)
			continue
		}
		delete(floor, name)
		for _, other := range slices.Sorted(maps.Keys(all[name])) {
			if below := slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, other) }); below >= at {
				t.Errorf("%s imports %s, which is not below it", name, other)
			}
			if slices.Contains(apart[name], other) {
				t.Errorf("%s imports %s, which it is not to know", name, other)
			}
		}
	}
	for name := range floor {
		t.Errorf("there is no package %s", name)
	}
}
