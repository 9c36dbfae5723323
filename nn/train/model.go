package train

import (
	"fmt"
	"math"

	"costate/la"
	"costate/la/vec"
)

// A Model is a quadratic or cubic model of a loss around a point,
//
//	m(s) = gᵀs + ½ sᵀHs                   for ‖s‖ ≤ Radius
//	m(s) = gᵀs + ½ sᵀHs + ⅓ σ‖s‖³         everywhere, where Sigma is σ > 0
//
// with any symmetric H, and Minimize finds its global minimizer. That is the s
// for which there is a λ ≥ 0 with
//
//	(H + λI) s = −g,   H + λI positive semidefinite,
//	λ (Radius − ‖s‖) = 0 and ‖s‖ ≤ Radius,  or  λ = σ‖s‖
//
// In both cases λ is a root of 1/‖s(λ)‖ = 1/r(λ), s(λ) = −(H+λI)⁻¹g, to the right
// of −λ_min(H), with r the radius, or λ/σ. Newton's method finds it inside a bracket:
// the equation is almost linear in λ. The inertia of H + λI tells whether λ is to the
// right of −λ_min, so that no step is ever made with an indefinite matrix.
//
// In the hard case g has no part along the eigenvectors of λ_min, and ‖s(λ)‖ stays
// below r(λ) all the way to −λ_min. Then the step is completed by a multiple of
// such an eigenvector u, which inverse iteration finds:
// ‖s(λ) + τu‖ = r(λ).
//
// Sources: J. J. Moré and D. C. Sorensen, Computing a trust region step, SIAM J.
// Sci. Stat. Comput. 4 (1983); A. R. Conn, N. I. M. Gould and P. L. Toint,
// Trust-region methods (2000), chapter 7; Yu. Nesterov and B. T. Polyak, Cubic
// regularization of Newton method and its global performance, Math. Program. 108
// (2006); C. Cartis, N. I. M. Gould and P. L. Toint, Adaptive cubic
// regularisation methods for unconstrained optimization, Math. Program. 127 (2011),
// section 6.
type Model struct {
	H        Shifted
	Gradient []float64
	Radius   float64 // used where Sigma is 0
	Sigma    float64

	// Tolerance is the fraction of the greatest possible decrease of the model
	// that may be missing, and the relative error of ‖s‖ against r(λ); 0 is
	// 1e-9. A tenth is good enough for training.
	Tolerance float64

	// Guess is a λ to begin with, such as the one of the step before; 0 is
	// also tried where nothing better is known.
	Guess float64

	// Products is how many products with H may be spent on a better λ to begin
	// with, by Lanczos' method; 0 is none. Where they are cheap beside a
	// factorization, 60 save most of those. They only make a guess; the inertia proves
	// that the minimizer is one.
	Products int

	// MaxFactorizations bounds the work; 0 is 200.
	MaxFactorizations int
}

// A Minimum is what Model.Minimize found.
type Minimum struct {
	Lambda         float64
	Norm           float64 // ‖s‖
	Decrease       float64 // −m(s), never negative
	Hard           bool    // whether s has an eigenvector added
	Negative       int     // eigenvalues of H below 0, −1 if they were not counted
	Factorizations int
}

// A SubproblemError says that no minimizer of a model was found.
type SubproblemError struct {
	Lambda         float64
	Factorizations int
}

func (e *SubproblemError) Error() string {
	return fmt.Sprintf("train: no minimizer of the model was found in %d factorizations, the last with a damping of %g", e.Factorizations, e.Lambda)
}

// search is the state of one minimization.
type search struct {
	*Model
	n         int
	low, high float64 // −λ_min or the root is above low; the root is not above high
	negative  int
	count     int
	s, u, v   []float64 // s(λ), an eigenvector, workspace
	haveU     bool
	triedZero bool
	rayleigh  float64   // uᵀHu, an upper bound of λ_min
	best      []float64 // best feasible step so far
	found     Minimum
	haveBest  bool
}

// Minimize stores the minimizer in s, of length H.Order. It returns a
// *SubproblemError if rounding kept it from the tolerance; s is then the best step with a decrease, or zero.
func (m *Model) Minimize(s []float64) (Minimum, error) {
	n := m.H.Order()
	w := &search{Model: m, n: n, high: math.Inf(1), negative: -1, s: s, u: make([]float64, n), v: make([]float64, n), best: make([]float64, n)}
	err := w.run()
	if w.haveBest {
		copy(s, w.best)
	} else {
		clear(s)
	}
	w.found.Negative, w.found.Factorizations = w.negative, w.count
	if err != nil {
		return w.found, err
	}
	if !w.haveBest {
		return w.found, &SubproblemError{Factorizations: w.count}
	}
	return w.found, nil
}

func (w *search) tolerance() float64 { return orDefault(w.Tolerance, 1e-9) }

