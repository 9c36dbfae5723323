package factor

import (
	"math"

	"costate/la/blas"
)

// sweepSpace is the workspace of one solve by the sweeps of Chain. The rows of
// a batch array are right-hand sides first, then samples.
type sweepSpace struct {
	t       [][]float64 // per stage nrhs×m: L⁻¹ P h, then x_r
	p, next []float64   // nrhs×N: linear part of the value, then y
	u       []float64   // nrhs×N: on the pre-activations
	gr      []float64   // r×Out
	yq      []float64   // Batch×r
	scratch []float64   // m
}

// solve runs the sweeps on the nrhs rows of x, which hold right-hand sides and
// get the solutions.
func (f *Chain) solve(x []float64, nrhs int) {
	w := f.spaces.get()
	defer f.spaces.put(w)
	f.sizeSpace(w, nrhs)
	last := f.stages[len(f.stages)-1]
	_, _, out := last.size()
	clear(w.p[:nrhs*out])
	for k := len(f.stages) - 1; k >= 0; k-- {
		f.stages[k].back(f, w, k, x, nrhs)
	}
	for k := range f.stages {
		f.stages[k].forward(f, w, k, x, nrhs)
	}
}

func (f *Chain) sizeSpace(w *sweepSpace, nrhs int) {
	if len(w.t) != len(f.stages) {
		w.t = make([][]float64, len(f.stages))
	}
	widest, pivot, small, gr := 0, 0, 0, 0
	for k, e := range f.stages {
		m, in, out := e.size()
		w.t[k] = resize(w.t[k], nrhs*m)
		widest, pivot = max(widest, in, out, m), max(pivot, m)
		if d, ok := e.(*denseStage); ok {
			small = max(small, d.s.Batch*d.r)
			gr = max(gr, m)
			widest = max(widest, d.s.Batch*d.s.Out)
		}
	}
	w.p, w.next, w.u = resize(w.p, nrhs*widest), resize(w.next, nrhs*widest), resize(w.u, nrhs*widest)
	w.gr, w.yq, w.scratch = resize(w.gr, gr), resize(w.yq, small), resize(w.scratch, pivot)
}

// back: with p_s = Jᵀp,
//
//	h   = vec(G Q₁) + (U⊗I)ᵀ p_s,     G_⊥ = (G − G Q₁Q₁ᵀ)/ε      (kept in x)
//	p  ← (I⊗W)ᵀ p_s − Kᵀ S⁻¹ h − δ G_⊥     (+ p with a skip)
func (d *denseStage) back(f *Chain, w *sweepSpace, k int, x []float64, nrhs int) {
	s, be := d.s, f.backend()
	n, no, m, ni := s.Batch*s.Out, s.Outputs(), d.pivot.m, d.pivot.n
	eps := f.eps[k]
	for i := range nrhs {
		p, ps := w.p[i*no:(i+1)*no], w.u[i*n:(i+1)*n]
		d.mulTransJ(ps, p)
		t := w.t[k][i*m : (i+1)*m]
		g := x[i*f.n+f.offsets[k]:][:s.Params()]
		d.project(be, g, t, w.gr)
		if d.negPerp > 0 {
			for j := range g {
				g[j] /= eps
			}
		}
		be.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out, s.Batch, 1, d.u, d.r, ps, s.Out, 1, t, s.Out)
		if !d.inner {
			continue
		}
		next := w.next[i*ni : (i+1)*ni]
		if s.Skip {
			copy(next, p)
		} else {
			clear(next)
		}
		be.Gemm(blas.NoTrans, blas.NoTrans, s.Batch, s.In, s.Out, 1, ps, s.Out, s.W, s.In, 1, next, s.In)
		if d.negPerp > 0 && s.Delta != nil {
			be.Gemm(blas.NoTrans, blas.NoTrans, s.Batch, s.In, s.Out, -1, s.Delta, s.Out, g, s.In, 1, next, s.In)
		}
	}
	d.pivot.lower(be, w.t[k], nrhs, w.scratch)
	if d.inner {
		d.pivot.subCoupled(be, w.next, w.t[k], nrhs)
		w.p, w.next = w.next, w.p
	}
}

// project splits the parameters G (Out×In, then Out biases) into
// t (r×Out) = (G Q₁)ᵀ and G_⊥ = G − G Q₁Q₁ᵀ, which overwrites g.
func (d *denseStage) project(be blas.Backend, g, t, gr []float64) {
	s := d.s
	nw := s.Out * s.In
	if s.In > 0 {
		be.Gemm(blas.NoTrans, blas.Trans, d.r, s.Out, s.In, 1, d.q, d.zin, g[:nw], s.In, 0, t, s.Out)
	} else {
		clear(t)
	}
	if s.Bias {
		for j := range d.r {
			q := d.q[j*d.zin+s.In]
			for o, v := range g[nw:] {
				t[j*s.Out+o] += q * v
			}
		}
	}
	if d.negPerp == 0 {
		return
	}
	copy(gr, t)
	d.unproject(be, g, gr, -1)
}

// unproject adds alpha X_rᵀ Q₁ᵀ to the parameters g, for X_r (r×Out).
func (d *denseStage) unproject(be blas.Backend, g, xr []float64, alpha float64) {
	s := d.s
	nw := s.Out * s.In
	if s.In > 0 {
		be.Gemm(blas.Trans, blas.NoTrans, s.Out, s.In, d.r, alpha, xr, s.Out, d.q, d.zin, 1, g[:nw], s.In)
	}
	if s.Bias {
		for j := range d.r {
			q := alpha * d.q[j*d.zin+s.In]
			for o := range s.Out {
				g[nw+o] += q * xr[j*s.Out+o]
			}
		}
	}
}

