package factor

import (
	"costate/la/vec"
	"costate/system"
)

// CG solves (H + εI) x = b by the method of conjugate gradients, with one
// product H·v an iteration and a few vectors of memory. It needs a positive
// definite H + εI and returns a *NegativeCurvatureError where it meets a
// direction that shows otherwise. The number of iterations grows with the
// square root of the condition number. Report.Refinements counts them.
//
// Factorize only keeps ε. Inertia and log-determinant stay unknown. The zero
// value is ready for Analyse; see Factorization.
//
// Source: M. R. Hestenes and E. Stiefel, Methods of conjugate gradients for
// solving linear systems, J. Res. Nat. Bur. Standards 49 (1952).
type CG struct{ iterative }

var _ Factorization = (*CG)(nil)

// Reset empties it, options included.
func (f *CG) Reset() { *f = CG{} }

// Analyse prepares for chains of the shapes of c; see Factorization.
func (f *CG) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	return f.analyse(conjugateGradients{}, c, opts)
}

type conjugateGradients struct{}

func (conjugateGradients) iterate(f *iterative, w *iterativeSpace, limit int, nb, norm float64) (int, error) {
	x, r, d, ad := w.x, w.r, w.v[0], w.v[1]
	copy(d, r)
	rr := vec.Dot(r, r)
	for k := range limit {
		if rr == 0 || f.met(vec.Norm2(r), x, nb, norm) {
			return k, nil
		}
		if f.opts.interrupted() {
			return k, ErrInterrupted
		}
		f.matrix.MulTo(ad, d)
		curvature := vec.Dot(d, ad)
		if !(curvature > 0) {
			return k + 1, &NegativeCurvatureError{Curvature: curvature / vec.Dot(d, d)}
		}
		alpha := rr / curvature
		vec.Axpy(x, alpha, d)
		vec.Axpy(r, -alpha, ad)
		next := vec.Dot(r, r)
		beta := next / rr
		rr = next
		for i, v := range r {
			d[i] = v + beta*d[i]
		}
	}
	return limit, nil
}
