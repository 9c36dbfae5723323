package tree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// dense returns a random sparse matrix of order n by kind.
func random(rng *rand.Rand, n, kind int) *la.Sym {
	b := la.NewSymBuilder(n, 4*n)
	half := n / 2
	for i := range n {
		for range 1 + rng.IntN(4) {
			j := rng.IntN(i + 1)
			v := rng.NormFloat64()
			switch {
			case kind == 1 && i >= half && j >= half: // saddle point, zero block
				continue
			case kind == 2 && i >= half && j >= half:
				continue
			case kind == 3:
				v = float64(rng.IntN(3) - 1)
			}
			b.Add(i, j, v)
		}
		switch {
		case kind == 0 || kind == 3:
			b.Add(i, i, rng.NormFloat64())
		case i < half:
			b.Add(i, i, 1+rng.Float64())
		case kind == 2:
			b.Add(i, i, -1e-8)
		default:
			b.Add(i, i, 0)
		}
	}
	a, _ := b.Build()
	return a
}

func trees(t *testing.T, a *la.Sym) map[string]*partition.Tree {
	out := map[string]*partition.Tree{}
	for name, o := range map[string]*partition.Options{
		"natural": {Ordering: partition.OrderNatural}, "amd": {Ordering: partition.OrderAMD}, "auto": nil,
	} {
		tr, err := partition.Auto(a, o)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = tr
	}
	return out
}

func eigen(a *la.Sym, shift float64) []float64 {
	n := a.SymmetricDim()
	d := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			d.SetSym(i, j, a.At(i, j))
		}
		d.SetSym(i, i, d.At(i, i)+shift)
	}
	var e mat.EigenSym
	e.Factorize(d, false)
	return e.Values(nil)
}

// Inertia and solutions against a dense eigenvalue decomposition, over kinds of
// matrices, orders and orderings.
func TestFactor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for kind := range 4 {
		for round := range 60 {
			n := 1 + rng.IntN(60)
			a := random(rng, n, kind)
			shift := 0.0
			if round%3 == 0 {
				shift = rng.NormFloat64()
			}
			ev := eigen(a, shift)
			neg, norm, least := 0, 0.0, math.Inf(1)
			for _, v := range ev {
				if v < 0 {
					neg++
				}
				norm, least = max(norm, math.Abs(v)), min(least, math.Abs(v))
			}
			if least < 1e-10*norm {
				continue
			}
			for name, tr := range trees(t, a) {
				e := New(tr, a, Options{Backend: blas.NativeThreads(1)})
				e.Take(a.RawLower().Val, nil, norm)
				what := fmt.Sprintf("kind %d, round %d, order %d, %s", kind, round, n, name)
				s := e.Factor(shift)
				if !s.Finite || s.Negative != neg || s.Zero != 0 {
					t.Fatalf("%s: %+v, want %d negative; eigenvalues %v", what, s, neg, ev)
				}
				want := 0.0
				for _, v := range ev {
					want += math.Log(math.Abs(v))
				}
				if math.Abs(s.LogAbs-want) > 1e-8*norm/least+1e-9 {
					t.Errorf("%s: log|det| %v, want %v", what, s.LogAbs, want)
				}
				for f := range e.fronts {
					checkBound(t, what, &e.fronts[f], e.u)
				}
				checkSolve(t, what, e, a, shift, norm, least)
				// The same numbers give the same bits, without allocating.
				again := alloctest.PerRun(2, func() { e.Factor(shift) })
				if s2 := e.Factor(shift); s2 != s || again > 0 {
					t.Errorf("%s: refactorization %+v, %v allocations; before %+v", what, s2, again, s)
				}
			}
		}
	}
}

func checkBound(t *testing.T, what string, f *front, u float64) {
	for i := int(f.ne); i < int(f.p+f.q); i++ {
		for j := range int(min(f.ne, int32(i))) {
			if v := math.Abs(f.w[i*int(f.p)+j]); !(v <= 1/u*(1+1e-12)) {
				t.Fatalf("%s: element %v of L", what, v)
			}
		}
	}
}

func checkSolve(t *testing.T, what string, e *Engine, a *la.Sym, shift, norm, least float64) {
	n := a.SymmetricDim()
	const nrhs = 19
	x, r := make([]float64, n*nrhs), make([]float64, n)
	rng := rand.New(rand.NewPCG(3, 3))
	b := make([]float64, n*nrhs)
	for i := range b {
		b[i] = rng.NormFloat64()
	}
	copy(x, b)
	e.Solve(x, nrhs)
	for j := range nrhs {
		xj := x[j*n : (j+1)*n]
		a.MulVecTo(r, xj)
		for i := range r {
			if d := r[i] + shift*xj[i] - b[j*n+i]; !(math.Abs(d) <= 1e-10*norm/least) {
				t.Fatalf("%s: residual %v", what, d)
			}
		}
	}
	one := append([]float64(nil), b[:n]...)
	e.Solve(one, 1)
	for i, v := range one {
		if d := math.Abs(v - x[i]); !(d <= 1e-12*norm/least/least*norm) {
			t.Fatalf("%s: one right-hand side differs by %v", what, d)
		}
	}
}
