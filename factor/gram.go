package factor

import (
	"errors"
	"math"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// Gram factors H + εI for a Gauss–Newton chain in output space. With J the
// derivative of the network's outputs (Batch·c of them) in the parameters and
// R Rᵀ the Hessian of the loss in the outputs, J̃ = RᵀJ gives H = J̃ᵀJ̃, of rank
// at most Batch·c however deep the network, and
//
//	(J̃ᵀJ̃ + D)⁻¹ = D⁻¹ − D⁻¹J̃ᵀ S⁻¹ J̃D⁻¹,   S = I + J̃D⁻¹J̃ᵀ,   D = diag(ε)
//	log|det(H + D)| = log|det D| + log|det S|
//
// The Gram matrix J̃J̃ᵀ is summed stage by stage without forming J̃: with the r
// columns of R backpropagated to Δ_k (one row per column and sample, the samples
// of a column together),
//
//	J̃J̃ᵀ = Σ_k (Δ_k Δ_kᵀ) ⊙ (1 1ᵀ ⊗ z̄_{k-1} z̄_{k-1}ᵀ)
//
// It costs (Batch·r)² Σ a_k + (Batch·r)³/3 flops; another ε only the second
// term. r is the greatest rank of the loss's Hessian in a sample, which for softmax
// is c−1. S is factored by Cholesky for ε > 0, by Bunch–Kaufman otherwise.
//
// Solutions are refined as with every method. The log-determinant has an error of about
// u‖H‖/ε for each of the eigenvalues of S that are 1, Batch·r less the rank of H of
// them: where there are more rows of J̃ than parameters and ε is tiny, Dense has
// the better one.
//
// Only chains of Dense stages without second-derivative terms are taken: see
// system.Chain.GaussNewton. The zero value is ready for Analyse. See
// Factorization for the phases, the accuracy and the errors.
//
// Source: the push-through (Woodbury) identity; for networks Y. Ren and D.
// Goldfarb, Efficient subsampled Gauss–Newton and natural gradient methods for
// training neural networks, arXiv:1906.02353 (2019).
type Gram struct {
	guard
	q      int // Batch·r, the rows of J̃
	root   *lossRoot
	gram   []float64   // q×q, lower triangle: J̃J̃ᵀ
	deltas [][]float64 // per stage q×Out: Δ_k
	lambda []float64   // q×widest
	other  []float64
	zz     [][]float64 // per stage Batch×Batch: z̄z̄ᵀ; nil where r is 1
	pivot  *pivotBlock
	work   []float64
	eps    []float64 // damping of the factors at hand

	bands     *bands
	serial    blas.Backend // the backend, with one thread
	sumBody   func(from, to int)
	shiftBody func(from, to int)
	zzBody    func(from, to int)
	claimed   atomic.Int64 // panels of sum, or stages, that threads have taken
	dst       []float64    // what sum computes
	weights   []float64
	inverse   []float64 // 1/ε by stage
	panels    pool[panelSpace]

	spaces pool[outputSpace]
}

// panelSpace is the workspace of one thread of sum.
type panelSpace struct {
	pair []float64 // gramPanel×q: one stage's part
	zz   []float64 // gramPanel×Batch: rows of z̄z̄ᵀ
}

// outputSpace is the workspace of one solve.
type outputSpace struct {
	chain   *system.Chain
	product *system.Product
	v, d    []float64 // parameters
	w, t    []float64 // outputs
}

var _ Factorization = (*Gram)(nil)

// ErrNotGaussNewton is returned by (*Gram).Analyse for a chain that is not of
// the form J̃ᵀJ̃, or that has stages without per-sample structure.
var ErrNotGaussNewton = errors.New("factor: output space needs a Gauss–Newton chain of dense stages with a convex loss")

// Analyse prepares for chains of the shapes of c; see Factorization. It returns
// ErrNotGaussNewton for other chains than Gauss–Newton ones of dense stages.
func (f *Gram) Analyse(c *system.Chain, opts *Options) error {
	*f = Gram{}
	if err := f.begin(f, c, opts); err != nil {
		return err
	}
	if !isGaussNewton(c) {
		f.kernel = nil
		return ErrNotGaussNewton
	}
	if err := f.plan("the Gram matrix of the outputs", GramCost(c)); err != nil {
		f.kernel = nil
		return err
	}
	f.root = newLossRoot(&c.Loss)
	f.deltas, f.zz = make([][]float64, len(c.Stages)), make([][]float64, len(c.Stages))
	f.bands, f.sumBody, f.shiftBody = newBands(f.opts.Backend.Threads()), f.sumPanels, f.shiftRows
	f.zzBody = f.sampleGrams
	f.serial = oneThread(f.opts.Backend)
	f.eps, f.inverse = make([]float64, len(c.Stages)), make([]float64, len(c.Stages))
	if err := f.take(); err != nil {
		f.kernel = nil
		return err
	}
	return nil
}

// Update takes a new point; see Factorization. It returns ErrNotGaussNewton as
// Analyse does.
func (f *Gram) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	f.failed = f.take()
	return f.failed
}