// radius is r(λ).
func (w *search) radius(lambda float64) float64 {
	if w.Sigma > 0 {
		return lambda / w.Sigma
	}
	return w.Radius
}

func (w *search) run() error {
	most := w.MaxFactorizations
	if most == 0 {
		most = 200
	}
	lambda := w.begin()
	for w.count < most {
		inertia, err := w.H.Factorize(lambda)
		if err != nil {
			return err
		}
		w.count++
		if lambda == 0 {
			w.triedZero = true
			if inertia.Certain {
				w.negative = inertia.Negative
			}
		}
		// Where the count is not certain −λ is too close to an eigenvalue to be
		// known to be left of all of them.
		if inertia.Negative > 0 || inertia.Zero > 0 || !inertia.Certain {
			if err := w.indefinite(inertia); err != nil {
				return err
			}
			w.low = math.Max(w.low, lambda)
			lambda = w.inside(math.NaN(), lambda)
			continue
		}
		next, done, err := w.definite(lambda)
		if err != nil {
			return err
		}
		if done {
			return nil
		}
		if next == lambda || !math.IsInf(w.high, 1) && w.high-w.low <= 4e-16*w.high {
			break // nothing between but two float64s
		}
		lambda = next
	}
	if w.haveBest && w.close(w.found.Lambda) {
		return nil
	}
	return &SubproblemError{Lambda: lambda, Factorizations: w.count}
}

// begin chooses the first λ.
func (w *search) begin() float64 {
	lambda := w.Guess
	if vec.Norm2(w.Gradient) == 0 {
		lambda = 0 // either no step at all, or the hard case
	} else if !(lambda > 0) || math.IsInf(lambda, 0) {
		lambda = 0
		if w.Sigma > 0 {
			// Where H matters least: λ‖s‖ = ‖g‖ and λ = σ‖s‖.
			lambda = math.Sqrt(w.Sigma * vec.Norm2(w.Gradient))
		}
	}
	if w.Products > 0 {
		if l, u := w.forecast(); l > 0 {
			lambda = l
			copy(w.u, u)
			w.haveU = true
			w.H.Mul(w.v, w.u)
			w.rayleigh = vec.Dot(w.u, w.v)
			w.low = math.Max(0, -w.rayleigh)
		}
	}
	return lambda
}

// close reports whether the bracket has closed on λ as far as rounding allows.
func (w *search) close(lambda float64) bool {
	return w.high-w.low <= math.Max(w.tolerance(), 1e-12)*math.Max(lambda, w.high)
}

// indefinite learns from a matrix that is not positive definite: the solution of
// any system with it is rich in the eigenvectors near −λ, and its Rayleigh
// quotient bounds λ_min from above.
func (w *search) indefinite(in la.Inertia) error {
	if in.Zero > 0 {
		return nil // cannot be solved with
	}
	if !w.haveU {
		scrambled(w.u)
	}
	return w.improve()
}

// improve is a step of inverse iteration on u; uᵀHu raises low.
func (w *search) improve() error {
	if err := w.H.Solve(w.v, w.u); err != nil {
		return err
	}
	nv := vec.Norm2(w.v)
	if !(nv > 0) || math.IsInf(nv, 0) {
		return nil
	}
	for i, v := range w.v {
		w.v[i] = v / nv
	}
	copy(w.u, w.v)
	w.H.Mul(w.v, w.u)
	w.rayleigh = vec.Dot(w.u, w.v)
	w.haveU = true
	if -w.rayleigh > w.low && -w.rayleigh < w.high {
		w.low = -w.rayleigh
	}
	return nil
}

// definite makes s(λ) from the factorization of a definite matrix, keeps the best
// step that can be had from it, and returns the next λ.
func (w *search) definite(lambda float64) (next float64, done bool, err error) {
	if err := w.H.Solve(w.s, w.Gradient); err != nil {
		return 0, false, err
	}
	vec.Scale(w.s, -1, w.s)
	ns, r := vec.Norm2(w.s), w.radius(lambda)
	if ns-ns != 0 {
		w.low = math.Max(w.low, lambda)
		return w.inside(math.NaN(), lambda), false, nil
	}
	tol := w.tolerance()
	gs := vec.Dot(w.Gradient, w.s)
	switch {
	case ns <= r*(1+1e-14): // but for the rounding of the norm
		// −m(s) is at least (−gᵀs + λ‖s‖²)/2, and no step within the radius
		// does better by more than λ(r² − ‖s‖²)/2.
		decrease := 0.5 * (-gs + lambda*ns*ns)
		w.keep(lambda, ns, decrease-w.cube(ns), false)
		if lambda == 0 || math.Abs(r-ns) <= tol*r || w.Sigma == 0 && 0.5*lambda*(r*r-ns*ns) <= tol*decrease {
			return 0, true, nil
		}
		w.high = math.Min(w.high, lambda)
		if hard, err := w.complete(lambda, ns, r, gs, tol); hard || err != nil {
			return 0, hard, err
		}
	default:
		if ns-r <= tol*r {
			w.keep(lambda, ns, 0.5*(-gs+lambda*ns*ns)-w.cube(ns), false)
			return 0, true, nil
		}
		if w.Sigma > 0 {
			// Any s is allowed in the cubic model; this one may be good already.
			w.keep(lambda, ns, 0.5*(-gs+lambda*ns*ns)-w.cube(ns), false)
		}
		w.low = math.Max(w.low, lambda)
	}
	if ns == 0 {
		return w.inside(math.NaN(), lambda), false, nil
	}
	// Newton on 1/‖s(λ)‖ − 1/r(λ), with d/dλ 1/‖s‖ = sᵀ(H+λI)⁻¹s/‖s‖³.
	if err := w.H.Solve(w.v, w.s); err != nil {
		return 0, false, err
	}
	slope := vec.Dot(w.s, w.v) / (ns * ns * ns)
	value := 1/ns - 1/r
	if w.Sigma > 0 {
		slope += w.Sigma / (lambda * lambda)
	}
	return w.inside(lambda-value/slope, lambda), false, nil
}

