package eigen

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/space"
	"costate/la/blas"
)

// Lanczos finds the k eigenvalues of a symmetric matrix A that
// are nearest to a shift σ, with their vectors, and certifies by inertia that
// none was missed. One factorization serves the iteration,
//
//	(A − σI)⁻¹ v = θ v        λ = σ + 1/θ
//
// so that the eigenvalues nearest to σ, inside the spectrum or at its ends,
// become the outermost ones and come first. The basis is kept orthogonal in
// full and restarted with the best vectors where it is full. Vectors that have
// been found are then improved by one step of Rayleigh and Ritz with A itself,
// and their residuals are measured. Two more factorizations, at the ends of an
// interval around σ, count the eigenvalues inside; if some are missing, as
// copies of a multiple one may be, iteration goes on beside those found.
//
// The zero value is ready for Factorize. A Lanczos is for one goroutine.
//
// Sources: T. Ericsson and A. Ruhe, The spectral transformation Lanczos method
// for the numerical solution of large sparse generalized symmetric eigenvalue
// problems, Math. Comp. 35 (1980); R. G. Grimes, J. G. Lewis and H. D. Simon, A
// shifted block Lanczos algorithm for solving sparse symmetric generalized
// eigenproblems, SIAM J. Matrix Anal. Appl. 15 (1994); K. Wu and H. Simon,
// Thick-restart Lanczos method for large symmetric eigenvalue problems, SIAM J.
// Matrix Anal. Appl. 22 (2000); B. N. Parlett, The Symmetric Eigenvalue Problem
// (1998), chapters 3, 11 and 13.
type Lanczos struct {
	// Tolerance is the residual ‖Av − λv‖ that a pair must reach, over ‖A‖;
	// the default is 1e-12.
	Tolerance float64

	// Basis is the number of vectors kept; the default is 2k + 20.
	Basis int

	// MaxSolves bounds the solves; the default is 100 + 20 times the basis.
	MaxSolves int

	// Observe, if it is not nil, is called now and then with the number of solves
	// made; an error ends the work and is returned.
	Observe func(solves int) error

	a     Operator
	norm  float64 // lower bound of ‖A‖₂
	shift float64
	side  side // of the shift on which there are no eigenvalues
	spect spectral
	sigma float64 // the shift factored: near shift, but no eigenvalue
	tol   float64
	f     shifted
	count shifted
	be    blas.Backend

	values    []float64 // nearest to the shift first
	vecs      []float64 // one a row, of unit length
	residuals []float64
	far       float64 // distance of the next eigenvalue, as estimated
	done      bool
	report    LanczosReport
	space     lanczosSpace
}

// A LanczosReport tells how a Lanczos iteration went.
type LanczosReport struct {
	// Residual is the largest ‖Av − λv‖/‖A‖ of the pairs found, with a lower bound
	// in the place of ‖A‖.
	Residual float64 `json:"residual"`
	// Interval is around the shift, and Inside counts the eigenvalues of A in
	// it, by inertia: as many as were found there, with multiplicity. It
	// reaches beyond the k-th eigenvalue unless the one after it is as far from
	// the shift, to within 1e-6‖A‖; then it ends before, in a gap. It is empty
	// if the k-th one is as near as that to the shift itself.
	Interval Interval `json:"interval"`
	Inside   int      `json:"inside"`
	// Certain is false where an eigenvalue is too near to an end of the
	// interval for the counts.
	Certain bool `json:"certain"`
	// Counts are the inertia counts that the claim rests on: at the ends of the
	// interval, and for Negative below zero too.
	Counts   []Count `json:"counts"`
	Solves   int     `json:"solves"` // or products, where nothing was factored
	Restarts int     `json:"restarts"`
}

// A LanczosError says that fewer eigenvalues than wanted have been found within
// the bound on solves, or to the residual wanted.
type LanczosError struct {
	Found, Wanted int
	Solves        int
	Residual      float64 // of the best pair that was not accurate, or 0
}

