package factor

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/partition"
)

// sparseCases are matrices of order up to a hundred or so, of all shapes.
func sparseCases(rng *rand.Rand) map[string]*la.Sym {
	cases := map[string]*la.Sym{}
	norm := rng.NormFloat64
	build := func(name string, n int, fn func(add func(i, j int, v float64))) {
		b := la.NewSymBuilder(n, 0)
		fn(b.Add)
		cases[name], _ = b.Build()
	}
	for _, n := range []int{1, 2, 3, 10, 37, 90} {
		for _, deg := range []int{1, 2, 4, 10} {
			build(fmt.Sprintf("random %d %d", n, deg), n, func(add func(i, j int, v float64)) {
				for i := range n {
					add(i, i, norm())
					for range deg {
						add(i, rng.IntN(n), norm())
					}
				}
			})
		}
		build(fmt.Sprintf("zero diagonal %d", 2*n), 2*n, func(add func(i, j int, v float64)) {
			p := rng.Perm(2 * n)
			for i := range n { // a perfect matching, so that it is regular
				add(p[2*i], p[2*i+1], 3+rng.Float64())
				if i > 0 {
					add(p[2*i-1], p[2*i], norm()/4)
				}
			}
		})
		build(fmt.Sprintf("tridiagonal %d", n), n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, norm())
				if i > 0 {
					add(i, i-1, norm())
				}
			}
		})
		build(fmt.Sprintf("arrow %d", n), n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, 1+rng.Float64())
				if i > 0 {
					add(i, 0, norm())
				}
			}
		})
		build(fmt.Sprintf("arrow without diagonal %d", n+1), n+1, func(add func(i, j int, v float64)) {
			for i := range n + 1 {
				if i > 1 {
					add(i, i, norm())
				}
				if i > 0 {
					add(i, 0, norm())
				}
			}
		})
		build(fmt.Sprintf("dense row %d", n), n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, norm())
				add(i, n/2, norm())
				if i > 0 {
					add(i, i-1, norm())
				}
			}
		})
		build(fmt.Sprintf("dense %d", n), n, func(add func(i, j int, v float64)) {
			for i := range n {
				for j := range i + 1 {
					add(i, j, norm())
				}
			}
		})
		build(fmt.Sprintf("saddle point %d", 3*n), 3*n, func(add func(i, j int, v float64)) {
			for i := range 2 * n {
				add(i, i, 1+rng.Float64())
			}
			for i := range n { // constraints of full rank
				add(2*n+i, 2*i, 2)
				add(2*n+i, rng.IntN(2*n), norm())
			}
		})
		build(fmt.Sprintf("apart %d", 5*n), 5*n, func(add func(i, j int, v float64)) {
			for i := range 5 * n {
				add(i, i, norm())
				if i >= 5 {
					add(i, i-5, norm())
				}
			}
		})
		build(fmt.Sprintf("diagonal %d", n), n, func(add func(i, j int, v float64)) {
			for i := range n {
				add(i, i, math.Copysign(1+rng.Float64(), norm()))
			}
		})
	}
	cases["network"] = networkMatrix(rng, []int{3, 5, 4, 2}, 3, 0.1)
	cases["network, little damping"] = networkMatrix(rng, []int{6, 5, 4, 2}, 3, 1e-7)
	cases["network, next to no damping"] = networkMatrix(rng, []int{6, 5, 4, 2}, 3, 1e-13)
	cases["network, no damping"] = networkMatrix(rng, []int{3, 3, 3, 2}, 4, 0)
	cases["network, more samples than inputs"] = networkMatrix(rng, []int{3, 4, 4, 2}, 6, 1e-3)
	return cases
}

