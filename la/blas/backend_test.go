package blas_test

import (
	"fmt"
	"strings"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// TestNative forces each instruction set in turn.
func TestNative(t *testing.T) {
	for _, isa := range blas.InstructionSets() {
		for _, threads := range []int{1, 2, 3} {
			if (blastest.Race || testing.Short()) && isa == "go" && len(blas.InstructionSets()) > 1 && threads != 2 {
				continue // The kernels in Go are slow then, and there are the others.
			}
			t.Run(fmt.Sprintf("isa=%s/threads=%d", isa, threads), func(t *testing.T) {
				undo, err := blas.ForceInstructionSet(isa)
				if err != nil {
					t.Fatal(err)
				}
				defer undo()
				g := blas.NativeThreads(threads)
				if d := blas.Describe(g); !strings.HasPrefix(d, "native, "+isa) {
					t.Errorf("it describes itself as %q", d)
				}
				if threads == 3 {
					blastest.Products(t, g, "gemm", "gemmt")
					return
				}
				blastest.Run(t, g)
				blastest.Allocs(t, g)
			})
		}
	}
	if _, err := blas.ForceInstructionSet("mmx"); err == nil {
		t.Error("an instruction set that there is not can be forced")
	}
}

func TestGonum(t *testing.T) {
	t.Run("threads=1", func(t *testing.T) {
		blastest.Run(t, blas.Gonum(1))
		blastest.Allocs(t, blas.Gonum(1))
	})
	t.Run("threads=2", func(t *testing.T) { blastest.Products(t, blas.Gonum(2), "gemm") })
}

// TestAuto forces the plain kernels, since those are where the choice matters.
func TestAuto(t *testing.T) {
	undo, err := blas.ForceInstructionSet("go")
	if err != nil {
		t.Fatal(err)
	}
	defer undo()
	g := blas.Auto(2)
	if strings.Contains(blas.Describe(g), "openblas") {
		blastest.Run(t, g)
	} else {
		// The native kernels of this instruction set, which TestNative tests.
		blastest.Arguments(t, g)
		blastest.Sytrs(t, g)
	}
	blastest.Allocs(t, g)
	if d := blas.Describe(g); !strings.HasPrefix(d, "auto (") {
		t.Errorf("it describes itself as %q", d)
	}
}

func TestByName(t *testing.T) {
	for _, name := range blas.Names() {
		g, err := blas.ByName(name, 1)
		if err != nil {
			if name != "openblas" || !strings.Contains(err.Error(), "go build -tags openblas") || !strings.Contains(err.Error(), "apt-get install libopenblas-dev liblapacke-dev") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if g.Name() != name || g.Threads() != 1 {
			t.Errorf("%s: is named %s, with %d threads", name, g.Name(), g.Threads())
		}
	}
	if g, err := blas.ByName("native", 0); err != nil || g.Threads() < 1 {
		t.Errorf("native with the default threads: %v", err)
	}
	if _, err := blas.ByName("", 1); err == nil {
		t.Error("a backend without a name")
	}
}
