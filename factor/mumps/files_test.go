//go:build cgo && mumps

package mumps_test

import (
	"errors"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"costate/factor"
	"costate/la/mtx"
)

var folder = flag.String("matrices", "../../bench/testdata", "compare the engines on the .mtx files of this folder")

// TestFiles: the engines agree on matrices from files, also in what is singular:
//
//	go test -tags mumps ./factor/mumps -run TestFiles -matrices DIR
func TestFiles(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(*folder, "*.mtx*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no matrices in %s: %v", *folder, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".mtx"), func(t *testing.T) {
			a, err := mtx.ReadFile(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			var native, f factor.Sparse
			defer f.Reset()
			var singular *factor.SingularError
			want := native.Factorize(a)
			got := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS})
			if got == nil {
				got = f.Factorize(a)
			}
			switch {
			case errors.As(want, &singular):
				if !errors.As(got, &singular) {
					t.Errorf("error %v, native %v", got, want)
				}
				// That a matrix is singular by its pattern only the native engine knows for certain.
				n, m := native.Inertia(), f.Inertia()
				if n.Negative != m.Negative || n.Zero != m.Zero {
					t.Errorf("inertia %+v, native %+v", m, n)
				}
			case want != nil || got != nil:
				t.Errorf("error %v, native %v", got, want)
			default:
				agreeWithin(t, &native, &f, 1e-7) // where the rows of a matrix are of very different sizes no bound is known
			}
		})
	}
}
