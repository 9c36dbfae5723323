package tree

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// dense is A + shift·I by rows, scaled.
func dense(a *la.Sym, scale []float64, shift float64) []float64 {
	n := a.SymmetricDim()
	d := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			v := a.At(i, j)
			if i == j {
				v += shift
			}
			if scale != nil {
				v *= scale[i] * scale[j]
			}
			d[i*n+j], d[j*n+i] = v, v
		}
	}
	return d
}

// factors returns L and D of all fronts as dense matrices, and the unknown that
// each column eliminates.
func (e *Engine) factors() (l, d []float64, unknown []int) {
	n := e.n
	l, d = make([]float64, n*n), make([]float64, n*n)
	place := make([]int, n)
	for k := range e.fronts {
		f := &e.fronts[k]
		for _, c := range f.cols[:f.ne] {
			place[c] = len(unknown)
			unknown = append(unknown, e.tree.Perm[c])
		}
	}
	if len(unknown) != n {
		panic("columns are missing")
	}
	for k := range e.fronts {
		f := &e.fronts[k]
		p, off := int(f.p), f.offDiagonal()
		for i := range int(f.ne) {
			c := place[f.cols[i]]
			l[c*n+c], d[c*n+c] = 1, f.w[i*p+i]
			if off[i] != 0 {
				d[c*n+n+c], d[c*n+c+1] = off[i], off[i]
			}
			for j := i + 1; j < p; j++ {
				l[place[f.cols[j]]*n+c] = f.w[j*p+i]
			}
			for r, pos := range e.tree.Rows[k] {
				l[place[pos]*n+c] = f.below()[r*p+i]
			}
		}
	}
	return l, d, unknown
}

// checkFactors checks P B Pᵀ = L D Lᵀ for the dense matrix b.
func checkFactors(t *testing.T, what string, e *Engine, b []float64, growth float64) {
	t.Helper()
	n := e.n
	l, d, unknown := e.factors()
	ld, f := make([]float64, n*n), make([]float64, n*n)
	be := blas.NativeThreads(1)
	if n > 0 {
		be.Gemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, l, n, d, n, 0, ld, n)
		be.Gemm(blas.NoTrans, blas.Trans, n, n, n, 1, ld, n, l, n, 0, f, n)
	}
	norm := 0.0
	for _, v := range b {
		norm = max(norm, math.Abs(v))
	}
	bound := 64 * float64(n) * 0x1p-53 * max(norm, growth) / e.u
	for i := range n {
		for j := range n {
			want := b[unknown[i]*n+unknown[j]]
			if diff := math.Abs(f[i*n+j] - want); !(diff <= bound) {
				t.Fatalf("%s: (L D Lᵀ)[%d,%d] is off by %v, more than %v; growth %v", what, i, j, diff, bound, growth)
			}
		}
	}
	for k := range e.fronts {
		if e.fronts[k].q > 0 { // a root has no other rows to look at
			checkBound(t, what, &e.fronts[k], e.u)
		}
	}
}

// given returns trees with one unknown a node, and with random blocks.
func given(t *testing.T, rng *rand.Rand, a *la.Sym) map[string]*partition.Tree {
	n := a.SymmetricDim()
	out := trees(t, a)
	perm := partition.Perm(rng.Perm(n))
	var sizes []int
	for left := n; left > 0; {
		s := 1 + rng.IntN(min(left, 6))
		sizes = append(sizes, s)
		left -= s
	}
	ones := make([]int, n)
	for i := range ones {
		ones[i] = 1
	}
	for name, s := range map[string][]int{"blocks": sizes, "ones": ones} {
		tr, err := partition.Given(a, perm, partition.New(s))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = tr
	}
	return out
}

// The factors multiply to the matrix that they are said to be of.
func TestFactorsMultiply(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 7))
	for kind := range 4 {
		for range 60 {
			n := 1 + rng.IntN(60)
			a := random(rng, n, kind)
			shift := float64(rng.IntN(2)) * rng.NormFloat64()
			scale := make([]float64, n)
			for i := range scale {
				scale[i] = math.Ldexp(1, rng.IntN(5)-2)
			}
			low := a.RawLower()
			scaled := append([]float64(nil), low.Val...)
			size := 0.0
			for i := range n {
				for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
					scaled[at] *= scale[i] * scale[low.Col[at]]
					size = max(size, math.Abs(scaled[at]))
				}
			}
			for name, tr := range given(t, rng, a) {
				for _, u := range []float64{0.5, 0.01} {
					e := New(tr, a, Options{Backend: blas.NativeThreads(1), Threshold: u})
					e.Take(scaled, scale, size)
					s := e.Factor(shift)
					if !s.Finite {
						t.Fatalf("%s: %+v", name, s)
					}
					checkFactors(t, name, e, dense(a, scale, shift), s.Growth)
				}
			}
		}
	}
}

// Contributions that are made in those of a child, with and without delays: a
// dense matrix in many nodes, and leaves beside them.
func TestInPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for round := range 12 {
		dense0, leaves := 100, 30
		n := dense0 + leaves
		a := build(n, func(b *la.SymBuilder) {
			for i := range dense0 {
				for j := range i {
					b.Add(i, j, rng.NormFloat64())
				}
				b.Add(i, i, float64(round%3)*rng.NormFloat64()*0.1)
			}
			for i := dense0; i < n; i++ {
				b.Add(i, i, 1)
				b.Add(i, rng.IntN(dense0), rng.NormFloat64())
			}
		})
		perm := make(partition.Perm, 0, n)
		for i := range n {
			perm = append(perm, (i+dense0)%n)
		}
		sizes := make([]int, 0, n)
		for left := n; left > 0; {
			s := 1 + rng.IntN(min(left, 4))
			sizes = append(sizes, s)
			left -= s
		}
		tr, err := partition.Given(a, perm, partition.New(sizes))
		if err != nil {
			t.Fatal(err)
		}
		e := New(tr, a, Options{Backend: blas.NativeThreads(1), Threshold: 0.1})
		e.Take(a.RawLower().Val, nil, 5)
		in := 0
		for k := range e.fronts {
			if e.fronts[k].base >= 0 {
				in++
			}
		}
		s := e.Factor(0)
		if in < 10 || !s.Finite {
			t.Fatalf("round %d: %d contributions in place, %+v", round, in, s)
		}
		if round%3 == 0 && e.Delayed() == 0 {
			t.Errorf("round %d: nothing was delayed", round)
		}
		checkFactors(t, "in place", e, dense(a, nil, 0), s.Growth)
		if again := e.Factor(0); again != s {
			t.Errorf("round %d: %+v, then %+v", round, s, again)
		}
	}
}
