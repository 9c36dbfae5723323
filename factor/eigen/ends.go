package eigen

import (
	"errors"
	"fmt"
	"math"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
)

// An End of a spectrum.
type End int

// Ends of a spectrum.
const (
	Smallest End = iota
	Largest
)

// Negligible is the size over ‖A‖ of an eigenvalue that FactorizeNegative does not
// call negative: Hessians of networks are singular in exact arithmetic, and the
// signs of their least eigenvalues are rounding. Counts do not tell smaller ones
// from zero.
const Negligible = 4 * countResolution

// FactorizeEnd finds the k smallest or largest eigenvalues of a with their vectors,
// the outermost first. The shift is placed beyond the end by a few products, and
// the inertia there, none below or all, proves that nothing lies further out.
// One more count certifies the set. Errors and panics are those of Factorize.
func (l *Lanczos) FactorizeEnd(a Source, end End, k int) error {
	if k < 1 || k > a.SymmetricDim() {
		panic(factor.ErrShape)
	}
	l.begin(a)
	if err := l.prepare(a); err != nil {
		return err
	}
	if err := l.outside(a, end); err != nil {
		return err
	}
	return l.find(a, k)
}

// FactorizeNegative finds the k most negative eigenvalues of a with their vectors,
// the smallest first, or all of the negative ones where there are fewer; Values
// then is shorter, or empty. An eigenvalue counts as negative below −Negligible‖A‖,
// or a little further from zero where one is too close to that. The last of
// Report().Counts tells how many there are, and below what. Errors are those of
// Factorize, and one that says so if that count is not certain.
func (l *Lanczos) FactorizeNegative(a Source, k int) error {
	if k < 1 || k > a.SymmetricDim() {
		panic(factor.ErrShape)
	}
	l.begin(a)
	if err := l.prepare(a); err != nil {
		return err
	}
	zero, err := l.negative()
	if err != nil {
		return err
	}
	if zero.Below == 0 {
		l.space.reset(a.SymmetricDim(), 1)
		l.report.Certain = true
		l.report.Interval = Interval{math.Inf(-1), zero.Shift}
	} else {
		if err := l.outside(a, Smallest); err != nil {
			return err
		}
		if err := l.find(a, min(k, zero.Below)); err != nil {
			return err
		}
		if k >= zero.Below && l.values[len(l.values)-1] < zero.Shift {
			// All of them: that count is the proof, whatever lies close beyond.
			l.report.Interval, l.report.Inside, l.report.Certain = Interval{l.shift, zero.Shift}, zero.Below, true
			l.report.Counts = []Count{{Shift: l.shift, Certain: true}}
		}
	}
	l.report.Counts = append(l.report.Counts, zero)
	if zero.Below == 0 {
		l.finish(0)
	}
	return nil
}

// negative counts the negative eigenvalues: a little further from zero where one is
// in the way.
func (l *Lanczos) negative() (Count, error) {
	size := Negligible * l.unit()
	for range 4 { // up to 3.4 times as far: what is in the way there is a cluster
		c, err := below(l.count, -size)
		if err != nil || c.Certain {
			return c, err
		}
		size *= 1.5
	}
	return Count{}, fmt.Errorf("eigen: the number of negative eigenvalues is uncertain: some are too close to %.3g", -size/1.5)
}

// unit is ‖A‖, or 1 for a matrix of zeros.
func (l *Lanczos) unit() float64 {
	if l.norm > 0 {
		return l.norm
	}
	return 1
}

// margin is how far beyond the end of the spectrum the shift is placed, over ‖A‖:
// near enough for the outermost eigenvalues to stand apart in the inverse, and far
// enough for its solves to keep the digits of those behind them.
const margin = 0.02

