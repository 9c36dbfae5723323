package system

import (
	"math"

	"costate/la/blas"
	"costate/la/vec"
)

// follower is what a residual needs to be computed beside its caller: while x is still being
// solved for, and with two goroutines on the way back.
type follower struct {
	shared bool // the chain is such that this pays
	beside *blas.Beside
	behind func() // the rest of the way back
	gone   blas.Progress
	back   pairedBack

	following      []float64 // x
	come           blas.Progress
	ahead          func() // the way there
	forward, first int    // stages gone through, and the first parameter after them
	most           float64
}

const (
	// stagesAhead is the number of stages that a goroutine does before it lets another
	// know: a line of the cache goes from one processor to the other then, which takes a part
	// of the time of a small stage.
	stagesAhead = 8

	// sharedParams is the number of parameters from which it pays to wake another goroutine:
	// some hundred microseconds of work.
	sharedParams = 1 << 13

	// sharedWork bounds the multiplications of a product of a stage. Those of larger ones are
	// shared out themselves.
	sharedWork = 1 << 15
)

// isShared reports whether residuals are shared between two goroutines, and prepares that.
func (p *Product) isShared() bool {
	c := p.chain
	if p.backend.Threads() < 2 || len(c.Stages) < 2*stagesAhead || c.Params() < sharedParams {
		return false
	}
	for _, s := range c.Stages {
		d, ok := s.(*DenseStage)
		if !ok || d.Gather != nil || d.BatchRows()*d.Out*d.In > sharedWork {
			return false // they have workspace in common, or work for all
		}
	}
	if w := &p.residual; w.beside == nil {
		w.beside, w.behind, w.ahead = blas.NewBeside(), p.paramsBehind, p.forwardBehind
	}
	return true
}

// paramsBehind goes through the stages behind pairBack.
func (p *Product) paramsBehind() {
	w, stages := &p.residual, p.chain.Stages
	off := p.chain.Params()
	for n, k := 0, len(stages)-1; k >= 0; k-- {
		if n%stagesAhead == 0 {
			w.gone.Await(min(n+stagesAhead, len(stages)))
		}
		n++
		d := stages[k].(*DenseStage)
		off -= d.Params()
		p.denseParamsPair(d, k, off, vec.Pair{Hi: p.s[k], Lo: w.s[k]})
	}
}

// Follow begins a residual of an x that is still being computed, stage by stage from the
// first one on; Came tells how far it has come, and ResidualFollowed ends it. Another goroutine
// does half of the work meanwhile. Where that does not pay nothing is begun, and Follow returns
// false: with one thread, and for chains that are short or have large stages.
func (p *Product) Follow(x []float64) bool {
	if len(x) != p.chain.Params() {
		panic(ErrLength)
	}
	p.prepareResidual()
	w := &p.residual
	if !w.shared {
		return false
	}
	w.following, w.forward, w.first, w.most = x, 0, 0, 0
	w.come.Reset()
	w.beside.Start(w.ahead)
	return true
}

// Came says that x, as it was given to Follow, is there for the parameters of so many stages.
func (p *Product) Came(stages int) {
	if stages%stagesAhead == 0 || stages == len(p.chain.Stages) {
		p.residual.come.Reach(stages)
	}
}

// forwardBehind goes through the stages as x comes.
func (p *Product) forwardBehind() {
	n := len(p.chain.Stages)
	for k := 0; k < n; {
		k = min(k+stagesAhead, n)
		p.residual.come.Await(k)
		p.forwardTo(k)
	}
}

// forwardTo goes through the stages up to so many.
func (p *Product) forwardTo(stages int) {
	w := &p.residual
	p.pairForward(w.following[w.first:], w.forward, stages)
	first := w.first
	for _, s := range p.chain.Stages[w.forward:stages] {
		w.first += s.Params()
	}
	w.forward = stages
	w.most = max(w.most, vec.MaxAbsValue(w.following[first:w.first]))
}

// ResidualFollowed is ResidualTo for the x of Follow, which is there for all stages.
func (p *Product) ResidualFollowed(r, b, eps []float64) {
	w := &p.residual
	x := w.following
	p.checkResidual(r, b, x, eps)
	w.beside.Join()
	w.following = nil
	if _, e := math.Frexp(w.most); e > 128 || e < -128 {
		p.ResidualTo(r, b, x, eps) // of x scaled
		return
	}
	p.pairBack(r, b, x, x, 1, eps)
}