func (e *LanczosError) Error() string {
	s := fmt.Sprintf("eigen: %d of %d eigenvalues found after %d solves", e.Found, e.Wanted, e.Solves)
	if e.Residual > 0 {
		return s + fmt.Sprintf("; the next one keeps a residual of %.2g: a larger Tolerance would take it", e.Residual)
	}
	return s + "; a larger Basis or MaxSolves, or another shift, would help"
}

// countResolution is the distance over ‖A‖ that inertia counts tell apart
// safely: beyond the shifts that avoid singular pivot blocks.
const countResolution = 32e-8

const (
	// away is the ratio of the distances at which a shift at an eigenvalue is tried again,
	// to either side in turn: no simple fraction, so that equally spaced eigenvalues are not met
	// twice. attempts of them end at 1e-3 of ‖A‖.
	away     = -3.1
	attempts = 8

	// apart is the distance from the nearest eigenvalue, in units of countResolution, that is
	// enough for a shift. Cond is an estimate from below, seldom by more than a factor of three:
	// what is left then is still beyond the 1e-8 by which factors are shifted to avoid a pivot.
	apart = 1. / 4

	// ritzTolerance is the part of the largest eigenvalue of the inverse at which a pair
	// has converged, unless less is asked for: its value then has all digits, of which the
	// residual takes the square, and the vector those that a later projection needs.
	ritzTolerance = 1e-10

	// The defaults of Tolerance; of Basis, where a restart keeps half of the space beyond
	// the pairs that are wanted; and of MaxSolves, a number of restarts that means that the
	// values are not apart.
	defaultTolerance = 1e-12
	spareBasis       = 20
	mostRestarts     = 20
	spareSolves      = 100
)

// Factorize finds the k eigenvalues of a nearest to shift. The matrix is not
// copied, and must not change before Factorize returns. It panics with
// factor.ErrShape if k is less than 1 or more than the order of a. The errors are a
// *factor.MemoryError for the basis or a factorization, a *la.NotFiniteError, and a *LanczosError if
// fewer than k pairs were found. Values and vectors may be used after a nil error
// only.
func (l *Lanczos) Factorize(a Source, shift float64, k int) error {
	if k < 1 || k > a.SymmetricDim() {
		panic(factor.ErrShape)
	}
	l.begin(a)
	if err := l.prepare(a); err != nil {
		return err
	}
	l.shift, l.side = shift, neither
	if err := l.factorize(); err != nil {
		return err
	}
	return l.find(a, k)
}

// begin forgets the last run.
func (l *Lanczos) begin(a Operator) {
	l.done, l.a, l.report = false, a, LanczosReport{}
	l.values, l.vecs = l.values[:0], l.vecs[:0]
	if l.tol = l.Tolerance; l.tol <= 0 {
		l.tol = defaultTolerance
	}
}

// sizes are those of the basis for k pairs of a matrix of order n, and the bound
// on solves.
func (l *Lanczos) sizes(n, k int) (basis, solves int) {
	basis, solves = l.Basis, l.MaxSolves
	if basis <= 0 {
		basis = 2*k + spareBasis
	}
	basis = min(max(basis, k+3), n)
	if solves <= 0 {
		solves = spareSolves + mostRestarts*basis
	}
	return basis, solves
}

// find finds the k pairs nearest to the shift that has been factored.
func (l *Lanczos) find(a Source, k int) error {
	defer func() { l.a = nil }()
	n := a.SymmetricDim()
	m, solves := l.sizes(n, k)
	needed := l.f.Cost().Bytes + l.count.Cost().Bytes + 8*int64(n)*int64(2*m+2*k+1)
	if limit := a.options().MemoryLimit; limit > 0 && needed > limit {
		return &factor.MemoryError{Needed: needed, Limit: limit, What: fmt.Sprintf("a basis of %d vectors of length %d, with two factorizations,", m, n)}
	}
	l.space.reset(n, m)
	for missing := k; missing > 0 && len(l.values) < n; {
		had := len(l.values)
		// Of many that are missing the nearest ones may suffice.
		if ok, err := l.iterate(min(missing, k, n-had), solves); err != nil {
			return err
		} else if !ok {
			return &LanczosError{Found: had, Wanted: max(k, had+1), Solves: l.report.Solves}
		}
		l.project()
		// Beside a large θ the vectors of small ones are less accurate; without
		// it they are found again, to full accuracy.
		if reached, dropped := l.sift(); dropped > 0 {
			missing = dropped
			if len(l.values) <= had {
				return &LanczosError{Found: len(l.values), Wanted: k, Solves: l.report.Solves, Residual: reached}
			}
			continue
		}
		missing = l.certify(k)
	}
	l.finish(k)
	return nil
}

