package sweep

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// solveSpace is the workspace of one solve. The rows of a batch array are
// right-hand sides first, then samples.
type solveSpace struct {
	t       [][]float64 // per stage nrhs×m: L⁻¹ P h, then x_r
	p, next []float64   // nrhs×N: linear part of the value, then y
	u       []float64   // nrhs×N: on the pre-activations
	gr      []float64   // r×Out
	yq      []float64   // rows×r
	rows    []float64   // rows×In
	scratch []float64   // m, of complex factors nrhs×m
	turn    turn

	sized [2]int // right-hand sides, and rows of scratch, that there is room for
}

// A turn is one stage's part of a solve.
type turn struct {
	backend blas.Backend
	x       []float64 // right-hand sides by rows, then solutions
	n, off  int       // length of a row, and the stage's first parameter in it
	t       []float64 // nrhs×m, the stage's own
	eps     float64
	nrhs    int
	last    bool // of the chain

	// With complex factors the rows of t are the real parts of all vectors, and then
	// their imaginary ones, while x has the two parts of a vector one after the other,
	// and inverse is 1/ε; else it is zero.
	complex bool
	inverse complex128

	follower Follower // nil where nobody follows
}

// A Follower is told how far a solve has come.
type Follower interface {
	// Came says that the solution is there in the parameters of so many stages, the first
	// ones.
	Came(stages int)
}

// factors are the factors of a pivot block, to solve with: pivot.Block, or for pairs
// of rows pivot.Complex, whose methods these are.
type factors interface {
	Lower(be blas.Backend, t []float64, nrhs int, scratch []float64)
	SubCoupled(be blas.Backend, p, t []float64, nrhs int)
	JoinState(be blas.Backend, t, y []float64, nrhs int)
	Upper(be blas.Backend, t []float64, nrhs int, scratch []float64)
}

// params is the stage's part of row i of the right-hand sides.
func (b *turn) params(i, count int) []float64 {
	if b.complex { // there the parts of a vector stand together
		i = 2*i%b.nrhs + 2*i/b.nrhs
	}
	return b.x[i*b.n+b.off:][:count]
}

// Solve overwrites each of the nrhs rows of x, right-hand sides, with the
// solution.
func (f *Engine) Solve(x []float64, nrhs int) { f.SolveSteps(x, nrhs, nil) }

// SolveSteps is Solve for a follower.
func (f *Engine) SolveSteps(x []float64, nrhs int, follower Follower) {
	w := f.spaces.Get()
	defer f.spaces.Put(w)
	f.sizeSpace(w, nrhs, 1)
	w.turn = turn{backend: f.backend, x: x, n: f.n, nrhs: nrhs, follower: follower}
	f.solve(w)
	w.turn.follower = nil
}

// solve is both sweeps, with what the turn of w has for all stages.
func (f *Engine) solve(w *solveSpace) {
	b := &w.turn
	last := len(f.stages) - 1
	_, _, out := f.stages[last].size()
	clear(w.p[:b.nrhs*out])
	zero := !b.complex // so far
	for k := last; k >= 0; k-- {
		b.off, b.t, b.eps, b.last = f.offsets[k], w.t[k], f.eps[k], k == last
		if zero = zero && b.isZero(f.offsets[k+1]-b.off); zero {
			// Unit vectors: nothing comes from behind them.
			_, in, _ := f.stages[k].size()
			clear(b.t)
			clear(w.p[:b.nrhs*in])
			continue
		}
		f.stages[k].back(w, b)
	}
	for k := range f.stages {
		b.off, b.t, b.eps, b.last = f.offsets[k], w.t[k], f.eps[k], k == last
		f.stages[k].forward(w, b)
		if b.follower != nil {
			b.follower.Came(k + 1)
		}
	}
}

// isZero reports whether the stage's part of all right-hand sides, of count numbers, is zero.
func (b *turn) isZero(count int) bool {
	for i := range b.nrhs {
		if vec.MaxMagnitude(b.params(i, count)) != 0 {
			return false
		}
	}
	return true
}