// cube is the cubic term of the model.
func (w *search) cube(ns float64) float64 { return w.Sigma * ns * ns * ns / 3 }

// complete adds a multiple of an eigenvector to s(λ) so that its norm is r, and
// reports whether that is good enough: the hard case, or near it. With E = H + λI,
//
//	m(s + τu) = ½ gᵀs − ½ λr² + ½ τ² uᵀEu
//
// on the sphere, so that a τ²uᵀEu small beside the rest loses little (Moré and
// Sorensen, lemma 3.4).
func (w *search) complete(lambda, ns, r, gs, tol float64) (bool, error) {
	if !w.haveU {
		scrambled(w.u)
	}
	for range 2 {
		if err := w.improve(); err != nil {
			return false, err
		}
	}
	if !w.haveU {
		return false, nil
	}
	e := w.rayleigh + lambda // uᵀEu
	if !(e >= 0) {
		e = 0
	}
	su := vec.Dot(w.s, w.u)
	gap := (r - ns) * (r + ns)
	root := math.Sqrt(su*su + gap)
	// Of the two τ the one that is smaller in size, without cancellation.
	tau := gap / (su + math.Copysign(root, su))
	total := -gs + lambda*r*r // twice the decrease if e were 0
	if tau*tau*e > tol*total {
		return false, nil
	}
	vec.Axpy(w.s, tau, w.u)
	w.H.Mul(w.v, w.s)
	decrease := -vec.Dot(w.Gradient, w.s) - 0.5*vec.Dot(w.s, w.v)
	length := vec.Norm2(w.s)
	w.keep(lambda, length, decrease-w.cube(length), true)
	return true, nil
}

// keep records the step in s, if it is the best so far.
func (w *search) keep(lambda, ns, decrease float64, hard bool) {
	if !(decrease >= 0) || w.haveBest && decrease < w.found.Decrease*(1-1e-12) {
		return
	}
	copy(w.best, w.s)
	w.haveBest = true
	w.found = Minimum{Lambda: lambda, Norm: ns, Decrease: decrease, Hard: hard}
}

// inside moves a proposal into the bracket, away from its ends, or makes one
// where there is none. The factors here are safeguards: they bound how slowly the bracket
// shrinks where Newton's method gives nothing, and decide nothing else.
func (w *search) inside(proposal, last float64) float64 {
	if math.IsInf(w.high, 1) {
		if proposal > w.low {
			return proposal
		}
		return math.Max(4*math.Max(w.low, last), math.Max(w.low*1.01, w.scale()))
	}
	if proposal > w.low && proposal < w.high {
		return proposal
	}
	if w.low == 0 && !w.triedZero && w.Sigma == 0 && !(proposal > 0) {
		return 0 // try whether H itself is definite
	}
	return math.Max(math.Sqrt(w.low)*math.Sqrt(w.high), w.low+0.01*(w.high-w.low))
}

// scale is a first λ above 0 where nothing is known: a tenth of the curvature at
// which the gradient alone would make a step of the radius.
func (w *search) scale() float64 {
	switch g := vec.Norm2(w.Gradient); {
	case g == 0:
		return math.Max(1e-3*math.Abs(w.rayleigh), 1e-300)
	case w.Sigma > 0:
		return 0.1 * math.Sqrt(w.Sigma*g)
	default:
		return 0.1 * g / w.Radius
	}
}

// scrambled fills u with a fixed unit vector that no structure is orthogonal to.
func scrambled(u []float64) {
	x := uint64(0x9e3779b97f4a7c15)
	for i := range u {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		u[i] = float64(x>>11)/(1<<52) - 1
	}
	vec.Scale(u, 1/vec.Norm2(u), u)
}