// outside factors A − σI for a σ beyond the end of the spectrum, which the
// inertia proves.
func (l *Lanczos) outside(a Source, end End) error {
	sign, n := -1.0, a.SymmetricDim()
	l.side = left
	if end == Largest {
		sign, l.side = 1, right
	}
	edge, residual := extreme(a, l.be, sign)
	step := margin*l.unit() + 2*residual
	for try := 0; ; try++ {
		l.shift = edge + sign*step
		if err := l.factorize(); err != nil {
			return err
		}
		in := l.f.Inertia()
		if in.Certain && in.Zero == 0 && (end == Smallest && in.Negative == 0 || end == Largest && in.Negative == n) {
			return nil
		}
		if try == 60 { // from 0.02‖A‖, far beyond what any estimate of ‖A‖ is off by
			return errors.New("eigen: no shift beyond the end of the spectrum was found")
		}
		step *= 2
	}
}

// extremeProducts is what the search for the end of a spectrum may spend: products
// are cheap beside a factorization.
const extremeProducts = 40

// extreme is an outermost Ritz value of a after some products, the greatest for
// sign 1 and the least for −1, and the residual of its vector.
func extreme(a Operator, be blas.Backend, sign float64) (value, residual float64) {
	n := a.SymmetricDim()
	k := newKrylov(be, n, min(n, extremeProducts))
	v := make([]float64, n)
	irregular(v)
	k.begin(v)
	for k.size < k.most && !k.closed {
		k.extend(a)
	}
	theta, z, ok := k.eigen()
	if !ok {
		return sign * powerNorm(a), 0
	}
	at := 0
	if sign > 0 {
		at = k.size - 1
	}
	return theta[at], k.next() * math.Abs(z[(k.size-1)*k.size+at])
}

// FactorizeProducts finds the k smallest or largest eigenvalues of a with their
// vectors by products alone, the outermost first, for what is too large to be
// factored. The claim is a smaller one: each pair has a small residual, so that
// there is an eigenvalue near its value, but nothing proves that no other lies
// further out, and of copies of a multiple eigenvalue some may be missing.
// Report().Certain is false, and its interval and counts are empty. Eigenvalues
// inside the spectrum are not found this way. A backend of nil is blas.Native().
// Panics and errors are those of Factorize.
func (l *Lanczos) FactorizeProducts(a Operator, end End, k int, backend blas.Backend) error {
	n := a.SymmetricDim()
	if k < 1 || k > n {
		panic(factor.ErrShape)
	}
	l.begin(a)
	defer func() { l.a = nil }()
	if l.be = backend; backend == nil {
		l.be = blas.Native()
	}
	l.norm = powerNorm(a)
	if l.norm-l.norm != 0 {
		return &factor.NotFiniteError{Where: "A·v", Index: -1, Value: l.norm}
	}
	sign := 1.0
	if end == Largest {
		sign = -1
	}
	// Far beyond that end, so that the nearest to the shift are the outermost.
	l.shift = -sign * farOff * l.unit()
	l.spect = products{a, sign, make([]float64, n)}
	m, solves := l.sizes(n, k)
	l.space.reset(n, m)
	for len(l.values) < k {
		had := len(l.values)
		if ok, err := l.iterate(k-had, solves); err != nil {
			return err
		} else if !ok {
			return &LanczosError{Found: had, Wanted: k, Solves: l.report.Solves}
		}
		l.project()
		if reached, _ := l.sift(); len(l.values) <= had {
			return &LanczosError{Found: len(l.values), Wanted: k, Solves: l.report.Solves, Residual: reached}
		}
	}
	l.finish(k)
	return nil
}

// farOff times ‖A‖ is beyond the spectrum by so much that the order of the distances from
// there is the order of the eigenvalues, also where ‖A‖ is a lower bound of a few powers.
const farOff = 1e3

// irregular fills v with numbers in which no vector of a structured matrix is missing.
func irregular(v []float64) {
	for i := range v {
		_, f := math.Modf(float64(i+1) * math.Phi)
		v[i] = f - 0.5
	}
	vec.Scale(v, 1/vec.Norm2(v), v)
}