// sizeSpace makes room for nrhs rows, and for so many rows of scratch.
func (f *Engine) sizeSpace(w *solveSpace, nrhs, scratch int) {
	if w.sized == [2]int{nrhs, scratch} {
		return
	}
	w.sized = [2]int{nrhs, scratch}
	if len(w.t) != len(f.stages) {
		w.t = make([][]float64, len(f.stages))
	}
	widest, pivot, gr, yq, rows := 0, 0, 0, 0, 0
	for k, e := range f.stages {
		m, in, out := e.size()
		w.t[k] = space.Resize(w.t[k], nrhs*m)
		u, g, y, r := e.scratch()
		widest, pivot = max(widest, in, out, m, u), max(pivot, m)
		gr, yq, rows = max(gr, g), max(yq, y), max(rows, r)
	}
	w.p, w.next, w.u = space.Resize(w.p, nrhs*widest), space.Resize(w.next, nrhs*widest), space.Resize(w.u, nrhs*widest)
	w.gr, w.yq, w.scratch = space.Resize(w.gr, gr), space.Resize(w.yq, yq), space.Resize(w.scratch, scratch*pivot)
	w.rows = space.Resize(w.rows, rows)
}

// back: with p_s = Jᵀp,
//
//	h   = vec(G Q₁) + (U⊗I)ᵀ p_s,     G_⊥ = (G − G Q₁Q₁ᵀ)/ε      (kept in x)
//	p  ← Aᵀ((I⊗W)ᵀ p_s − δ G_⊥) − Kᵀ S⁻¹ h     (+ p with a skip, Tᵀp with a pass)
func (d *denseStage) back(w *solveSpace, b *turn) {
	s, be, nrhs := d.s, b.backend, b.nrhs
	n, no, m, ni := d.rows*s.Out, s.Outputs(), d.pivot.M, d.pivot.N
	for i := range nrhs {
		if d.few {
			d.backFew(w, b, i)
			continue
		}
		p, ps := w.p[i*no:(i+1)*no], w.u[i*n:(i+1)*n]
		d.mulTransJ(ps, p)
		t := b.t[i*m : (i+1)*m]
		d.project(be, b.params(i, s.Params()), t, w.gr)
		be.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out, d.rows, 1, d.u, d.r, ps, s.Out, 1, t, s.Out)
	}
	if !d.few && d.negPerp > 0 {
		b.divide(s.Params())
	}
	for i := range nrhs {
		if d.few || !d.inner {
			break
		}
		p, ps := w.p[i*no:(i+1)*no], w.u[i*n:(i+1)*n]
		g := b.params(i, s.Params())
		next := w.next[i*ni : (i+1)*ni]
		if s.Skip {
			copy(next, p)
		} else {
			clear(next)
			if s.Pass != nil {
				s.Pass.J.MulTransAdd(next, p)
			}
		}
		to := next
		if s.Gather != nil {
			to = w.rows[:d.rows*s.In]
			clear(to)
		}
		be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, s.In, s.Out, 1, ps, s.Out, s.W, s.In, 1, to, s.In)
		if d.negPerp > 0 && s.Delta != nil {
			be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, s.In, s.Out, -1, s.Delta, s.Out, g, s.In, 1, to, s.In)
		}
		if s.Gather != nil {
			s.ScatterAdd(next, to)
		}
	}
	d.factors.Lower(be, b.t, nrhs, w.scratch)
	if d.inner {
		d.factors.SubCoupled(be, w.next, b.t, nrhs)
		w.p, w.next = w.next, w.p
	}
}

// divide divides the stage's part of the right-hand sides, of count numbers, by ε.
func (b *turn) divide(count int) {
	if !b.complex {
		for i := range b.nrhs {
			g := b.params(i, count)
			for j := range g {
				g[j] /= b.eps
			}
		}
		return
	}
	f, h := real(b.inverse), imag(b.inverse)
	for i := range b.nrhs / 2 {
		re, im := b.params(i, count), b.params(i+b.nrhs/2, count)
		for j, x := range re {
			y := im[j]
			re[j], im[j] = f*x-h*y, f*y+h*x
		}
	}
}

