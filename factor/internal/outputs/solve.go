package outputs

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/vec"
	"costate/system"
)

// Solve computes x = D⁻¹(g − J̃ᵀ S⁻¹ J̃ D⁻¹ g) for each row g of x, in place.
func (f *Engine) Solve(x []float64, nrhs int) {
	w := f.lend()
	defer f.spaces.Put(w)
	for j := range nrhs {
		f.solve(w, x[j*f.n:(j+1)*f.n])
	}
}

func (f *Engine) solve(w *solveSpace, g []float64) {
	f.divide(g)
	f.root.mulTrans(w.t, w.product.Outputs(g))
	f.inner(w.t, w.w)
	f.root.mul(w.w, w.t)
	w.product.TransOutputs(w.v, w.w)
	f.divide(w.v)
	vec.Axpy(g, -1, w.v)
}

// Outputs is the length of a vector in output space.
func (f *Engine) Outputs() int { return f.root.batch * f.root.c }

// SolveOutputs solves (H + D) x = Jᵀ v for v in output space, and writes
// g = Jᵀ v. The part of v in the range of R has x = D⁻¹ J̃ᵀ S⁻¹ w with v = R w,
// without the cancellation that D⁻¹(g − J̃ᵀ…) has at small ε.
func (f *Engine) SolveOutputs(x, g, v []float64) {
	w := f.lend()
	defer f.spaces.Put(w)
	w.product.TransOutputs(g, v)
	rest := w.w
	copy(rest, v)
	f.root.preimage(w.t, rest)
	outside := vec.Norm2(rest) > float64(f.root.c)*8*pivot.Unit*vec.Norm2(v)
	t := w.d
	if outside {
		w.product.TransOutputs(x, rest)
		f.Solve(x, 1)
	}
	f.inner(w.t, w.w)
	f.root.mul(w.w, w.t)
	w.product.TransOutputs(t, w.w)
	f.divide(t)
	if !outside {
		copy(x, t)
		return
	}
	vec.Axpy(x, 1, t)
}

// inner overwrites t with S⁻¹ t.
func (f *Engine) inner(t, scratch []float64) {
	f.pivot.Lower(f.backend, t, 1, scratch)
	f.pivot.Middle(t, 1)
	f.pivot.Upper(f.backend, t, 1, scratch)
}

// divide computes g = D⁻¹ g.
func (f *Engine) divide(g []float64) {
	for k, e := range f.eps {
		for i := f.offsets[k]; i < f.offsets[k+1]; i++ {
			g[i] /= e
		}
	}
}

func (f *Engine) lend() *solveSpace {
	w := f.spaces.Get()
	if w.chain != f.chain {
		if w.product == nil {
			w.product = system.NewProduct(f.chain, f.backend)
		} else {
			w.product.Reset(f.chain)
		}
		w.chain = f.chain
	}
	w.v, w.d = space.Resize(w.v, f.n), space.Resize(w.d, f.n)
	w.w, w.t = space.Resize(w.w, max(f.root.batch*f.root.c, f.q)), space.Resize(w.t, f.q)
	w.w = w.w[:f.root.batch*f.root.c]
	return w
}
