package sweep

import (
	"math"
	"sync/atomic"

	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// denseStage is a dense layer in the sweeps. A number of its states is
// indexed by (row, unit), one of its pivot block by (direction, unit) with
// r = min(rows, In + bias) directions, the columns of Q₁, where rows are those of
// the whole batch.
type denseStage struct {
	s       *system.DenseStage
	inner   bool
	rows    int // of the batch
	r       int // directions that reach the states
	zin     int // In, plus 1 with a bias
	pivot   *pivot.Block
	factors factors   // of the pivot block, to solve with: pivot itself, if real
	delta   []float64 // δ, as the perpendicular parameters couple by it
	q       []float64 // r×zin: Q₁ᵀ, orthonormal rows
	u       []float64 // rows×r, lower trapezoidal: [Z, c] = U Q₁ᵀ
	perp    []float64 // In×In: Π, nil if no parameter is perpendicular
	dd      []float64 // rows×rows: δδᵀ/ε
	scaled  []float64 // rows×Out: δ/√|ε|
	z       []float64 // rows×zin, scratch of lq, as are
	tau, w  []float64
	reach   float64 // largest squared norm of a row of U
	negPerp int     // number of perpendicular parameters
	few     bool    // whether its rows are few
	small   *small  // nil where matrices are not small
	batched bool

	// Loop bodies for bands, and what they work on.
	pull, fold, samples, joinK, addC, subPi func(lo, hi int)
	formBeside                              func()
	local                                   bool // see coupleSamples
	next, spaces                            atomic.Int32
	gap                                     int // of joinRows
	ps                                      []float64
	f                                       *values
	eps                                     float64
	scatter                                 scattering
}

// batchedFrom is the order of a pivot block up to which loops beat many small products.
const batchedFrom = 32

// rank is the number of directions of a stage's parameters that reach its states.
func rank(s *system.DenseStage) int { return min(s.BatchRows(), width(s)) }

// width is the length of a row of [Z, c].
func width(s *system.DenseStage) int {
	if s.Bias {
		return s.In + 1
	}
	return s.In
}

func newDenseStage(f *values, s *system.DenseStage, inner bool) *denseStage {
	d := &denseStage{f: f, s: s, inner: inner, rows: s.BatchRows(), r: rank(s), zin: width(s)}
	n := 0
	if inner {
		n = s.Inputs()
	}
	d.pivot = pivot.NewBlockIn(f.arena, d.r*s.Out, n)
	d.factors = d.pivot
	d.q, d.u = make([]float64, d.r*d.zin), make([]float64, d.rows*d.r)
	d.z, d.tau, d.w = make([]float64, d.rows*d.zin), make([]float64, d.r), make([]float64, d.rows)
	d.negPerp = s.Out * (d.zin - d.r)
	if inner && d.negPerp > 0 {
		d.perp, d.dd = make([]float64, s.In*s.In), make([]float64, d.rows*d.rows)
		d.scaled = make([]float64, d.rows*s.Out)
	}
	d.batched = d.pivot.M > batchedFrom
	d.few, d.small = isFew(s), newSmall(f.backend, s, inner)
	d.formBeside = func() { d.coupleFirst(f.serial, nil) }
	d.pull, d.fold, d.samples, d.joinK = d.pullRows, d.foldRows, d.coupleSamples, d.joinRows
	d.subPi = d.subtractPerp
	d.local = inner && d.batched && !passes(s) && isLocal(s)
	if s.Gather != nil {
		d.addC, d.subPi = d.addGatheredCoupling, d.subtractGatheredPerp
	}
	d.scatter.body = d.scatterRows
	return d
}

func (d *denseStage) size() (pivot, in, out int) { return d.pivot.M, d.pivot.N, d.s.Outputs() }

func (d *denseStage) scratch() (u, gr, yq, rows int) {
	if d.s.Gather != nil {
		rows = d.rows * d.s.In
	}
	yq = d.rows * d.r
	if d.few {
		yq += (d.r + d.rows) * d.s.Out
	}
	return d.rows * d.s.Out, d.pivot.M, yq, rows
}

// point computes [Z, c] = U Q₁ᵀ by Householder reflections, so that Q₁ᵀ has orthonormal
// rows even where samples repeat.
func (d *denseStage) point(st system.Stage) {
	s := st.(*system.DenseStage)
	d.s, d.delta = s, s.Delta
	for n := range d.rows {
		s.AugmentedRow(d.z[n*d.zin:(n+1)*d.zin], n)
	}
	lq(d.rows, d.zin, d.z, d.u, d.q, d.tau, d.w)
	d.reach = 0
	for n := range d.rows {
		row := d.u[n*d.r : (n+1)*d.r]
		d.reach = max(d.reach, vec.Dot(row, row))
	}
	d.small.take(s, d.q, d.r, d.zin)
}

// eliminate forms S, K and the next P and eliminates the stage; see the package for
// the formulas.
func (d *denseStage) eliminate(f *values, k int, eps float64, definite bool, p *pivot.Stats) {
	if d.small != nil && d.small.fits {
		d.eliminateSmall(f, k, eps, definite, p)
		d.pivotsOf(eps, k, p)
		return
	}
	f.untile()
	be := f.backend
	d.formPivot(f, eps)
	p.Spread = max(p.Spread, vec.MaxMagnitude(f.most[:d.rows*d.s.Out])*d.reach)
	switch {
	case !d.inner:
		d.pivot.Factor(be, f.work, definite, p, k)
	case f.beside != nil && d.pivot.M >= pivot.BesideOrder:
		// Pivoting keeps one thread busy; another forms what S couples to, and then helps.
		d.share(be)
		f.beside.Start(d.formBeside)
		d.pivot.Factor(be, f.work, definite, p, k)
		if d.bySamples() {
			d.coupleSamples(0, 0)
		}
		f.beside.Join()
		d.coupleRest(be, f.bands)
	default:
		d.form(be, f.bands)
		d.pivot.Factor(be, f.work, definite, p, k)
	}
	if d.pivotsOf(eps, k, p) && d.inner {
		d.pivot.Couple(be, f.bands, f.next, f.v)
		f.mirrorNext(d.pivot.N)
	}
}

// formPivot overwrites P with P_s and forms S = εI + (U⊗I)ᵀ P_s (U⊗I), its lower
// triangle at least.
func (d *denseStage) formPivot(f *values, eps float64) {
	s, be := d.s, f.backend
	n, m := d.rows*s.Out, d.pivot.M
	d.ps, d.eps = d.pullBack(f), eps
	if d.batched {
		f.bands.Rows(s.Out, n*n+m*m, d.fold)
	} else {
		f.bands.Rows(n, n*n, d.pull)
		// t1 = (Uᵀ⊗I) P_s, S = εI + t1 (U⊗I), one triangle.
		be.Gemm(blas.Trans, blas.NoTrans, d.r, s.Out*n, d.rows, 1, d.u, d.r, d.ps, s.Out*n, 0, f.t1, s.Out*n)
		for i := range m {
			d.compress(i/s.Out+1, d.pivot.S[i*m:(i+1)*m], f.t1[i*n:(i+1)*n])
		}
	}
	for i := range m {
		d.pivot.S[i*m+i] += eps
	}
}

// pivotsOf adds the pivots of the perpendicular parameters, all of them eps, to p, and
// reports false if they are zero.
func (d *denseStage) pivotsOf(eps float64, k int, p *pivot.Stats) bool {
	switch {
	case d.negPerp == 0:
		return true
	case eps == 0:
		p.Finite, p.Block, p.Row = false, k, d.pivot.M
		return false
	case eps < 0:
		p.Negative += d.negPerp
	}
	p.AddLog(float64(d.negPerp)*d.f.logAbs(eps), 0)
	return true
}

// bySamples reports whether coupleFirst is work that threads share out by samples.
func (d *denseStage) bySamples() bool { return d.s.Gather == nil && !passes(d.s) }

// share prepares coupleFirst.
func (d *denseStage) share(be blas.Backend) {
	d.next.Store(0)
	d.spaces.Store(0)
	if d.bySamples() && d.isPerpendicular() {
		d.perpendicular(be)
	}
}

// form forms K in the pivot block and what it is subtracted from in f.next.
func (d *denseStage) form(be blas.Backend, rows *pivot.Bands) {
	d.share(be)
	d.coupleFirst(be, rows)
	d.coupleRest(be, rows)
}

// coupleFirst and coupleRest are the parts of form; the second waits until all threads have
// done with the first.
func (d *denseStage) coupleFirst(be blas.Backend, rows *pivot.Bands) {
	switch {
	case d.bySamples():
		n := d.rows * d.s.Out
		rows.Each(n*d.pivot.N, d.samples)
	case d.s.Gather == nil && d.s.Pass == nil:
		d.coupleSkip(be, rows)
	default:
		d.coupleRows(be, rows)
	}
}

func (d *denseStage) coupleRest(be blas.Backend, rows *pivot.Bands) {
	if d.bySamples() && !d.local {
		d.joinAll(rows, couplingGap)
	}
	if d.isPerpendicular() && !d.bySamples() {
		d.perpendicular(be)
		// Ranges of rows of the batch, or with a gather, which mixes the rows of a
		// sample, of samples.
		n := d.rows
		if d.s.Gather != nil {
			n = d.s.Batch
		}
		rows.Triangle(n, d.pivot.N*d.pivot.N/2, d.subPi)
	}
}

// isPerpendicular reports whether there are parameters X_⊥ that couple to the inputs.
func (d *denseStage) isPerpendicular() bool {
	return d.negPerp > 0 && d.delta != nil && d.eps != 0 && !math.IsInf(d.eps, 0)
}

// pullBack overwrites P, on the outputs, with JᵀPJ on the pre-activations, and returns
// it: in f.p, or for a stage with a skip or a pass, where P itself is still needed, in
// f.t1's second part. A diagonal J, and Q, are left to pullRow.
func (d *denseStage) pullBack(f *values) []float64 {
	s, be := d.s, f.backend
	n, no := d.rows*s.Out, s.Outputs()
	p := f.p[:no*no]
	keep := d.inner && passes(s)
	if keep {
		pu := f.t1[firstPart(s):][:n*n]
		if !s.J.HasBlocks() {
			copy(pu, p)
		}
		p = pu
	}
	if s.J.HasBlocks() {
		t := f.t1[:no*n]
		timesMap(be, f.room, t, f.p, no, &s.J)
		if !keep {
			p = f.p[:n*n] // J need not be square
		}
		transMapTimes(be, f.room, p, t, n, &s.J)
	}
	return p
}

// compress computes the first count rows of dst (r×Out) = Uᵀ src (rows×Out): of
// a row (j, ·) of S the lower triangle needs the columns up to j.
func (d *denseStage) compress(count int, dst, src []float64) {
	out := d.s.Out
	clear(dst[:count*out])
	for n := range d.rows {
		x := src[n*out : (n+1)*out]
		for j := range min(count, n+1) {
			vec.Axpy(dst[j*out:(j+1)*out], d.u[n*d.r+j], x)
		}
	}
}

// coupleSkip forms K in the pivot block and the lower triangle of (I⊗W)ᵀ P_s (I⊗W) in
// f.next, for a stage with a skip with the terms of y itself:
//
//	K = (U⊗I)ᵀ (P_s (I⊗W) + JᵀP),   P ← (I⊗W)ᵀ P_s (I⊗W) + (I⊗W)ᵀ JᵀP + PJ (I⊗W) + P
func (d *denseStage) coupleSkip(be blas.Backend, rows *pivot.Bands) {
	s, f, pu := d.s, d.f, d.ps
	n, in, ni := d.rows*s.Out, s.In, d.pivot.N
	t2 := f.t2[:n*ni]
	d.transJ(be, t2, f.p[:n*n])
	// PJ(I⊗W) = (JᵀP)ᵀ(I⊗W), one triangle of which is needed.
	y := f.next[:ni*ni]
	copy(y, f.p[:n*n])
	pj := f.t1[:n*n]
	vec.Transpose(pj, n, t2, n, n, n)
	be.Gemm(blas.NoTrans, blas.NoTrans, n*d.rows, in, s.Out, 1, pj, s.Out, s.W, in, 1, y, in)
	be.Gemm(blas.NoTrans, blas.NoTrans, n*d.rows, in, s.Out, 1, pu, s.Out, s.W, in, 1, t2, in)
	d.joinAll(rows, 0)
	for b := range d.rows {
		be.Gemm(blas.Trans, blas.NoTrans, in, (b+1)*in, s.Out, 1, s.W, in, t2[b*s.Out*ni:], ni, 1, y[b*in*ni:], ni)
	}
}

// transJ computes dst = JᵀP, of which P is of the order of the outputs.
func (d *denseStage) transJ(be blas.Backend, dst, p []float64) {
	if d.s.J.IsZero() {
		copy(dst, p)
		return
	}
	transMapTimes(be, d.f.room, dst, p, d.s.Outputs(), &d.s.J)
}

// perpendicular computes Π and δδᵀ/ε for the elimination of the parameters X_⊥, whose
// pivots are all ε: P −= (1/ε) Aᵀ(δδᵀ⊗Π)A. The square of δ alone could under- or overflow
// where its quotient by ε does not.
func (d *denseStage) perpendicular(be blas.Backend) {
	s := d.s
	in := s.In
	clear(d.perp)
	for i := range in {
		d.perp[i*in+i] = 1
	}
	be.Gemm(blas.Trans, blas.NoTrans, in, in, d.r, -1, d.q, d.zin, d.q, d.zin, 1, d.perp, in)
	root := math.Sqrt(math.Abs(d.eps))
	for i, v := range d.delta {
		d.scaled[i] = v / root
	}
	be.Gemm(blas.NoTrans, blas.Trans, d.rows, d.rows, s.Out, math.Copysign(1, d.eps), d.scaled, s.Out, d.scaled, s.Out, 0, d.dd, d.rows)
}
