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

// few is what a denseStage of few rows keeps for its solves.
type few struct {
	ut    []float64 // r×rows: Uᵀ
	wt    []float64 // In×Out: Wᵀ
	minus []float64 // rows×Out: −δ
}

// isFew reports a stage whose rows are few, and its inputs as they stand.
func isFew(s *system.DenseStage) bool {
	return s.Gather == nil && s.Pass == nil && s.BatchRows() <= fewRows && s.In*s.Out <= fewWeights
}

// fewWords is the memory of newFew.
func fewWords(s *system.DenseStage) int {
	if !isFew(s) {
		return 0
	}
	return rank(s)*s.BatchRows() + s.In*s.Out + s.BatchRows()*s.Out
}

// newFew makes room, or returns nil for other stages.
func newFew(s *system.DenseStage) *few {
	if !isFew(s) {
		return nil
	}
	return &few{make([]float64, rank(s)*s.BatchRows()), make([]float64, s.In*s.Out), make([]float64, s.BatchRows()*s.Out)}
}

// take takes the numbers of a new point, with U of r columns; f may be nil.
func (f *few) take(s *system.DenseStage, u []float64, r int) {
	if f == nil {
		return
	}
	vec.Transpose(f.ut, s.BatchRows(), u, r, s.BatchRows(), r)
	vec.Transpose(f.wt, s.Out, s.W, s.In, s.Out, s.In)
	for i, v := range s.Delta {
		f.minus[i] = -v
	}
}

// backFew is back for right-hand side i but for the pivot block.
func (d *denseStage) backFew(w *solveSpace, b *turn, i int) {
	s := d.s
	n, no, m, ni := d.rows*s.Out, s.Outputs(), d.pivot.M, d.pivot.N
	p, ps := w.p[i*no:(i+1)*no], w.u[i*n:(i+1)*n]
	d.mulTransJ(ps, p)
	t := b.t[i*m : (i+1)*m]
	g := b.params(i, s.Params())
	d.projectFew(g, t, w.coef, b.eps)
	for j := range d.r { // U is lower trapezoidal
		vec.Combine(t[j*s.Out:(j+1)*s.Out], d.few.ut[j*d.rows+j:(j+1)*d.rows], ps[j*s.Out:], s.Out)
	}
	if !d.inner {
		return
	}
	next := w.next[i*ni : (i+1)*ni]
	if s.Skip {
		copy(next, p)
	} else {
		clear(next)
	}
	for k := range d.rows {
		row := next[k*s.In : (k+1)*s.In]
		vec.Combine(row, ps[k*s.Out:(k+1)*s.Out], s.W, s.In)
		if d.negPerp > 0 && s.Delta != nil {
			vec.Combine(row, d.few.minus[k*s.Out:(k+1)*s.Out], g, s.In)
		}
	}
}

// projectFew is project, with G_⊥ divided by eps; coef is scratch.
func (d *denseStage) projectFew(g, t, coef []float64, eps float64) {
	s := d.s
	nw := s.Out * s.In
	bias := g[nw:]
	for j := range d.r {
		q, row := d.q[j*d.zin:(j+1)*d.zin], t[j*s.Out:(j+1)*s.Out]
		vec.Dots(row, g[:nw], s.In, q[:s.In])
		if s.Bias {
			vec.Axpy(row, q[s.In], bias)
		}
	}
	if d.negPerp == 0 {
		return
	}
	c := coef[:d.r]
	for o := range s.Out {
		for j := range c {
			c[j] = -t[j*s.Out+o]
		}
		vec.Combine(g[o*s.In:(o+1)*s.In], c, d.q, d.zin)
		if s.Bias {
			for j, x := range c {
				bias[o] += x * d.q[j*d.zin+s.In]
			}
		}
	}
	if invertible(eps) {
		vec.Scale(g, 1/eps, g)
		return
	}
	for i := range g {
		g[i] /= eps
	}
}

// invertible is whether 1/eps is a number with all its digits.
func invertible(eps float64) bool {
	a := math.Abs(eps)
	return a > 0x1p-1000 && a < 0x1p1000
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
	d.parametersFew(g, xr, y, w.yq, w.coef, b.eps)
	if b.last {
		return
	}
	ps := w.u[i*n : (i+1)*n]
	clear(ps)
	for k := range d.rows {
		row := ps[k*s.Out : (k+1)*s.Out]
		vec.Combine(row, d.u[k*d.r:k*d.r+min(d.r, k+1)], xr, s.Out)
		if d.inner {
			vec.Combine(row, y[k*s.In:(k+1)*s.In], d.few.wt, s.Out)
		}
	}
	next := w.next[i*no : (i+1)*no]
	d.mulJ(next, ps)
	if s.Skip && d.inner {
		vec.Axpy(next, 1, y)
	}
}

// parametersFew adds X_r Q₁ᵀ − δᵀy_⊥/ε to g, unit by unit; see forward and subPerp.
// rows and coef are scratch.
func (d *denseStage) parametersFew(g, xr, y, rows, coef []float64, eps float64) {
	s := d.s
	batch := 0
	var yq []float64
	if d.negPerp > 0 && y != nil && s.Delta != nil {
		batch = d.rows
		yq, rows = rows[:batch*d.r], rows[batch*d.r:]
		for k := range batch {
			vec.Dots(yq[k*d.r:(k+1)*d.r], d.q, d.zin, y[k*s.In:(k+1)*s.In])
		}
	}
	// One combination a unit, of the rows of Q₁ᵀ and y.
	for j := range d.r {
		copy(rows[j*s.In:(j+1)*s.In], d.q[j*d.zin:])
	}
	copy(rows[d.r*s.In:], y[:batch*s.In])
	divide := !invertible(eps)
	inverse := 1 / eps
	bias := g[s.Out*s.In:]
	for o := range s.Out {
		c := coef[:d.r+batch]
		for j := range d.r {
			c[j] = xr[j*s.Out+o]
		}
		for k := range batch {
			f := d.few.minus[k*s.Out+o]
			if divide {
				f /= eps
			} else {
				f *= inverse
			}
			for j := range d.r {
				c[j] -= f * yq[k*d.r+j]
			}
			c[d.r+k] = f
		}
		vec.Combine(g[o*s.In:(o+1)*s.In], c, rows, s.In)
		if s.Bias {
			for j := range d.r {
				bias[o] += c[j] * d.q[j*d.zin+s.In]
			}
		}
	}
}
