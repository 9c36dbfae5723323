package eigen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/internal/benchtest"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/data"
	"costate/system/chaintest"
)

func gaussianColumns(seed uint64, n, cols int) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 3))
	g := mat.NewDense(n, cols, nil)
	for i := range n {
		for j := range cols {
			g.Set(i, j, rng.NormFloat64())
		}
	}
	return g
}

func spectralNorm(t *testing.T, a mat.Symmetric) float64 {
	t.Helper()
	var e mat.EigenSym
	if !e.Factorize(a, false) {
		t.Fatal("EigenSym")
	}
	v := e.Values(nil)
	return max(-v[0], v[len(v)-1])
}

// TestAbsSolver: both ways stay below the errors that they report, for every function,
// width and tolerance, and dense matrices are the judge.
func TestAbsSolver(t *testing.T) {
	for i, tc := range chainCases {
		c := tc.make(uint64(i))
		a := chaintest.Matrix(c, blas.Native())
		norm := spectralNorm(t, a)
		g := gaussianColumns(uint64(i), a.SymmetricDim(), 3)
		for _, rel := range []float64{1, 1e-2, 1e-4} {
			eps := rel * norm
			for name, f := range map[string]struct {
				f eigen.Func
				r func(x float64) float64
			}{
				"inverse":   {eigen.InverseAbs(eps), func(x float64) float64 { return 1 / math.Hypot(x, eps) }},
				"sign":      {eigen.Sign(eps), func(x float64) float64 { return x / math.Hypot(x, eps) }},
				"projector": {eigen.Projector(0.1*norm, eps), func(x float64) float64 { return (1 + (x-0.1*norm)/math.Hypot(x-0.1*norm, eps)) / 2 }},
			} {
				for _, way := range []eigen.Way{eigen.Products, eigen.Shifts, eigen.Cheapest} {
					for _, tol := range []float64{1e-3, 0} {
						what := fmt.Sprintf("%s, %s, width %g, %v", tc.name, name, rel, way)
						s := eigen.AbsSolver{Tolerance: tol, Way: way}
						var x mat.Dense
						if err := s.ApplyTo(&x, c, f.f, g); err != nil {
							t.Fatalf("%s: %v", what, err)
						}
						r := s.Report()
						if tol == 0 {
							tol = 1e-10
						}
						for j := range 3 {
							want := denseFunc(t, a, f.r, mat.Col(nil, j, g))
							if e := distance(mat.Col(nil, j, &x), want) / vec.Norm2(want); e > r.Error+1e-13/rel || r.Error > tol {
								t.Errorf("%s: error %.2g, reported %.2g, wanted %.2g", what, e, r.Error, tol)
							}
						}
						if way == eigen.Shifts && (r.Products != 0 || r.Shifts < 2) || way == eigen.Products && r.Shifts != 0 ||
							r.Way == eigen.Cheapest || way != eigen.Cheapest && r.Way != way || r.Flops <= 0 {
							t.Errorf("%s: %+v", what, r)
						}
						if name != "projector" && (r.Ratio > 1.06*norm/eps || r.Ratio < norm/eps) {
							t.Errorf("%s: ratio %g of %g", what, r.Ratio, norm/eps)
						}
					}
				}
			}
		}
	}
}

// digitsSaddle is the network of the README at random weights.
func digitsSaddle(t testing.TB) *nn.Linearization {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 16, 16, 16, 10}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	lin := new(nn.Linearization)
	if err := net.Linearize(lin, data.Digits().Batch(0, 32)); err != nil {
		t.Fatal(err)
	}
	return lin
}