// networkMatrix is shaped as the augmented system of a network, with random
// numbers: parameters, states and costates, shuffled.
func networkMatrix(rng *rand.Rand, widths []int, batch int, eps float64) *la.Sym {
	L := len(widths) - 1
	params, states := 0, 0
	x, y := make([]int, L+1), make([]int, L+1)
	for k := 1; k <= L; k++ {
		x[k], y[k] = params, states
		params += widths[k] * widths[k-1]
		states += widths[k] * batch
	}
	n := params + 2*states
	p := rng.Perm(n)
	b := la.NewSymBuilder(n, 0)
	norm := rng.NormFloat64
	add := func(i, j int, v float64) { b.Add(p[i], p[j], v) }
	for k := 1; k <= L; k++ {
		in, out := widths[k-1], widths[k]
		xk, yk, mk := x[k], params+y[k], params+states+y[k]
		for i := range in * out {
			add(xk+i, xk+i, eps)
		}
		for s := range batch {
			for o := range out {
				so := s*out + o
				add(mk+so, yk+so, -1)
				add(yk+so, yk+so, 0.1*norm())
				for i := range in {
					add(xk+o*in+i, mk+so, norm())
					if k > 1 {
						yp := params + y[k-1] + s*in + i
						add(xk+o*in+i, yp, 0.1*norm())
						add(mk+so, yp, norm()/2)
					}
				}
			}
		}
	}
	a, _ := b.Build()
	return a
}

// scaledBy returns D A D for D = diag(2^e).
func scaledBy(a *la.Sym, e []int) *la.Sym {
	b := a.Clone()
	low := b.RawLower()
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			low.Val[t] = math.Ldexp(low.Val[t], e[i]+e[low.Col[t]])
		}
	}
	return b
}

func TestSparseAgainstDense(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	all, compared := 0, 0
	for round := range 4 {
		cases := sparseCases(rng)
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			a := cases[name]
			n := a.SymmetricDim()
			ev := eigenvalues(t, a)
			least, most, negative := math.Inf(1), 0.0, 0
			logdet := 0.0
			for _, v := range ev {
				least, most = math.Min(least, math.Abs(v)), math.Max(most, math.Abs(v))
				logdet += math.Log(math.Abs(v))
				if v < 0 {
					negative++
				}
			}
			regular := least > 1e-10*most
			if all++; regular {
				compared++
			}
			e := make([]int, n)
			if round%2 == 1 {
				for i := range e {
					e[i] = rng.IntN(80) - 40 // up to 1e±12, and squared in A
					logdet += 2 * math.Ln2 * float64(e[i])
				}
			}
			s := scaledBy(a, e)
			var f Sparse
			err := f.Factorize(s)
			var singular *SingularError
			if errors.As(err, &singular) && !regular {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v (eigenvalues down to %g of %g)", name, err, least, most)
				continue
			}
			b := randomVec(rng, n)
			var x mat.VecDense
			err = f.SolveVecTo(&x, b)
			if be := backwardError(s, &x, b); err != nil && regular || err == nil && !(be <= 2e-14) {
				t.Errorf("%s, scaled %v: backward error %g, reported %g: %v", name, round%2 == 1, be, f.Report().BackwardError, err)
			}
			in := f.Inertia()
			if in.Negative+in.Zero+in.Positive != n {
				t.Errorf("%s: inertia %v of order %d", name, in, n)
			}
			if !in.Certain && regular {
				t.Errorf("%s: inertia %v, condition %g", name, in, most/least)
			}
			if in.Certain && regular && (in.Negative != negative || in.Zero != 0) {
				t.Errorf("%s, scaled %v: inertia %v, want %d negative", name, round%2 == 1, in, negative)
			}
			log, sign := f.LogDet()
			if tol := 1e-13 * float64(n) * (1 + most/least + math.Abs(logdet)); regular && math.Abs(log-logdet) > tol {
				t.Errorf("%s: log|det| %v, want %v (tolerance %g)", name, log, logdet, tol)
			}
			if want := float64(1 - 2*(negative%2)); regular && sign != want {
				t.Errorf("%s: sign %v, want %v", name, sign, want)
			}
		}
	}
	if compared < all*9/10 {
		t.Errorf("only %d of %d matrices are regular, which compares little", compared, all)
	}
}