// isGaussNewton reports whether c has the form that Gram takes.
func isGaussNewton(c *system.Chain) bool {
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok || d.Batch != c.Loss.Batch {
			return false
		}
	}
	return c.IsGaussNewton()
}

// take backpropagates the columns of R and sums the Gram matrix.
func (f *Gram) take() error {
	if !isGaussNewton(f.chain) || !f.root.point(&f.chain.Loss) {
		return ErrNotGaussNewton
	}
	c, batch := f.root.c, f.root.batch
	f.size(batch * f.root.width)
	// Row j·Batch+n of λ is column j of R for sample n.
	for j := range f.root.width {
		for n := range batch {
			row := f.lambda[(j*batch+n)*c:][:c]
			for i := range row {
				row[i] = f.root.r[(n*c+i)*c+j]
			}
		}
	}
	lambda, other := f.lambda, f.other
	for k := len(f.chain.Stages) - 1; k >= 0; k-- {
		d := f.chain.Stages[k].(*system.DenseStage)
		nu := f.deltas[k]
		f.throughMap(nu, lambda, d)
		if k == 0 {
			break
		}
		next := other[:f.q*d.In]
		beta := 0.0
		if d.Skip {
			copy(next, lambda[:f.q*d.In])
			beta = 1
		}
		f.opts.Backend.Gemm(blas.NoTrans, blas.NoTrans, f.q, d.In, d.Out, 1, nu, d.Out, d.W, d.In, beta, next, d.In)
		lambda, other = other, lambda
	}
	work := 0
	for k, zz := range f.zz {
		work += len(zz) * f.chain.Stages[k].(*system.DenseStage).In
	}
	f.claimed.Store(0)
	f.bands.each(work, f.zzBody)
	f.sum(f.gram, nil)
	return nil
}

// size makes room for q rows of J̃. The rank of a loss's Hessian seldom changes.
func (f *Gram) size(q int) {
	if f.pivot != nil && q == f.q {
		return
	}
	f.q = q
	batch, widest := f.root.batch, 0
	for k, s := range f.chain.Stages {
		d := s.(*system.DenseStage)
		f.deltas[k] = resize(f.deltas[k], q*d.Out)
		if q > batch {
			f.zz[k] = resize(f.zz[k], batch*batch)
		} else {
			f.zz[k] = nil
		}
		widest = max(widest, d.In, d.Out, d.Outputs()/batch)
	}
	f.lambda, f.other = resize(f.lambda, q*widest), resize(f.other, q*widest)
	f.gram = resize(f.gram, q*q)
	if f.pivot == nil {
		f.pivot = newPivotBlock(q, 0)
	} else {
		f.pivot.reshape(q)
	}
	f.work = resize(f.work, f.opts.Backend.SytrfWork(q))
}

func (f *Gram) factor(eps []float64) pivots {
	copy(f.eps, eps)
	p := pivots{finite: true, tiny: math.Inf(1)}
	same, definite := true, true
	negative, logDet := 0, 0.0
	for k, e := range eps {
		same = same && e == eps[0]
		definite = definite && e > 0
		n := f.offsets[k+1] - f.offsets[k]
		if e < 0 {
			negative += n
		}
		logDet += float64(n) * logAbs(e)
		if e == 0 {
			p.finite = false
		}
	}
	if !p.finite {
		return p
	}
	for k, e := range eps {
		f.inverse[k] = 1 / e
	}
	big := f.shifted(same)
	if definite && !f.pivot.cholesky(f.opts.Backend, big, &p, 0) {
		f.shifted(same)
		definite = false
	}
	if !definite {
		f.pivot.factor(f.opts.Backend, f.work, false, &p, 0)
	}
	p.growth = 0 // nothing is eliminated before S
	if f.pivot.chol {
		p.tiny = math.Inf(1) // S ≥ I: no pivot is small
	}
	// In(H + D) + In(−I) = In(D) + In(−S).
	p.negative = negative - p.negative
	p.logAbs += logDet
	return p
}

// shifted writes the lower triangle of S to the pivot block, and returns the
// greatest element of its diagonal, which for ε > 0 is that of S.
func (f *Gram) shifted(same bool) (big float64) {
	q, s := f.q, f.pivot.s
	if same {
		f.bands.triangle(q, q*q/2, f.shiftBody)
	} else {
		f.sum(s, f.inverse)
	}
	for i := range q {
		s[i*q+i]++
		big = max(big, s[i*q+i])
	}
	return big
}

