package eigen

import (
	"math"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
)

// A MatFunc computes f(A)g by Lanczos' method: with the orthonormal basis V of the
// Krylov space of g, in which A is the tridiagonal T,
//
//	f(A) g ≈ ‖g‖ V f(T) e_1
//
// Each step is one product with A, nothing is factored. For one vector and
// ‖A‖/ε up to 1e4 that is far cheaper than factorizations at complex shifts: one
// of these costs hundreds of products. The basis is orthogonalized in full and
// bounded by Basis; there are no restarts.
//
// Of InverseAbs, Sign and Projector the error is bounded, up to rounding; of
// other functions it is measured: the change over the last sixth of the products, which
// is the error of the approximation before, unless both stagnate.
//
// The zero value is ready. A MatFunc is for one goroutine.
//
// Source: N. J. Higham, Functions of matrices (2008), section 13.2.
type MatFunc struct {
	// Tolerance is the error over ‖f(A)g‖ to be reached; 0 is 1e-10.
	Tolerance float64

	// Basis bounds the products, and the vectors kept; 0 is 2000, and 400 for Of,
	// which needs the eigenvectors of a matrix of that order.
	Basis int

	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	report FuncReport
	k      *krylov
}

// A FuncReport tells how the last ApplyTo went.
type FuncReport struct {
	Products int `json:"products"`
	// Error is relative to the norm of the result; Bounded says that it is a
	// bound, not a measured change.
	Error   float64 `json:"error"`
	Bounded bool    `json:"bounded"`
}

// Report tells how the last ApplyTo went.
func (m *MatFunc) Report() FuncReport { return m.report }

// ApplyTo computes dst = f(A) g; both have the order of a, and dst may be g. The
// errors are a *la.NotFiniteError, then dst is not written, and a *FuncError where
// the tolerance was not reached; dst is then the best found. It panics with
// factor.ErrShape for other lengths.
func (m *MatFunc) ApplyTo(dst []float64, a Operator, f Func, g []float64) error {
	return m.apply(dst, a, f, g, 0)
}

// apply is ApplyTo. A scale that is not zero takes the place of ‖f(A)g‖, over ‖g‖,
// in the relative error.
func (m *MatFunc) apply(dst []float64, a Operator, f Func, g []float64, scale float64) error {
	n := a.SymmetricDim()
	if len(dst) != n || len(g) != n {
		panic(factor.ErrShape)
	}
	if i := vec.FirstNotFinite(g); i >= 0 {
		return &factor.NotFiniteError{Where: "g", Index: i, Value: g[i]}
	}
	m.report = FuncReport{Bounded: f.eps > 0}
	norm := vec.Norm2(g)
	if norm == 0 {
		clear(dst)
		return nil
	}
	m.prepare(n, f.eps > 0)
	m.k.begin(g)
	c, err := m.coefficients(a, f, scale)
	if c != nil {
		vec.Scale(c, norm, c)
		m.k.combineTo(dst, c)
	}
	return err
}

// prepare makes room for the basis.
func (m *MatFunc) prepare(n int, bounded bool) {
	be, most := m.Backend, m.Basis
	if be == nil {
		be = blas.Native()
	}
	switch {
	case most > 0:
	case bounded: // what changes within ε of 0 takes products in proportion to ‖A‖/ε
		most = 2000
	default: // 400 vectors of a million parameters are 3.2 GB
		most = 400
	}
	if most = min(most, n); m.k == nil || m.k.n != n || m.k.most != most {
		m.k = newKrylov(be, n, most)
	}
	m.k.be = be
}

// firstCheck is the number of products before the first look at the error; each
// further look is a sixth later, so that all the looks together cost few times
// the last one.
const firstCheck = 6

// coefficients extends the space until f(T)e_1 in it is good enough.
func (m *MatFunc) coefficients(a Operator, f Func, scale float64) ([]float64, error) {
	k, tol := m.k, m.Tolerance
	if tol <= 0 {
		tol = 1e-10
	}
	var last []float64
	for check := firstCheck; ; check += max(2, check/6) {
		for k.size < min(check, k.most) && !k.closed {
			k.extend(a)
		}
		m.report.Products = k.size
		c, ok := f.inKrylov(k)
		if !ok {
			return nil, &factor.NotFiniteError{Where: "f(A)g", Index: -1, Value: math.NaN()}
		}
		e, rounding := m.errorOf(&f, c, last, scale)
		m.report.Error = max(e, rounding)
		switch {
		case m.report.Error <= tol:
			return c, nil
		case k.closed || k.size == k.most || e < rounding:
			return c, &FuncError{Reached: m.report.Error, Wanted: tol, Products: k.size, Rounding: e < rounding}
		}
		last = c
	}
}

// errorOf is the relative error of the coefficients c, and what rounding adds:
// eigenvalues that move by u‖A‖ change f by that over ε.
func (m *MatFunc) errorOf(f *Func, c, last []float64, scale float64) (e, rounding float64) {
	if scale == 0 {
		scale = vec.Norm2(c)
	}
	rounding = 8 * 0x1p-53 // of f in the small space, by its eigenvectors or by sums
	if f.eps > 0 {
		rounding *= 1 + m.k.scale/f.eps
	}
	switch {
	case m.k.closed:
		return 0, rounding
	case f.eps > 0:
		return f.bound(m.k) / scale, rounding
	case last == nil:
		return math.Inf(1), rounding
	}
	d := append([]float64(nil), c...)
	for i, x := range last {
		d[i] -= x
	}
	return vec.Norm2(d) / scale, rounding
}

// inKrylov computes f(T) e_1.
func (f *Func) inKrylov(k *krylov) (c []float64, ok bool) {
	if f.eps > 0 {
		c = f.byResolvents(k)
		return c, vec.FirstNotFinite(c) < 0
	}
	theta, z, ok := k.eigen()
	if !ok {
		return nil, false
	}
	m := k.size
	w := make([]float64, m)
	for j, t := range theta {
		w[j] = f.value(t) * z[j]
	}
	c = make([]float64, m)
	for i := range c {
		c[i] = vec.Dot(z[i*m:][:m], w)
	}
	return c, vec.FirstNotFinite(c) < 0
}
