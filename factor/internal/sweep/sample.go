package sweep

import "math"

// Sample overwrites x, n independent standard normal numbers, with a sample of
// N(0, (H + D)⁻¹), an exact linear map of them: A x with A Aᵀ = (H + D)⁻¹. In
// compressed parameters the stages are drawn one after the other,
//
//	x_r = S^-½ξ_r − M y,   X_⊥ = ξ_⊥/√ε − δᵀ y_⊥/ε
//
// in half the work of a solve. It reports false if a pivot shows that H + D is not
// positive definite. It may be called by many goroutines.
func (f *Engine) Sample(x []float64) bool {
	w := f.spaces.Get()
	defer f.spaces.Put(w)
	f.sizeSpace(w, 1, 1)
	b := &w.turn
	*b = turn{backend: f.backend, x: x, n: f.n, nrhs: 1}
	for k := range f.stages {
		b.off, b.t, b.eps, b.last = f.offsets[k], w.t[k], f.eps[k], k == len(f.stages)-1
		if !f.stages[k].begin(w, b) {
			return false
		}
		f.stages[k].forward(w, b)
	}
	return true
}

// begin: D^½ξ_r for the pivot block and ξ_⊥/√ε in x.
func (d *denseStage) begin(w *solveSpace, b *turn) bool {
	g := b.params(0, d.s.Params())
	d.project(b.backend, g, b.t, w.gr)
	if d.negPerp > 0 {
		if !(b.eps > 0) {
			return false
		}
		root := math.Sqrt(b.eps)
		for i := range g {
			g[i] /= root
		}
	}
	return d.pivot.Root(b.t, 1)
}

func (d *blockStage) begin(_ *solveSpace, b *turn) bool {
	copy(b.t, b.params(0, d.pivot.M))
	return d.pivot.Root(b.t, 1)
}