// other is the row that has the other part of the complex vector of row i, and what of
// 1/ε it is multiplied by on the way to row i.
func (b *turn) other(i int) (row int, factor float64) {
	if half := b.nrhs / 2; i < half {
		return i + half, -imag(b.inverse)
	} else {
		return i - half, imag(b.inverse)
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
// y_⊥ = [A y, 0](I − Q₁Q₁ᵀ), X = X_rᵀQ₁ᵀ + X_⊥, s = (A y) Wᵀ + U X_r,
// y ← J s (+ y with a skip, T y with a pass).
func (d *denseStage) forward(w *solveSpace, b *turn) {
	s, be, nrhs := d.s, b.backend, b.nrhs
	n, no, m, ni := d.rows*s.Out, s.Outputs(), d.pivot.M, d.pivot.N
	t := b.t
	d.factors.JoinState(be, t, w.p, nrhs)
	d.factors.Upper(be, t, nrhs, w.scratch)
	for i := range nrhs {
		if d.few {
			d.forwardFew(w, b, i)
			continue
		}
		g := b.params(i, s.Params())
		xr := t[i*m : (i+1)*m]
		if d.negPerp == 0 {
			clear(g)
		}
		coupled := d.inner && d.negPerp > 0 && s.Delta != nil
		alpha := 1 / b.eps
		if coupled && b.complex {
			other, beta := b.other(i)
			alpha = real(b.inverse)
			d.subPerp(be, g, s.GatherRows(w.rows, w.p[other*ni:(other+1)*ni]), w.yq, w.gr, beta)
		}
		var y, rows []float64
		if d.inner {
			y = w.p[i*ni : (i+1)*ni]
			rows = s.GatherRows(w.rows, y)
		}
		if coupled {
			d.subPerp(be, g, rows, w.yq, w.gr, alpha)
		}
		d.unproject(be, g, xr, 1)
		if b.last {
			continue
		}
		ps := w.u[i*n : (i+1)*n]
		be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, s.Out, d.r, 1, d.u, d.r, xr, s.Out, 0, ps, s.Out)
		if d.inner {
			be.Gemm(blas.NoTrans, blas.Trans, d.rows, s.Out, s.In, 1, rows, s.In, s.W, s.In, 1, ps, s.Out)
		}
		next := w.next[i*no : (i+1)*no]
		d.mulJ(next, ps)
		switch {
		case !d.inner:
		case s.Skip:
			for j, v := range y {
				next[j] += v
			}
		case s.Pass != nil:
			s.Pass.J.MulAdd(next, y)
		}
	}
	w.p, w.next = w.next, w.p
}

// subPerp computes g −= alpha δᵀ y_⊥ over weights and biases, with
// y_⊥ = [y, 0] − (y Q₁) Q₁ᵀ for the gathered rows y.
func (d *denseStage) subPerp(be blas.Backend, g, y, yq, dyq []float64, alpha float64) {
	s := d.s
	nw := s.Out * s.In
	be.Gemm(blas.NoTrans, blas.Trans, d.rows, d.r, s.In, 1, y, s.In, d.q, d.zin, 0, yq, d.r)
	be.Gemm(blas.Trans, blas.NoTrans, s.Out, s.In, d.rows, -alpha, s.Delta, s.Out, y, s.In, 1, g[:nw], s.In)
	// δᵀ y Q₁, stored r×Out, goes back through Q₁ᵀ.
	be.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out, d.rows, 1, yq, d.r, s.Delta, s.Out, 0, dyq, s.Out)
	d.unproject(be, g, dyq, alpha)
}

// mulJ computes dst = J src, mulTransJ dst = Jᵀ src, over the batch.
func (d *denseStage) mulJ(dst, src []float64) {
	j := &d.s.J
	switch {
	case j.Diag != nil:
		vec.Mul(dst[:len(j.Diag)], j.Diag, src)
	case j.HasBlocks():
		j.MulTo(dst, src)
	default:
		copy(dst, src)
	}
}

func (d *denseStage) mulTransJ(dst, src []float64) {
	j := &d.s.J
	switch {
	case j.Diag != nil:
		vec.Mul(dst[:len(j.Diag)], j.Diag, src)
	case j.HasBlocks():
		clear(dst)
		j.MulTransAdd(dst, src)
	default:
		copy(dst, src)
	}
}