// shiftRows computes the rows from lo to hi of J̃J̃ᵀ/ε.
func (f *Gram) shiftRows(lo, hi int) {
	scale := f.inverse[0]
	for i := lo; i < hi; i++ {
		at := i * f.q
		vec.Scale(f.pivot.s[at:at+i+1], scale, f.gram[at:at+i+1])
	}
}

// solve: x = D⁻¹(g − J̃ᵀ S⁻¹ J̃ D⁻¹ g) for each row.
func (f *Gram) solve(x []float64, nrhs int) {
	w := f.lend()
	defer f.spaces.put(w)
	for j := range nrhs {
		g := x[j*f.n : (j+1)*f.n]
		f.divide(g)
		f.root.mulTrans(w.t, w.product.Outputs(g))
		f.inner(w.t, w.w)
		f.root.mul(w.w, w.t)
		w.product.TransOutputs(w.v, w.w)
		f.divide(w.v)
		for i, v := range w.v {
			g[i] -= v
		}
	}
}

// inner overwrites t with S⁻¹ t.
func (f *Gram) inner(t, scratch []float64) {
	f.pivot.lower(f.opts.Backend, t, 1, scratch)
	f.pivot.middle(t, 1)
	f.pivot.upper(f.opts.Backend, t, 1, scratch)
}

// divide computes g = D⁻¹ g.
func (f *Gram) divide(g []float64) {
	for k, e := range f.eps {
		for i := f.offsets[k]; i < f.offsets[k+1]; i++ {
			g[i] /= e
		}
	}
}

func (f *Gram) lend() *outputSpace {
	w := f.spaces.get()
	if w.chain != f.chain {
		if w.product == nil {
			w.product = system.NewProduct(f.chain, f.opts.Backend)
		} else {
			w.product.Reset(f.chain)
		}
		w.chain = f.chain
	}
	w.v, w.d = resize(w.v, f.n), resize(w.d, f.n)
	w.w, w.t = resize(w.w, f.root.batch*f.root.c), resize(w.t, f.q)
	return w
}

// SolveOutputsTo solves (H + εI) x = Jᵀ v for v in output space, of length
// Batch·c: for v the derivative of the loss in the outputs, the right-hand side
// is the gradient. For v in the range of R, as that derivative is for the usual
// losses, it computes
//
//	x = D⁻¹ J̃ᵀ S⁻¹ w,   v = R w
//
// which has no cancellation at small ε, where D⁻¹(g − J̃ᵀ…) has; a part of v
// outside the range is solved for as SolveVecTo does. The backward error is
// measured as for SolveVecTo.
func (f *Gram) SolveOutputsTo(dst *mat.VecDense, v []float64) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if len(v) != f.root.batch*f.root.c {
		panic(ErrShape)
	}
	sizeVec(dst, f.n)
	for i, x := range v {
		if x-x != 0 {
			return &la.NotFiniteError{Where: "output vector", Index: i, Value: x}
		}
	}
	g := f.space(1)
	defer f.pool.put(g)
	w := f.lend()
	defer f.spaces.put(w)
	w.product.TransOutputs(g.b, v)
	rest := w.w
	copy(rest, v)
	f.root.preimage(w.t, rest)
	outside := norm2(rest) > float64(f.root.c)*8*unit*norm2(v)
	if outside {
		w.product.TransOutputs(w.d, rest)
		f.solve(w.d, 1)
	}
	f.inner(w.t, w.w)
	f.root.mul(w.w, w.t)
	w.product.TransOutputs(g.x, w.w)
	f.divide(g.x)
	if outside {
		for i, x := range w.d {
			g.x[i] += x
		}
	}
	reached, steps := f.refine(g, g.x, g.b, g.d)
	f.note(reached, steps, g.norm)
	for i, x := range g.x {
		dst.SetVec(i, x)
	}
	if !(reached <= f.opts.Tolerance) {
		return &AccuracyError{Reached: reached, Wanted: f.opts.Tolerance}
	}
	return nil
}

func (f *Gram) cost() Cost { return GramCost(f.chain) }

// GramCost estimates the flops and bytes of a Gram for the shapes of c, for a loss
// of full rank; Point is the Gram matrix itself.
func GramCost(c *system.Chain) Cost {
	batch, out := int64(c.Loss.Batch), int64(c.Loss.Rows)
	q := batch * out
	cost := Cost{Factor: q * q * q / 3, Solve: 2 * q * q, Bytes: 8 * 3 * q * q}
	widest := int64(0)
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok {
			return tooMuch
		}
		in, a := int64(d.In), int64(d.Out)
		cost.Point += q*q*(a+2) + 2*q*a*in + batch*batch*in
		cost.Solve += 8 * batch * a * in
		cost.Bytes += 8 * q * a
		if out > 1 {
			cost.Bytes += 8 * batch * batch
		}
		widest = max(widest, in, a)
	}
	cost.Bytes += 16 * q * widest
	return cost
}