// forward: x_r = S⁻¹(h − K y), X_⊥ = G_⊥ − δᵀy_⊥/ε with
// y_⊥ = [y, 0](I − Q₁Q₁ᵀ), X = X_rᵀQ₁ᵀ + X_⊥, s = y Wᵀ + U X_r,
// y ← J s (+ y with a skip).
func (d *denseStage) forward(f *Chain, w *sweepSpace, k int, x []float64, nrhs int) {
	s, be := d.s, f.backend()
	n, no, m, ni := s.Batch*s.Out, s.Outputs(), d.pivot.m, d.pivot.n
	eps := f.eps[k]
	t := w.t[k]
	d.pivot.joinState(be, t, w.p, nrhs)
	d.pivot.upper(be, t, nrhs, w.scratch)
	for i := range nrhs {
		g := x[i*f.n+f.offsets[k]:][:s.Params()]
		xr := t[i*m : (i+1)*m]
		var y []float64
		if d.inner {
			y = w.p[i*ni : (i+1)*ni]
		}
		switch {
		case d.negPerp == 0:
			clear(g)
		case d.inner && s.Delta != nil:
			d.subPerp(be, g, y, w.yq, w.gr, 1/eps)
		}
		d.unproject(be, g, xr, 1)
		if k == len(f.stages)-1 {
			continue
		}
		ps := w.u[i*n : (i+1)*n]
		be.Gemm(blas.NoTrans, blas.NoTrans, s.Batch, s.Out, d.r, 1, d.u, d.r, xr, s.Out, 0, ps, s.Out)
		if d.inner {
			be.Gemm(blas.NoTrans, blas.Trans, s.Batch, s.Out, s.In, 1, y, s.In, s.W, s.In, 1, ps, s.Out)
		}
		next := w.next[i*no : (i+1)*no]
		d.mulJ(next, ps)
		if s.Skip && d.inner {
			for j, v := range y {
				next[j] += v
			}
		}
	}
	w.p, w.next = w.next, w.p
}

// subPerp computes g −= alpha δᵀ y_⊥ over weights and biases, with
// y_⊥ = [y, 0] − (y Q₁) Q₁ᵀ.
func (d *denseStage) subPerp(be blas.Backend, g, y, yq, dyq []float64, alpha float64) {
	s := d.s
	nw := s.Out * s.In
	be.Gemm(blas.NoTrans, blas.Trans, s.Batch, d.r, s.In, 1, y, s.In, d.q, d.zin, 0, yq, d.r)
	be.Gemm(blas.Trans, blas.NoTrans, s.Out, s.In, s.Batch, -alpha, s.Delta, s.Out, y, s.In, 1, g[:nw], s.In)
	// δᵀ y Q₁, stored r×Out, goes back through Q₁ᵀ.
	be.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out, s.Batch, 1, yq, d.r, s.Delta, s.Out, 0, dyq, s.Out)
	d.unproject(be, g, dyq, alpha)
}

// mulJ computes dst = J src, mulTransJ dst = Jᵀ src, over the batch.
func (d *denseStage) mulJ(dst, src []float64) {
	j := &d.s.J
	switch {
	case j.Diag != nil:
		for i, v := range j.Diag {
			dst[i] = v * src[i]
		}
	case j.Full != nil:
		for r := range dst {
			x := src[r/j.Rows*j.Cols:][:j.Cols]
			sum := 0.0
			for c, v := range j.Full[r*j.Cols : (r+1)*j.Cols] {
				sum += v * x[c]
			}
			dst[r] = sum
		}
	default:
		copy(dst, src)
	}
}

func (d *denseStage) mulTransJ(dst, src []float64) {
	j := &d.s.J
	switch {
	case j.Diag != nil:
		for i, v := range j.Diag {
			dst[i] = v * src[i]
		}
	case j.Full != nil:
		clear(dst)
		for r, x := range src {
			out := dst[r/j.Rows*j.Cols:][:j.Cols]
			for c, v := range j.Full[r*j.Cols : (r+1)*j.Cols] {
				out[c] += v * x
			}
		}
	default:
		copy(dst, src)
	}
}

func logAbs(x float64) float64 { return math.Log(math.Abs(x)) }

// maxLower is the largest absolute value in the lower triangle of a, NaN if
// there is one in it. Without their signs the bits of numbers are in the order
// of the numbers, and integers compare faster.
func maxLower(a []float64, n int) float64 {
	const sign = 1 << 63
	var m0, m1, m2, m3 uint64
	for i := range n {
		row := a[i*n : i*n+i+1]
		for ; len(row) >= 4; row = row[4:] {
			m0 = max(m0, math.Float64bits(row[0])&^sign)
			m1 = max(m1, math.Float64bits(row[1])&^sign)
			m2 = max(m2, math.Float64bits(row[2])&^sign)
			m3 = max(m3, math.Float64bits(row[3])&^sign)
		}
		for _, v := range row {
			m0 = max(m0, math.Float64bits(v)&^sign)
		}
	}
	return math.Float64frombits(max(m0, m1, m2, m3))
}
