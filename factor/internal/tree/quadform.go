package tree

import (
	"costate/factor/internal/space"
	"costate/la/blas"
)

// QuadForms writes bᵀ (A + shift·I)⁻¹ b for each of the nrhs rows b of x to dst:
// zᵀ D⁻¹ z with L z = P b, half of a solve. It overwrites x.
func (e *Engine) QuadForms(dst, x []float64, nrhs int) {
	w := e.pool.Get()
	defer e.pool.Put(w)
	for r := range nrhs {
		b := x[r*e.n : (r+1)*e.n]
		w.z = space.Resize(w.z, e.n)
		for i, from := range e.tree.Perm {
			w.z[i] = b[from]
			if e.scale != nil {
				w.z[i] *= e.scale[from]
			}
		}
		sum := 0.0
		for k := range e.fronts {
			f := &e.fronts[k]
			if f.ne == 0 {
				continue
			}
			e.forward(w, f, 1)
			t := w.t
			w.down = space.Resize(w.down, f.ne)
			half := w.down
			copy(half, t)
			f.divide(half, 1)
			for i, v := range t {
				sum += v * half[i]
			}
		}
		dst[r] = sum
	}
}

// inverseBelow computes g = L31 L11⁻¹, below×ne, in place of a copy of L31.
func (e *Engine) inverseBelow(f *front, g []float64) {
	below := len(f.down)
	for i := range below {
		copy(g[i*f.ne:(i+1)*f.ne], f.w[(f.ne+i)*f.p:])
	}
	e.backend.Trsm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, below, f.ne, 1, f.w, f.p, g, f.ne)
}