// TestAbsSolverChoice: one vector and a wide function go by products, many vectors and a
// narrow one by shifts; the ways agree; and what was spent is at most about twice the
// shifts.
func TestAbsSolverChoice(t *testing.T) {
	lin := digitsSaddle(t)
	g := gaussianColumns(1, len(lin.Gradient), 40)
	var s eigen.AbsSolver
	var x mat.Dense
	if err := s.ApplyTo(&x, &lin.Chain, eigen.InverseAbs(0.1), mat.NewDense(len(lin.Gradient), 1, lin.Gradient)); err != nil {
		t.Fatal(err)
	}
	if r := s.Report(); r.Way != eigen.Products || r.Shifts != 0 {
		t.Errorf("one vector: %+v", r)
	}
	f := eigen.InverseAbs(1e-3)
	var many, shifts mat.Dense
	if err := s.ApplyTo(&many, &lin.Chain, f, g); err != nil {
		t.Fatal(err)
	}
	tried := s.Report()
	s.Way = eigen.Shifts
	if err := s.ApplyTo(&shifts, &lin.Chain, f, g); err != nil {
		t.Fatal(err)
	}
	if r := s.Report(); tried.Way != eigen.Shifts || tried.Shifts != r.Shifts || tried.Flops > 2*r.Flops+r.Flops/10 {
		t.Errorf("many vectors: %+v, by shifts %+v", tried, r)
	}
	if !mat.Equal(&many, &shifts) {
		t.Error("the same way twice differs")
	}
	s.Way = eigen.Products
	if err := s.ApplyTo(&x, &lin.Chain, f, g.Slice(0, len(lin.Gradient), 0, 1)); err != nil {
		t.Fatal(err)
	}
	want := mat.Col(nil, 0, &x)
	if e := distance(mat.Col(nil, 0, &many), want) / vec.Norm2(want); e > 2e-10 {
		t.Errorf("the ways differ by %.2g", e)
	}
	text, err := json.Marshal(tried)
	if err != nil || json.Valid(text) && string(text[:16]) != `{"way":"shifts",` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAbsSolverBad(t *testing.T) {
	c := chainCases[0].make(1)
	n := c.Params()
	g := gaussianColumns(2, n, 2)
	var s eigen.AbsSolver
	var x mat.Dense
	mustPanic(t, eigen.ErrFunc, func() { s.ApplyTo(&x, c, eigen.Of(math.Exp), g) })
	mustPanic(t, factor.ErrShape, func() { s.ApplyTo(&x, c, eigen.Sign(1), gaussianColumns(1, n+1, 1)) })
	mustPanic(t, factor.ErrShape, func() { s.ApplyTo(mat.NewDense(n, 1, nil), c, eigen.Sign(1), g) })
	var short *eigen.FuncError
	s.Way, s.MaxShifts = eigen.Shifts, 4
	if err := s.ApplyTo(&x, c, eigen.InverseAbs(1e-4), g); !errors.As(err, &short) || short.Shifts != 4 || short.Rounding || x.IsEmpty() {
		t.Errorf("four shifts: %v", err)
	}
	s.MaxShifts = 0
	if err := s.ApplyTo(&x, c, eigen.InverseAbs(1e-9), g); !errors.As(err, &short) || !short.Rounding {
		t.Errorf("a width of 1e-9: %v", err)
	}
	s.Options = &factor.Options{MemoryLimit: 1000}
	var memory *factor.MemoryError
	if err := s.ApplyTo(&x, c, eigen.InverseAbs(1), g); !errors.As(err, &memory) {
		t.Errorf("a limit of 1000 bytes: %v", err)
	}
	s = eigen.AbsSolver{Options: &factor.Options{MemoryLimit: 8 * int64(n*n)}}
	if err := s.ApplyTo(&x, c, eigen.InverseAbs(1), g); err != nil || s.Report().Way != eigen.Products {
		t.Errorf("no room for factors: %v, %+v", err, s.Report())
	}
	g.Set(1, 1, math.NaN())
	var bad *factor.NotFiniteError
	var empty mat.Dense
	if err := s.ApplyTo(&empty, c, eigen.InverseAbs(1), g); !errors.As(err, &bad) || bad.Index != 1 || !empty.IsEmpty() {
		t.Errorf("a NaN: %v", err)
	}
	if err := s.ApplyTo(&x, c, eigen.InverseAbs(1), mat.NewDense(n, 2, nil)); err != nil || mat.Norm(&x, 1) != 0 {
		t.Errorf("of zero: %v", err)
	}
}

// BenchmarkAbsSolver is (H² + ε²)^-½ g to 1e-10 at ‖H‖ = 1e4 ε by shifts, in
// factorizations of the chain for each shift.
func BenchmarkAbsSolver(b *testing.B) {
	lin := digitsSaddle(b)
	var f factor.Chain
	if err := f.Analyse(&lin.Chain, nil); err != nil {
		b.Fatal(err)
	}
	eps := eigen.OfChain(&lin.Chain, nil).Norm() / 1e4
	g := mat.NewDense(len(lin.Gradient), 1, lin.Gradient)
	s := eigen.AbsSolver{Way: eigen.Shifts}
	var x mat.Dense
	t := benchtest.Least(b,
		func() error { return f.Factorize(0.1) },
		func() error { return s.ApplyTo(&x, &lin.Chain, eigen.InverseAbs(eps), g) },
		func() error { return f.Factorize(0.2) })
	r := s.Report()
	b.ReportMetric(float64(r.Shifts), "shifts")
	b.ReportMetric(t[1]/min(t[0], t[2])/float64(r.Shifts), "factorizations/shift")
	b.ReportMetric(r.Error, "error")
	b.ReportMetric(r.Ratio, "ratio")
}
