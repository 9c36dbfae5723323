package eigen_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system/chaintest"
)

// denseFunc is f(A) g by all eigenvalues.
func denseFunc(t *testing.T, a mat.Symmetric, f func(float64) float64, g []float64) []float64 {
	t.Helper()
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		t.Fatal("EigenSym")
	}
	var v mat.Dense
	e.VectorsTo(&v)
	var c, x mat.VecDense
	c.MulVec(v.T(), mat.NewVecDense(len(g), g))
	for i, l := range e.Values(nil) {
		c.SetVec(i, c.AtVec(i)*f(l))
	}
	x.MulVec(&v, &c)
	return x.RawVector().Data
}

func distance(x, y []float64) float64 {
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	return vec.Norm2(d)
}

// TestMatFunc: errors stay below what is reported, for every function, width and
// tolerance.
func TestMatFunc(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for i, tc := range chainCases {
		c := tc.make(uint64(i))
		a := chaintest.Matrix(c, blas.Native())
		norm := mat.Norm(a, 2)
		op := eigen.OfChain(c, nil)
		g := make([]float64, a.SymmetricDim())
		for i := range g {
			g[i] = rng.NormFloat64()
		}
		for _, rel := range []float64{1, 0.1, 1e-2, 1e-4} {
			eps := rel * norm
			for name, f := range map[string]struct {
				f eigen.Func
				r func(x float64) float64
			}{
				"inverse":   {eigen.InverseAbs(eps), func(x float64) float64 { return 1 / math.Hypot(x, eps) }},
				"sign":      {eigen.Sign(eps), func(x float64) float64 { return x / math.Hypot(x, eps) }},
				"projector": {eigen.Projector(0.1*norm, eps), func(x float64) float64 { return (1 + (x-0.1*norm)/math.Hypot(x-0.1*norm, eps)) / 2 }},
				"exp":       {eigen.Of(func(x float64) float64 { return math.Exp(x / norm) }), func(x float64) float64 { return math.Exp(x / norm) }},
			} {
				want := denseFunc(t, a, f.r, g)
				for _, tol := range []float64{1e-2, 1e-6, 0} {
					m := eigen.MatFunc{Tolerance: tol}
					x := make([]float64, len(g))
					if err := m.ApplyTo(x, op, f.f, g); err != nil {
						t.Fatalf("%s, %s, width %g: %v", tc.name, name, rel, err)
					}
					r := m.Report()
					if tol == 0 {
						tol = 1e-10
					}
					if e := distance(x, want) / vec.Norm2(want); e > r.Error+1e-13/rel || r.Error > tol {
						t.Errorf("%s, %s, width %g: error %.2g, reported %.2g, wanted %.2g", tc.name, name, rel, e, r.Error, tol)
					}
					if r.Bounded != (name != "exp") || r.Products < 1 || r.Products > len(g) {
						t.Errorf("%s: %+v", name, r)
					}
				}
			}
		}
	}
}

// TestMatFuncShort: with too few products the error is reported, and true.
func TestMatFuncShort(t *testing.T) {
	a := grid(20, 20)
	rng := rand.New(rand.NewPCG(1, 1))
	g := make([]float64, 400)
	for i := range g {
		g[i] = rng.NormFloat64()
	}
	f := func(x float64) float64 { return 1 / math.Hypot(x, 1e-2) }
	want := denseFunc(t, a, f, g)
	x := make([]float64, 400)
	for _, basis := range []int{10, 20, 40} {
		m := eigen.MatFunc{Basis: basis}
		var short *eigen.FuncError
		if err := m.ApplyTo(x, eigen.OfBlock(a, nil), eigen.InverseAbs(1e-2), g); !errors.As(err, &short) || short.Products != basis || short.Rounding {
			t.Fatalf("%d products: %v", basis, err)
		}
		if e := distance(x, want) / vec.Norm2(want); e > short.Reached || short.Reached > 1e4*e {
			t.Errorf("%d products: error %.2g, reported %.2g", basis, e, short.Reached)
		}
	}
	m := eigen.MatFunc{}
	var short *eigen.FuncError
	if err := m.ApplyTo(x, eigen.OfBlock(a, nil), eigen.InverseAbs(1e-9), g); !errors.As(err, &short) || !short.Rounding {
		t.Errorf("error %v where rounding allows no digits", err)
	}
}

