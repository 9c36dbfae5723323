package tree

import "costate/internal/space"

// QuadForms writes bᵀ (A + shift·I)⁻¹ b for each of the nrhs rows b of x to dst:
// zᵀ D⁻¹ z with L z = P b, half of a solve.
func (e *Engine) QuadForms(dst, x []float64, nrhs int) {
	w := e.pool.Get()
	defer e.pool.Put(w)
	for r := range nrhs {
		e.load(w, x[r*e.n:(r+1)*e.n], 1)
		sum := 0.0
		for k := range e.fronts {
			f := &e.fronts[k]
			if f.ne == 0 {
				continue
			}
			e.forwardOne(w, f, e.tree.Rows[k])
			w.down = space.Resize(w.down, int(f.ne))
			t := w.down
			copy(t, w.t)
			f.divide(t, 1)
			for i, v := range w.t[:f.ne] {
				sum += v * t[i]
			}
		}
		dst[r] = sum
	}
}