// finish keeps the first k pairs and measures them.
func (l *Lanczos) finish(k int) {
	n := l.space.n
	l.values, l.vecs = l.values[:k], l.vecs[:k*n]
	l.residuals = space.Resize(l.residuals, k)
	for i, value := range l.values {
		l.residuals[i] = l.residual(l.vecs[i*n:][:n], value)
		l.report.Residual = math.Max(l.report.Residual, l.residuals[i])
	}
	l.done = true
}

// Values returns the eigenvalues, nearest to the shift first, in dst, which has
// length k or is nil and then allocated. It panics with
// factor.ErrNotFactorized if Factorize has not succeeded.
func (l *Lanczos) Values(dst []float64) []float64 {
	l.check()
	if dst == nil {
		dst = make([]float64, len(l.values))
	} else if len(dst) != len(l.values) {
		panic(factor.ErrShape)
	}
	copy(dst, l.values)
	return dst
}

// Residuals returns ‖Av − λv‖/‖A‖ of each pair, in the order of Values; dst is as
// there. A lower bound stands for ‖A‖.
func (l *Lanczos) Residuals(dst []float64) []float64 {
	l.check()
	if dst == nil {
		dst = make([]float64, len(l.values))
	} else if len(dst) != len(l.values) {
		panic(factor.ErrShape)
	}
	copy(dst, l.residuals)
	return dst
}

// VectorsTo stores the eigenvectors in dst, as columns of unit length in the
// order of Values. An empty dst is resized. If there are none, as there may be
// after FactorizeNegative, dst is left as it is.
func (l *Lanczos) VectorsTo(dst *mat.Dense) {
	l.check()
	k := len(l.values)
	if k == 0 {
		return
	}
	n := len(l.vecs) / k
	if dst.IsEmpty() {
		dst.ReuseAs(n, k)
	} else if r, c := dst.Dims(); r != n || c != k {
		panic(factor.ErrShape)
	}
	for j := range k {
		dst.SetCol(j, l.vecs[j*n:][:n])
	}
}

// Report tells how the last Factorize went.
func (l *Lanczos) Report() LanczosReport { return l.report }

func (l *Lanczos) check() {
	if !l.done {
		panic(factor.ErrNotFactorized)
	}
}

// prepare makes the two factorizations, of which one solves and one counts.
func (l *Lanczos) prepare(a Source) error {
	o := a.options()
	l.be = o.Backend
	var err error
	if l.f, err = a.fork(o); err != nil {
		return err
	}
	if l.count, err = a.fork(o); err != nil {
		return err
	}
	l.norm = a.Norm()
	return nil
}

// factorize factors A − σI for a σ at the shift, or near it where the shift is
// an eigenvalue.
func (l *Lanczos) factorize() error {
	// A shift at an eigenvalue is moved, by a little more than counts resolve:
	// against 1/0 the other eigenvalues would lose their digits.
	l.sigma = l.shift
	for i, step := 0, countResolution; ; i, step = i+1, step*away {
		err := l.f.factorize(l.sigma)
		if _, singular := err.(*factor.SingularError); err != nil && (!singular || i == attempts) {
			return err
		}
		if err == nil && (i == attempts || l.f.Cond()*countResolution*apart < 1) {
			break
		}
		l.sigma = l.shift + step*l.scale()
	}
	// The factors of (A − σI) + sI are those at σ − s.
	l.sigma -= l.f.Report().Shift
	l.spect = inverse{l.f, l.sigma}
	return nil
}

// scale is the size of the numbers in A − σI, not zero.
func (l *Lanczos) scale() float64 {
	if s := math.Max(l.norm, math.Abs(l.shift)); s > 0 {
		return s
	}
	return 1
}
