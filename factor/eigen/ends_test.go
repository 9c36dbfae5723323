package eigen_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/blas"
	"costate/la/matrixtest"
	"costate/system"
	"costate/system/chaintest"
)

// checkPairs compares values and residuals with a dense matrix.
func checkPairs(t *testing.T, what string, a mat.Symmetric, l *eigen.Lanczos, want []float64, norm float64) {
	t.Helper()
	got := l.Values(nil)
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	if len(got) == 0 {
		return
	}
	var v, av mat.Dense
	l.VectorsTo(&v)
	av.Mul(a, &v)
	residuals := l.Residuals(nil)
	for i, x := range got {
		if math.Abs(x-want[i]) > 1e-11*norm {
			t.Errorf("%s: value %d is %v, want %v", what, i, x, want[i])
		}
		var r mat.VecDense
		r.AddScaledVec(av.ColView(i), -x, v.ColView(i))
		if e := mat.Norm(&r, 2) / norm; e > 1e-11 || math.Abs(e-residuals[i]) > 0.5*residuals[i]+1e-14 {
			t.Errorf("%s: residual %d is %v, reported as %v", what, i, e, residuals[i])
		}
	}
}

// sources makes every kind of source of a chain's matrix.
func sources(c *system.Chain) map[string]eigen.Source {
	return map[string]eigen.Source{
		"chain":  eigen.OfChain(c, nil),
		"block":  eigen.OfBlock(blockOf(chaintest.Matrix(c, blas.Native())), nil),
		"sparse": eigen.OfSparse(blockOf(chaintest.Matrix(c, blas.Native())).ToSym(), nil),
	}
}

// blockOf copies a into two blocks.
func blockOf(a mat.Symmetric) *la.BlockTridiag {
	n := a.SymmetricDim()
	b := la.NewBlockTridiag([]int{n / 2, n - n/2})
	for i := range n {
		for j := range i + 1 {
			b.Set(i, j, a.At(i, j))
		}
	}
	return b
}

func TestEnds(t *testing.T) {
	for i, tc := range chainCases {
		c := tc.make(uint64(i))
		for _, c := range []*system.Chain{c, c.GaussNewton()} {
			a := chaintest.Matrix(c, blas.Native())
			ev := matrixtest.Eigenvalues(t, a)
			n := len(ev)
			norm := math.Max(math.Abs(ev[0]), math.Abs(ev[n-1]))
			top := slices.Clone(ev)
			slices.Reverse(top)
			negative := 0
			for _, v := range ev {
				if v < -eigen.Negligible*norm {
					negative++
				}
			}
			for name, s := range sources(c) {
				for _, k := range []int{1, 3, 7} {
					for end, want := range map[eigen.End][]float64{eigen.Smallest: ev, eigen.Largest: top} {
						l := new(eigen.Lanczos)
						if err := l.FactorizeEnd(s, end, k); err != nil {
							t.Fatalf("%s, %s, %d: %v", tc.name, name, k, err)
						}
						checkPairs(t, tc.name+" "+name, a, l, want[:k], norm)
						if !l.Report().Certain {
							t.Errorf("%s, %s, end %d, %d: not certain: %+v", tc.name, name, end, k, l.Report())
						}
						if err := l.FactorizeProducts(s, end, k, nil); err != nil {
							t.Fatalf("%s, %s, products, %d: %v", tc.name, name, k, err)
						}
						if l.Report().Certain || l.Report().Counts != nil {
							t.Errorf("%s: certain by products alone", name)
						}
						checkPairs(t, tc.name+" products", a, l, want[:k], norm)
					}
				}
				for _, k := range []int{1, negative + 1, n} {
					l := new(eigen.Lanczos)
					if err := l.FactorizeNegative(s, min(k, n)); err != nil {
						t.Fatalf("%s, %s, negative: %v", tc.name, name, err)
					}
					checkPairs(t, tc.name+" negative", a, l, ev[:min(k, negative)], norm)
					r := l.Report()
					if !r.Certain || r.Counts[len(r.Counts)-1].Below != negative {
						t.Errorf("%s, %s: %d negative: %+v", tc.name, name, negative, r)
					}
				}
			}
		}
	}
}

func TestEndsBad(t *testing.T) {
	var l eigen.Lanczos
	s := eigen.OfBlock(grid(3, 3), nil)
	for _, k := range []int{0, 10} {
		mustPanic(t, factor.ErrShape, func() { l.FactorizeEnd(s, eigen.Largest, k) })
		mustPanic(t, factor.ErrShape, func() { l.FactorizeNegative(s, k) })
		mustPanic(t, factor.ErrShape, func() { l.FactorizeProducts(s, eigen.Smallest, k, nil) })
	}
	mustPanic(t, factor.ErrNotFactorized, func() { l.Residuals(nil) })
	stop := errors.New("stop")
	l.Observe = func(int) error { return stop }
	for _, err := range []error{l.FactorizeEnd(s, eigen.Largest, 2), l.FactorizeProducts(s, eigen.Largest, 2, nil), l.Factorize(s, 1, 2)} {
		if !errors.Is(err, stop) {
			t.Errorf("%v for a caller that wants no more", err)
		}
	}
	l.Observe = nil
	// A definite matrix has no negative eigenvalues, and that is certain.
	if err := l.FactorizeNegative(s, 2); err != nil || len(l.Values(nil)) != 0 || !l.Report().Certain {
		t.Errorf("%v, %+v", err, l.Report())
	}
	var v mat.Dense
	if l.VectorsTo(&v); !v.IsEmpty() {
		t.Error("vectors of no eigenvalues")
	}
	a := grid(3, 3)
	d, _ := a.Diag(1)
	d[0] = math.Inf(1)
	if err := l.FactorizeEnd(eigen.OfBlock(a, nil), eigen.Smallest, 1); err == nil {
		t.Error("no error for an infinity")
	}
	if err := l.FactorizeProducts(eigen.OfBlock(a, nil), eigen.Smallest, 1, nil); err == nil {
		t.Error("no error for an infinity by products")
	}
	a.Zero()
	if err := l.FactorizeEnd(eigen.OfBlock(a, nil), eigen.Largest, 2); err != nil || l.Values(nil)[1] != 0 {
		t.Errorf("zero matrix: %v", err)
	}
}
