package factor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system/chaintest"
)

func TestDense(t *testing.T) {
	for i, tc := range chainCases {
		for _, gn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gn=%v", tc.name, gn), func(t *testing.T) {
				c := tc.make(uint64(i))
				if gn {
					c = c.GaussNewton()
				}
				h := chaintest.Matrix(c, blas.Native())
				var f factor.Dense
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1, 1e-4, -0.05} {
					check(t, &f, h, eps)
				}
			})
		}
	}
}

func TestDenseUpdate(t *testing.T) {
	tc := chainCases[3]
	var f factor.Dense
	if err := f.Analyse(tc.make(1), nil); err != nil {
		t.Fatal(err)
	}
	c := tc.make(2)
	if err := f.Update(c); err != nil {
		t.Fatal(err)
	}
	check(t, &f, chaintest.Matrix(c, blas.Native()), 0.3)
	b := gaussian(rand.New(rand.NewPCG(1, 1)), f.SymmetricDim())
	x := mat.NewVecDense(f.SymmetricDim(), nil)
	if got := alloctest.PerRun(5, func() {
		if err := f.Update(c); err != nil {
			t.Fatal(err)
		}
		if err := f.Factorize(0.1); err != nil {
			t.Fatal(err)
		}
		if err := f.SolveVecTo(x, b); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestDenseMemory(t *testing.T) {
	var f factor.Dense
	var m *factor.MemoryError
	if err := f.Analyse(chainCases[0].make(1), &factor.Options{MemoryLimit: 100}); !errors.As(err, &m) {
		t.Errorf("error %v", err)
	}
}
