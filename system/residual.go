package system

import (
	"math"

	"costate/internal/space"
	"costate/la/vec"
)

// residual is the workspace of ResidualTo: the low parts of the vectors of a
// Product, and what its products do not need.
type residual struct {
	ready      bool
	y, s       [][]float64 // low parts of Product.y and Product.s
	la, lb, nu []float64   // low parts of Product.la, lb and nu
	h          vec.Pair    // H x in the parameters of one stage
	turned     []float64   // the transpose of a matrix of a stage
	rows       vec.Pair    // gathered rows of a DenseStage
	x          []float64   // x scaled, where it is very large or very small

	follower
}

// ResidualTo computes the residual of (H + E) x = b, where E is diagonal with
// eps[k] for every parameter of stage k,
//
//	r = b − (H + E) x
//
// in twice the working precision: it takes the numbers of the chain, b, x and eps
// as exact, and rounds once, at the end. The error of an element of r is at most
// 2u|r| plus a small multiple of u² times the same expression with absolute values
// throughout. So r is right to nearly all its digits even where x solves the system
// as well as float64 can, and H x and b agree to sixteen digits.
//
// A nil eps stands for no damping. b and x have the length Chain.Params, as has r,
// which may be b or x. Elements of r are NaN where a number on the way is not finite or overflows, which
// the size of x alone does not cause. ResidualTo allocates workspace when first
// called, and nothing later.
func (p *Product) ResidualTo(r, b, x, eps []float64) {
	p.checkResidual(r, b, x, eps)
	p.prepareResidual()
	w := &p.residual
	n := p.chain.Params()

	// The chain runs on x times a power of two, so that neither products nor their
	// errors leave the range of float64 because of its size.
	xs, scale := x, 1.0
	if _, e := math.Frexp(vec.MaxAbsValue(x)); e > 128 || e < -128 {
		e = min(max(e, -1000), 1000)
		w.x = space.Resize(w.x, n)
		vec.Scale(w.x, math.Ldexp(1, -e), x)
		xs, scale = w.x, math.Ldexp(1, e)
	}
	p.pairForward(xs, 0, len(p.chain.Stages))
	p.pairBack(r, b, x, xs, scale, eps)
}

// checkResidual panics with ErrLength where a vector has another length than the chain needs.
func (p *Product) checkResidual(r, b, x, eps []float64) {
	n := p.chain.Params()
	if len(r) != n || len(b) != n || len(x) != n || eps != nil && len(eps) != len(p.chain.Stages) {
		panic(ErrLength)
	}
}

// A pairedBack is what the way back of a residual works on; see ResidualTo.
type pairedBack struct {
	r, b, x, xs, eps []float64
	scale            float64
}

// pairBack runs back along the chain, where the states along xs are at hand. What the
// parameters of a stage get does not go into the stages before: another goroutine, where there
// is one, computes it behind this one.
func (p *Product) pairBack(r, b, x, xs []float64, scale float64, eps []float64) {
	w, c := &p.residual, p.chain
	w.back = pairedBack{r, b, x, xs, eps, scale}
	if w.shared {
		w.gone.Reset()
		w.beside.Start(w.behind)
	}
	last := len(c.Stages) - 1
	y := p.outputs(last)
	lambda, other := vec.Pair{Hi: p.la, Lo: w.la}, vec.Pair{Hi: p.lb, Lo: w.lb}
	l := lambda.Slice(0, len(y.Hi))
	l.Clear()
	c.Loss.mulAddPair(l, y)
	off := c.Params()
	for k := last; k >= 0; k-- {
		s := c.Stages[k]
		m := s.Params()
		off -= m
		prev := other.Slice(0, s.Inputs())
		switch s := s.(type) {
		case *DenseStage:
			state := vec.Pair{Hi: p.s[k], Lo: w.s[k]}
			nu := p.denseBackPair(s, xs[off:off+m], p.before(k), state, l, prev)
			if w.shared { // the states are not needed any more
				copy(state.Hi, nu.Hi)
				copy(state.Lo, nu.Lo)
			} else {
				p.denseParamsPair(s, k, off, nu)
			}
		case *BlockStage:
			h := w.h.Slice(0, m)
			s.backPair(h, xs[off:off+m], p.before(k), l, prev, w.turned)
			p.subtractPair(h, k, off)
		}
		if done := last - k + 1; w.shared && (done%stagesAhead == 0 || k == 0) {
			w.gone.Reach(done)
		}
		lambda, other = other, lambda
		l = prev
	}
	if w.shared {
		w.beside.Join()
	}
	w.back = pairedBack{}
}

// subtractPair computes r = b − h − ε x in the parameters of stage k, the first of which is off.
func (p *Product) subtractPair(h vec.Pair, k, off int) {
	w := &p.residual.back
	e := 0.0
	if w.eps != nil {
		e = w.eps[k]
	}
	m := len(h.Hi)
	vec.SubtractPair(w.r[off:off+m], w.b[off:off+m], w.scale, h, e, w.x[off:off+m])
}

// before is the change of the inputs of stage k, none for the first one.
func (p *Product) before(k int) vec.Pair {
	if k == 0 {
		return vec.Pair{}
	}
	return p.outputs(k - 1)
}

// outputs is y_{k+1} of the text in twice the working precision.
func (p *Product) outputs(k int) vec.Pair { return vec.Pair{Hi: p.y[k], Lo: p.residual.y[k]} }

// prepareResidual makes the workspace fit the chain.
func (p *Product) prepareResidual() {
	w := &p.residual
	if w.ready {
		return
	}
	stages := p.chain.Stages
	if len(w.y) != len(stages) {
		w.y, w.s = make([][]float64, len(stages)), make([][]float64, len(stages))
	}
	params, turned := 0, 0
	for k, s := range stages {
		w.y[k] = space.Resize(w.y[k], len(p.y[k]))
		params = max(params, s.Params())
		switch s := s.(type) {
		case *DenseStage:
			w.s[k] = space.Resize(w.s[k], len(p.s[k]))
			turned = max(turned, s.Out*s.In)
		case *BlockStage:
			turned = max(turned, s.F.NNZ(), s.G.NNZ(), s.C.NNZ())
		}
	}
	w.la, w.lb, w.nu = space.Resize(w.la, len(p.la)), space.Resize(w.lb, len(p.lb)), space.Resize(w.nu, len(p.nu))
	if cap(w.h.Hi) < params {
		w.h = vec.MakePair(params)
	}
	w.turned = space.Resize(w.turned, turned)
	if cap(w.rows.Hi) < len(p.rows) {
		w.rows = vec.MakePair(len(p.rows))
	}
	w.shared = p.isShared()
	w.ready = true
}
