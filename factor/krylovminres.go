package factor

import (
	"math"

	"costate/la/vec"
	"costate/system"
)

// MINRES solves (H + εI) x = b, definite or not, by minimal residuals in the
// Krylov spaces of b, with one product H·v an iteration and a few vectors of
// memory. The number of iterations grows with the condition number for an
// indefinite matrix, with its square root for a definite one.
// Report.Refinements counts them.
//
// Factorize only keeps ε. Inertia and log-determinant stay unknown. The zero
// value is ready for Analyse; see Factorization.
//
// Source: C. C. Paige and M. A. Saunders, Solution of sparse indefinite
// systems of linear equations, SIAM J. Numer. Anal. 12 (1975).
type MINRES struct{ iterative }

var _ Factorization = (*MINRES)(nil)

// Reset empties it, options included.
func (f *MINRES) Reset() { *f = MINRES{} }

// Analyse prepares for chains of the shapes of c; see Factorization.
func (f *MINRES) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	return f.analyse(minimalResiduals{}, c, opts)
}

type minimalResiduals struct{}

// iterate runs the Lanczos process, A V = V T, and keeps T = Q R by Givens
// rotations [c s; s −c], one an iteration; the columns of V R⁻¹ are the
// directions in which x moves.
func (minimalResiduals) iterate(f *iterative, w *iterativeSpace, limit int, nb, norm float64) (int, error) {
	x := w.x
	before, now, y, d2, d1, d := w.v[0], w.v[1], w.v[2], w.v[3], w.v[4], w.v[5]
	clear(before)
	clear(d1)
	clear(d)
	beta := vec.Norm2(w.r) // β_k, the norm of the next Lanczos vector
	if beta == 0 {
		return 0, nil
	}
	for i, v := range w.r {
		now[i] = v / beta
	}
	phi := beta // ‖r‖ of the recurrence
	c, s := -1.0, 0.0
	bar, eps := 0.0, 0.0 // entries of T that wait for the next rotation
	last := 0.0
	for k := range limit {
		if f.met(phi, x, nb, norm) {
			return k, nil
		}
		if f.opts.interrupted() {
			return k, ErrInterrupted
		}
		f.matrix.MulTo(y, now)
		vec.Axpy(y, -last, before)
		alpha := vec.Dot(now, y)
		vec.Axpy(y, -alpha, now)
		next := vec.Norm2(y)

		epsOld := eps
		delta := c*bar + s*alpha
		gbar := s*bar - c*alpha
		eps, bar = s*next, -c*next
		gamma := math.Hypot(gbar, next)
		if gamma == 0 {
			return k, nil // A is singular on the whole Krylov space
		}
		c, s = gbar/gamma, next/gamma
		d2, d1, d = d1, d, d2
		for i, v := range now {
			d[i] = (v - epsOld*d2[i] - delta*d1[i]) / gamma
		}
		vec.Axpy(x, c*phi, d)
		phi *= s
		if next == 0 {
			return k + 1, nil // the Krylov space is complete
		}
		before, now, y = now, y, before
		for i := range now {
			now[i] /= next
		}
		last = next
	}
	return limit, nil
}
