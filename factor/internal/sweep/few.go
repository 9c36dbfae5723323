package sweep

import (
	"math"

	"costate/la/vec"
	"costate/system"
)

const (
	// fewRows is the number of rows of a batch up to which the products of a solve go
	// row by row: those are over sooner than a call of Gemm begins.
	fewRows = 4

	// fewWeights bounds the matrices that are then read once for each row: they
	// stay in the first cache.
	fewWeights = 4096
)

// isFew reports a stage whose rows are few, and its inputs as they stand.
func isFew(s *system.DenseStage) bool {
	return s.Gather == nil && s.Pass == nil && s.BatchRows() <= fewRows && s.In*s.Out <= fewWeights
}

// backFew is back for right-hand side i but for the pivot block.
func (d *denseStage) backFew(w *solveSpace, b *turn, i int) {
	s := d.s
	n, no, m, ni := d.rows*s.Out, s.Outputs(), d.pivot.M, d.pivot.N
	p, ps := w.p[i*no:(i+1)*no], w.u[i*n:(i+1)*n]
	d.mulTransJ(ps, p)
	t := b.t[i*m : (i+1)*m]
	g := b.params(i, s.Params())
	d.projectFew(g, t, b.eps)
	vec.AddProduct(t, s.Out, d.u, 1, d.r, ps, s.Out, d.r, s.Out, d.rows)
	if !d.inner {
		return
	}
	next := w.next[i*ni : (i+1)*ni]
	if s.Skip {
		copy(next, p)
		vec.AddProduct(next, s.In, ps, s.Out, 1, s.W, s.In, d.rows, s.In, s.Out)
	} else {
		vec.SetProduct(next, s.In, ps, s.Out, 1, s.W, s.In, d.rows, s.In, s.Out)
	}
	if d.negPerp > 0 && s.Delta != nil {
		vec.SubProduct(next, s.In, s.Delta, s.Out, 1, g, s.In, d.rows, s.In, s.Out)
	}
}

// projectFew is project, with G_⊥ divided by eps.
func (d *denseStage) projectFew(g, t []float64, eps float64) {
	s := d.s
	nw := s.Out * s.In
	bias := g[nw:]
	vec.SetProductTrans(t, s.Out, d.q, d.zin, g[:nw], s.In, d.r, s.Out, s.In)
	if s.Bias {
		for j := range d.r {
			vec.Axpy(t[j*s.Out:(j+1)*s.Out], d.q[j*d.zin+s.In], bias)
		}
	}
	if d.negPerp == 0 {
		return
	}
	vec.SubProduct(g, s.In, t, 1, s.Out, d.q, d.zin, s.Out, s.In, d.r)
	if s.Bias {
		for j := range d.r {
			vec.Axpy(bias, -d.q[j*d.zin+s.In], t[j*s.Out:])
		}
	}
	divideBy(g, eps, g)
}

// forwardFew is forward for right-hand side i but for the pivot block.
func (d *denseStage) forwardFew(w *solveSpace, b *turn, i int) {
	s := d.s
	n, no, m, ni := d.rows*s.Out, s.Outputs(), d.pivot.M, d.pivot.N
	g, xr := b.params(i, s.Params()), b.t[i*m:(i+1)*m]
	var y []float64
	if d.inner {
		y = w.p[i*ni : (i+1)*ni]
	}
	if d.negPerp == 0 {
		clear(g)
	}
	d.parametersFew(g, xr, y, w.yq, b.eps)
	if b.last {
		return
	}
	ps := w.u[i*n : (i+1)*n]
	vec.SetProduct(ps, s.Out, d.u, d.r, 1, xr, s.Out, d.rows, s.Out, d.r)
	if d.inner {
		vec.AddProductTrans(ps, s.Out, y, s.In, s.W, s.In, d.rows, s.Out, s.In)
	}
	next := w.next[i*no : (i+1)*no]
	d.mulJ(next, ps)
	if s.Skip && d.inner {
		vec.Axpy(next, 1, y)
	}
}

// parametersFew adds X_r Q₁ᵀ − δᵀy_⊥/ε to g; see forward and subPerp. space is scratch.
func (d *denseStage) parametersFew(g, xr, y, space []float64, eps float64) {
	s := d.s
	if d.negPerp > 0 && y != nil && s.Delta != nil {
		// With y_⊥ = y − y Q₁ Q₁ᵀ that is (X_r + (y Q₁)ᵀ δ/ε) Q₁ᵀ − δᵀy/ε.
		n, m := d.rows*s.Out, d.r*s.Out
		yq, f, sum := space[:d.rows*d.r], space[d.rows*d.r:][:n], space[d.rows*d.r+n:][:m]
		vec.SetProductTrans(yq, d.r, y, s.In, d.q, d.zin, d.rows, d.r, s.In)
		divideBy(f, eps, s.Delta)
		copy(sum, xr)
		xr = sum
		vec.AddProduct(xr, s.Out, yq, 1, d.r, f, s.Out, d.r, s.Out, d.rows)
		vec.SubProduct(g, s.In, f, 1, s.Out, y, s.In, s.Out, s.In, d.rows)
	}
	vec.AddProduct(g, s.In, xr, 1, s.Out, d.q, d.zin, s.Out, s.In, d.r)
	if s.Bias {
		for j := range d.r {
			vec.Axpy(g[s.Out*s.In:], d.q[j*d.zin+s.In], xr[j*s.Out:])
		}
	}
}

// divideBy computes x = u/eps.
func divideBy(x []float64, eps float64, u []float64) {
	if invertible(eps) {
		vec.Scale(x, 1/eps, u)
		return
	}
	for i := range x {
		x[i] = u[i] / eps
	}
}

// invertible is whether 1/eps is a number with all its digits.
func invertible(eps float64) bool {
	a := math.Abs(eps)
	return a > 0x1p-1000 && a < 0x1p1000
}
