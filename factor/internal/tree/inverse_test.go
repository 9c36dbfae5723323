package tree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
)

// Elements of the inverse against a dense inverse, with delayed pivots and
// scaling.
func TestInvert(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for kind := range 4 {
		for round := range 40 {
			n := 1 + rng.IntN(50)
			a := random(rng, n, kind)
			ev := eigen(a, 0)
			norm, least := 0.0, math.Inf(1)
			for _, v := range ev {
				norm, least = max(norm, math.Abs(v)), min(least, math.Abs(v))
			}
			if least < 1e-6*norm {
				continue
			}
			d := mat.NewDense(n, n, nil)
			for i := range n {
				for j := range n {
					d.Set(i, j, a.At(i, j))
				}
			}
			var inv mat.Dense
			if err := inv.Inverse(d); err != nil {
				continue
			}
			var scale []float64
			values := append([]float64(nil), a.RawLower().Val...)
			if round%2 == 1 {
				scale = make([]float64, n)
				for i := range scale {
					scale[i] = math.Ldexp(1, rng.IntN(9)-4)
				}
				low := a.RawLower()
				for i := range n {
					for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
						values[at] *= scale[i] * scale[low.Col[at]]
					}
				}
			}
			for name, tr := range trees(t, a) {
				e := New(tr, a, Options{Backend: blas.NativeThreads(1)})
				e.Take(values, scale, norm)
				e.Factor(0)
				what := fmt.Sprintf("kind %d, round %d, %s, %d delays", kind, round, name, e.Delayed())
				tol := 1e-10 * norm / least / least
				seen, entries := 0, 0
				e.Invert(Sink{
					Diagonal: func(i int, z float64) {
						seen++
						if math.Abs(z-inv.At(i, i)) > tol {
							t.Errorf("%s: (%d, %d) is %v, want %v", what, i, i, z, inv.At(i, i))
						}
					},
					Front: func(k int, at func(i, j int) float64) {
						unknown := func(i int) int {
							if own := tr.Nodes.Size(k); i >= own {
								return tr.Perm[tr.Rows[k][i-own]]
							}
							return tr.Perm[tr.Nodes.First(k)+i]
						}
						for i := range tr.Nodes.Size(k) + len(tr.Rows[k]) {
							for j := range min(i+1, tr.Nodes.Size(k)) {
								entries++
								if z, want := at(i, j), inv.At(unknown(i), unknown(j)); math.Abs(z-want) > tol {
									t.Errorf("%s: (%d, %d) is %v, want %v", what, unknown(i), unknown(j), z, want)
								}
							}
						}
					},
				})
				if entries < a.Stored() {
					t.Errorf("%s: %d entries of %d", what, entries, a.Stored())
				}
				if seen != n {
					t.Errorf("%s: %d elements of the diagonal of %d", what, seen, n)
				}
				b, q := make([]float64, n), make([]float64, 1)
				for i := range b {
					b[i] = rng.NormFloat64()
				}
				v := mat.NewVecDense(n, append([]float64(nil), b...))
				want := mat.Inner(v, &inv, v)
				e.QuadForms(q, b, 1)
				if math.Abs(q[0]-want) > tol*float64(n*n) {
					t.Errorf("%s: quadratic form %v, want %v", what, q[0], want)
				}
			}
		}
	}
}