// The answer must not depend on how the unknowns are ordered.
func TestSparseOrderings(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for _, eps := range []float64{0.3, 1e-6, 1e-12} {
		a := networkMatrix(rng, []int{9, 8, 8, 8, 5}, 5, eps)
		b := randomVec(rng, a.SymmetricDim())
		var f Sparse
		var x mat.VecDense
		if err := errors.Join(f.Factorize(a), f.SolveVecTo(&x, b)); err != nil {
			t.Fatal(err)
		}
		for _, o := range []partition.Ordering{partition.OrderNatural, partition.OrderAMD, partition.OrderND} {
			var g Sparse
			var y mat.VecDense
			if err := errors.Join(g.Analyse(a, &Options{Ordering: o}), g.Factorize(a), g.SolveVecTo(&y, b)); err != nil {
				t.Fatal(err)
			}
			if f.Inertia() != g.Inertia() {
				t.Errorf("ε = %g, %v: inertia %v, want %v", eps, o, g.Inertia(), f.Inertia())
			}
			y.SubVec(&x, &y)
			if d := mat.Norm(&y, 2) / mat.Norm(&x, 2); d > 1e-13*f.Cond() {
				t.Errorf("ε = %g, %v: solutions differ by %g, condition %g", eps, o, d, f.Cond())
			}
		}
	}
}

// Scales that differ by 270 orders of magnitude, and matrices near the ends of
// the range of numbers, change neither inertia nor accuracy.
func TestSparseScaled(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 6))
	cases := sparseCases(rng)
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		a := cases[name]
		n := a.SymmetricDim()
		var plain Sparse
		if err := plain.Factorize(a); err != nil || plain.Cond() > 1e9 {
			continue
		}
		compared++
		for _, c := range []struct{ shift, spread int }{{490, 1}, {-490, 1}, {0, 450}} {
			e := make([]int, n)
			for i := range e {
				e[i] = c.shift + rng.IntN(2*c.spread) - c.spread
			}
			s := scaledBy(a, e)
			var f Sparse
			if err := f.Factorize(s); err != nil {
				t.Errorf("%s, scales 2^(%d±%d): %v", name, c.shift, c.spread, err)
				continue
			}
			if f.Inertia() != plain.Inertia() {
				t.Errorf("%s, scales 2^(%d±%d): inertia %v, want %v", name, c.shift, c.spread, f.Inertia(), plain.Inertia())
			}
			// The right-hand side of a solution whose scaled form is all ones.
			x, b := mat.NewVecDense(n, nil), make([]float64, n)
			for i := range n {
				x.SetVec(i, math.Ldexp(1, -e[i]))
			}
			s.MulVecTo(b, x.RawVector().Data)
			if err := f.SolveVecTo(x, mat.NewVecDense(n, b)); err != nil {
				t.Errorf("%s, scales 2^(%d±%d): %v", name, c.shift, c.spread, err)
			}
		}
	}
	if compared < len(cases)*9/10 {
		t.Errorf("only %d of %d matrices are well conditioned, which compares little", compared, len(cases))
	}
}

// A matrix is factored to the same bits whatever other values of its pattern have been
// factored in between, as long as these did not ask for another tree.
func TestSparseReuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	cases := sparseCases(rng)
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		a := cases[name]
		other := a.Clone()
		for i := range other.RawLower().Val {
			other.RawLower().Val[i] *= 1 + rng.Float64()
		}
		b := randomVec(rng, a.SymmetricDim())
		var used, fresh Sparse
		if err := errors.Join(used.Analyse(a, nil), fresh.Analyse(a, nil)); err != nil {
			t.Fatal(err)
		}
		tree, scaled := used.tree, used.eq.start == nil
		used.Factorize(other)
		if used.tree != tree || scaled != (used.eq.start == nil) {
			continue
		}
		var x, want mat.VecDense
		if err := errors.Join(used.Refactorize(a), used.SolveVecTo(&x, b)); err != nil {
			continue // singular, or nearly
		}
		if err := errors.Join(fresh.Factorize(a), fresh.SolveVecTo(&want, b)); err != nil {
			t.Errorf("%s: a fresh factorization fails where another does not: %v", name, err)
			continue
		}
		log, sign := used.LogDet()
		wantLog, wantSign := fresh.LogDet()
		report, wantReport := used.Report(), fresh.Report()
		report.Bytes, wantReport.Bytes = 0, 0 // what other values needed is kept
		if !mat.Equal(&x, &want) || log != wantLog || sign != wantSign || used.Inertia() != fresh.Inertia() || report != wantReport {
			t.Errorf("%s: refactorized %v, log-determinant %v, report %+v, fresh %v, %v, %+v", name, used.Inertia(), log, report, fresh.Inertia(), wantLog, wantReport)
		}
		compared++
	}
	if compared < len(cases)*8/10 {
		t.Errorf("only %d of %d matrices are compared", compared, len(cases))
	}
}