func TestMatFuncBad(t *testing.T) {
	a := eigen.OfBlock(grid(3, 3), nil)
	var m eigen.MatFunc
	x := make([]float64, 9)
	mustPanic(t, factor.ErrShape, func() { m.ApplyTo(x[:8], a, eigen.Sign(1), x) })
	mustPanic(t, factor.ErrShape, func() { m.ApplyTo(x, a, eigen.Sign(1), x[:8]) })
	for _, eps := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		mustPanic(t, eigen.ErrWidth, func() { eigen.Projector(0, eps) })
	}
	x[0] = 3
	if err := m.ApplyTo(x, a, eigen.Sign(1), make([]float64, 9)); err != nil || x[0] != 0 {
		t.Errorf("%v, %v for zero", err, x)
	}
	x[3] = math.NaN()
	var notFinite *factor.NotFiniteError
	if err := m.ApplyTo(x, a, eigen.Sign(1), x); !errors.As(err, &notFinite) || notFinite.Index != 3 {
		t.Errorf("%v for a NaN", err)
	}
	x[3] = 1
	if err := m.ApplyTo(x, a, eigen.Of(func(float64) float64 { return math.NaN() }), x); !errors.As(err, &notFinite) {
		t.Errorf("%v for a function that is no number", err)
	}
}

// TestFlatness plants a null space and puts a part of known size of g in it.
func TestFlatness(t *testing.T) {
	const n, null = 60, 12
	rng := rand.New(rand.NewPCG(3, 3))
	b := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			b.Set(i, j, rng.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(b)
	var q, scaled, full mat.Dense
	qr.QTo(&q)
	scaled.CloneFrom(&q)
	for j := range n {
		l := 0.0
		if j >= null {
			l = (1 + rng.Float64()) * float64(1-2*(j%2))
		}
		for i := range n {
			scaled.Set(i, j, q.At(i, j)*l)
		}
	}
	full.Mul(&scaled, q.T())
	a := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			a.SetSym(i, j, (full.At(i, j)+full.At(j, i))/2)
		}
	}
	for _, part := range []float64{0, 0.3, 0.95, 1} {
		g := make([]float64, n)
		for i := range n {
			g[i] = part*q.At(i, 2) + math.Sqrt(1-part*part)*(q.At(i, null)+q.At(i, n-1))/math.Sqrt2
		}
		phi, bound, err := eigen.Flatness(eigen.OfBlock(blockOf(a), nil), g, 1e-4, 0, nil)
		if err != nil || math.Abs(phi-part) > 0.01 || bound > 0.01 {
			t.Errorf("flatness %v within %v, want %v: %v", phi, bound, part, err)
		}
	}
	if phi, _, err := eigen.Flatness(eigen.OfBlock(blockOf(a), nil), make([]float64, n), 1e-4, 0, nil); phi != 0 || err != nil {
		t.Errorf("flatness %v of no gradient, %v", phi, err)
	}
}

// TestDensity compares with the eigenvalues, within the errors that it states.
func TestDensity(t *testing.T) {
	values := gridValues(15, 20)
	points := []float64{-1, 0.5, 2, 4, 7}
	const width = 0.3
	got, stderr, err := eigen.Density(eigen.OfBlock(grid(15, 20), nil), points, width, 30, 60, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range points {
		want := 0.0
		for _, l := range values {
			u := (x - l) / width
			want += math.Exp(-u*u/2) / (width * math.Sqrt(2*math.Pi)) / float64(len(values))
		}
		if math.Abs(got[i]-want) > 5*stderr[i]+1e-6 || stderr[i] > 0.05*want+1e-3 {
			t.Errorf("density %v ± %v at %v, want %v", got[i], stderr[i], x, want)
		}
	}
	mustPanic(t, factor.ErrShape, func() { eigen.Density(eigen.OfBlock(grid(2, 2), nil), points, 1, 1, 5, 1, nil) })
}
