package blastest

import (
	"math"
	"testing"

	"costate/la/blas"
)

// Sytrs tests the solution from the Bunch–Kaufman factorization, and the half
// solve that DSolve and PermuteRows make of it, by backward errors.
func Sytrs(t *testing.T, g blas.Backend) {
	rng := NewRand(5)
	for i, kind := range Kinds {
		if kind.Singular || i%thin != 0 {
			continue
		}
		for _, n := range thinned([]int{65, 0, 1, 2, 3, 4, 5, 8, 17, 32, 33, 48, 49, 64, 97, 130}) {
			for _, nrhs := range []int{0, 1, 2, 3, 9, 40} {
				f := NewFactor(kind, n, 1, rng)
				f.Factorize(g)
				f.A.Keep()
				b := NewMatrix(n, nrhs, nrhs%3).Random(rng)
				work := NewMatrix(1, n*nrhs, 0)
				g.Sytrs(n, nrhs, f.A.Data, f.A.Ld, f.E, f.Perm, b.Data, b.Ld, work.Data)
				f.A.CheckOnly(t, "sytrs: A", nil)
				b.CheckOnly(t, "sytrs: B", all)
				// The scale of A goes to X, so that norms stay in range.
				_, exp := math.Frexp(f.Norm)
				for c := range nrhs {
					worst, xmax, bmax := 0.0, 0.0, 0.0
					for i := range n {
						sum := -b.Was(i, c)
						for j := range n {
							sum += math.Ldexp(f.Full[i*n+j], -exp) * math.Ldexp(b.At(j, c), exp)
						}
						worst = max(worst, math.Abs(sum))
						xmax = max(xmax, math.Abs(math.Ldexp(b.At(i, c), exp)))
						bmax = max(bmax, math.Abs(b.Was(i, c)))
					}
					if bound := 40 * float64(n+4) * float64(n) * u * (xmax + bmax); !(worst <= bound) {
						t.Errorf("sytrs: %s of order %d, %d right-hand sides: residual %.3g, want at most %.3g", kind.Name, n, nrhs, worst, bound)
						return
					}
				}
			}
		}
	}

	// Bᵀ A⁻¹ B by the half solve is symmetric by construction; compare it with
	// Bᵀ X of the whole solve.
	const n, m = 70, 9
	f := NewFactor(Kinds[0], n, 0, rng)
	f.Factorize(g)
	b := NewMatrix(n, m, 2).Random(rng)
	w, dw := NewMatrix(n, m, 0), NewMatrix(n, m, 1)
	blas.PermuteRows(f.Perm, m, b.Data, b.Ld, w.Data, w.Ld)
	g.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, n, m, 1, f.A.Data, f.A.Ld, w.Data, w.Ld)
	for i := range n {
		for j := range m {
			dw.Set(i, j, w.At(i, j))
		}
	}
	blas.DSolve(n, m, f.A.Data, f.A.Ld, f.E, dw.Data, dw.Ld)
	half := NewMatrix(m, m, 0)
	g.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, m, n, 1, w.Data, w.Ld, dw.Data, dw.Ld, 0, half.Data, half.Ld)
	x := NewMatrix(n, m, 0)
	for i := range n {
		for j := range m {
			x.Set(i, j, b.At(i, j))
		}
	}
	g.Sytrs(n, m, f.A.Data, f.A.Ld, f.E, f.Perm, x.Data, x.Ld, make([]float64, n*m))
	size := 0.0
	for i := range n {
		for j := range m {
			size = max(size, math.Abs(x.At(i, j)))
		}
	}
	for i := range m {
		for j := range i + 1 {
			want := 0.0
			for l := range n {
				want += b.At(l, i) * x.At(l, j)
			}
			// Both are backward stable; the condition of A is below 1e6.
			if d := math.Abs(half.At(i, j) - want); !(d <= 1e6*n*u*size*n) {
				t.Errorf("half solve: (BᵀA⁻¹B)[%d,%d] differs by %.3g from the whole solve", i, j, d)
			}
		}
	}
}
