package factor

import (
	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
)

// A second is what is asked for inertia and determinant where the factors of
// another method leave them uncertain. The augmented system of the chain over a
// tree tests its pivots over whole fronts, so growth is bounded; by
//
//	In(H + D) = In(K) − (N, N, 0),   |det(H + D)| = |det K|
//
// the certificate is that of K. Where tiny damping makes it put off pivots without
// end, or leaves it uncertain too, and H is small enough, the dense matrix is
// asked, with elements rounded once. Both are made when they are asked for first.
type second struct {
	augmented *augmentedOpinion
	dense     *denseOpinion
}

// opinion asks for the inertia and the determinant of H + D.
func (g *judged) opinion() (c certify.Counts, logAbs, logError float64, ok bool) {
	if g.opts.interrupted() {
		return certify.Counts{}, 0, 0, false
	}
	c, logAbs, logError, ok = g.askAugmented()
	if ok && c.Certain {
		return c, logAbs, logError, ok
	}
	if d, l, e, good := g.askDense(); good && (d.Certain || !ok || e < logError) {
		return d, l, e, true
	}
	return c, logAbs, logError, ok
}

const (
	// delaysAtMost is how many times the flops planned an opinion may take, and K unless it is
	// scaled: where delayed pivots ask for more, its fronts are on the way to full ones.
	// delaysFlops are allowed whatever was planned: a tenth of a second.
	delaysAtMost = 10
	delaysFlops  = 1e9
)

// An augmentedOpinion judges K itself.
type augmentedOpinion struct {
	k       augmentedEngine
	matrix  symMatrix
	judge   certify.Judge
	point   int  // of hessian.point
	refused bool // for its memory
}

// Factor factors K + shift·I.
func (s *augmentedOpinion) Factor(shift float64) pivot.Stats { return s.k.run(s.matrix.norm, shift, 0) }

// FactorScaled factors S K S + shift·I.
func (s *augmentedOpinion) FactorScaled(shift float64) pivot.Stats {
	return s.k.run(s.matrix.norm, 0, shift)
}

// Scale is the diagonal of S, nil for the identity.
func (s *augmentedOpinion) Scale() []float64 { return s.k.s }

// Solve solves with it.
func (s *augmentedOpinion) Solve(x []float64, nrhs int) { s.k.engine.Solve(x, nrhs) }

// affordable is a plan that only says no.
func (g *judged) affordable(_ string, c Cost) error {
	if c.Bytes > g.opts.MemoryLimit || c.Bytes < 0 {
		return &MemoryError{}
	}
	return nil
}

func (g *judged) askAugmented() (c certify.Counts, logAbs, logError float64, ok bool) {
	h := &g.matrix
	s := g.asked.augmented
	if s == nil {
		s = &augmentedOpinion{point: h.point}
		g.asked.augmented = s
		switch err := s.k.analyse(h.chain, &g.opts, delaysAtMost, g.affordable); {
		case err == ErrInterrupted: // it can be asked again
			g.asked.augmented = nil
			return c, 0, 0, false
		case err != nil:
			s.refused = true
		default:
			s.matrix.a = s.k.system.K
			s.judge.Begin(s, &s.matrix, g.opts.settings(), nil)
		}
	}
	if s.refused {
		return c, 0, 0, false
	}
	if s.point != h.point {
		s.k.take(h.chain)
		s.point = h.point
	}
	s.k.damp(h.eps)
	k := s.k.system
	s.matrix.norm = columnNorm(k.K, 0, s.k.squares)
	if f := s.judge.Factorize(); f.Kind == certify.Blind {
		return c, 0, 0, false
	}
	c = s.judge.Inertia()
	c.Negative -= k.States()
	logAbs, logError = s.judge.LogDet()
	return c, logAbs, logError, c.Negative >= 0
}

// densest is the order up to which H is formed for an opinion: the n³/3 flops
// then take a second or two.
const densest = 3000

// A denseOpinion judges the dense matrix.
type denseOpinion struct {
	dense  denseEngine
	engine damped
	judge  certify.Judge
	point  int // of hessian.point; 0 before the first
}

func (g *judged) askDense() (c certify.Counts, logAbs, logError float64, ok bool) {
	h := &g.matrix
	if n := int64(h.n); n > densest || g.affordable("", Cost{Bytes: 16 * n * n}) != nil {
		return c, 0, 0, false
	}
	s := g.asked.dense
	if s == nil {
		s = &denseOpinion{dense: newDenseEngine(h)}
		s.dense.pivot.Interrupt = g.opts.Interrupt
		s.engine = damped{&s.dense, h.eps, make([]float64, len(h.eps))}
		s.judge.Begin(&s.engine, h, g.opts.settings(), nil)
		g.asked.dense = s
	}
	if s.point != h.point {
		if !s.form(h, g.opts.interrupted) {
			return c, 0, 0, false
		}
		s.point = h.point
	}
	if f := s.judge.Factorize(); f.Kind == certify.Blind {
		return c, 0, 0, false
	}
	c = s.judge.Inertia()
	logAbs, logError = s.judge.LogDet()
	return c, logAbs, logError, true
}

// form writes H by columns in twice the working precision, rounded at the end. It reports
// false where it was interrupted.
func (s *denseOpinion) form(h *hessian, interrupted func() bool) bool {
	w := h.lend()
	defer h.pool.Put(w)
	n := h.n
	minus, zero, none := make([]float64, n), make([]float64, n), make([]float64, len(h.eps))
	for j := range n {
		if interrupted() {
			return false
		}
		minus[j] = -1
		w.product.ResidualTo(s.dense.h[j*n:(j+1)*n], zero, minus, none)
		minus[j] = 0
	}
	return true
}
