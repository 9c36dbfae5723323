package eigen

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/vec"
	"costate/system"
)

// A Way is how a function of a matrix is computed.
type Way int

const (
	// Cheapest is the way that counts fewer flops.
	Cheapest Way = iota
	// Products is Lanczos' method; see MatFunc.
	Products
	// Shifts is factorizations at complex shifts; see factor.Shifted.
	Shifts
)

// String is "cheapest", "products" or "shifts".
func (w Way) String() string { return [...]string{"cheapest", "products", "shifts"}[w] }

// MarshalText is String.
func (w Way) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// An AbsSolver computes InverseAbs, Sign and Projector of the matrix H of a chain times
// many vectors, with an error that is bounded, in one of two ways:
//
//	Products   a Krylov space for each vector, about κ ln(2/tol) products with H each at
//	           worst, κ = ‖H‖/ε, and no more than the order of H
//	Shifts     n = ln(2/tol) ln(4κ)/π² + 1 factorizations H − iεs_j, of four times the
//	           flops of a real one, however many vectors there are
//
// The number of products is not known beforehand. Cheapest therefore begins with
// products, and changes to shifts when the products of all vectors together have cost as
// much as the shifts would: that is at most twice the work of the better way. For one vector
// and κ up to 1e3 products nearly always suffice.
//
// The zero value is ready. An AbsSolver is for one goroutine.
//
// Source: N. Hale, N. J. Higham and L. N. Trefethen, Computing A^α, log(A), and related
// matrix functions by contour integrals, SIAM J. Numer. Anal. 46 (2008).
type AbsSolver struct {
	// Tolerance is the error over ‖f(H)g‖ to be reached; 0 is 1e-10.
	Tolerance float64

	// MaxShifts bounds the shifts; 0 is 100.
	MaxShifts int

	// Way is how to go about it.
	Way Way

	// Options are those of the factorizations; nil means the defaults.
	Options *factor.Options

	report   AbsReport
	products MatFunc
	shifted  factor.Shifted
	rules    rules
}

// An AbsReport tells how the last ApplyTo went.
type AbsReport struct {
	// Way is the one that led to the result.
	Way Way `json:"way"`
	// Products were made by Lanczos' method, also where it was given up.
	Products int `json:"products"`
	// Shifts is the number of factorizations.
	Shifts int `json:"shifts"`
	// Ratio is κ, an upper bound of ‖H − μ‖/ε for the function's center μ.
	Ratio float64 `json:"ratio"`
	// Error bounds the errors, each relative to the norm of its result.
	Error float64 `json:"error"`
	// Flops counts the operations of both ways by formula.
	Flops int64 `json:"flops"`
}

// mostShifts is MaxShifts or its default.
func (s *AbsSolver) mostShifts() int {
	if s.MaxShifts > 0 {
		return s.MaxShifts
	}
	return 100
}

// Report tells how the last ApplyTo went.
func (s *AbsSolver) Report() AbsReport { return s.report }

// ErrFunc is the panic of a function that is no integral over resolvents, such as
// those that Of makes.
const ErrFunc = Error("eigen: InverseAbs, Sign or Projector is wanted")

// ApplyTo computes dst = f(H) G for the matrix H of c; the rows of G are parameters. An
// empty dst is resized; dst may be g. The errors are a *la.NotFiniteError and, for Way
// Shifts, a *factor.MemoryError, then dst is not written, and a *FuncError where the
// tolerance was not reached; dst is then the best found. It panics with factor.ErrShape
// for other sizes and with ErrFunc for other functions.
func (s *AbsSolver) ApplyTo(dst *mat.Dense, c *system.Chain, f Func, g mat.Matrix) error {
	if f.eps == 0 {
		panic(ErrFunc)
	}
	n, cols := g.Dims()
	if n != c.Params() {
		panic(factor.ErrShape)
	}
	if dst.IsEmpty() {
		if n == 0 || cols == 0 {
			return nil
		}
	} else if r, k := dst.Dims(); r != n || k != cols {
		panic(factor.ErrShape)
	}
	if err := c.Check(); err != nil {
		return err
	}
	t := &absTask{solver: s, source: OfChain(c, s.Options).(*chainSource), f: &f, g: mat.DenseCopyOf(g.T()), tol: s.Tolerance}
	for j := range cols {
		if i := vec.FirstNotFinite(t.g.RawRowView(j)); i >= 0 {
			return &factor.NotFiniteError{Where: "g", Index: i, Value: t.g.At(j, i)}
		}
	}
	if t.tol <= 0 {
		t.tol = 1e-10
	}
	t.x = mat.NewDense(cols, n, nil)
	err := t.run()
	var short *FuncError
	if err == nil || errors.As(err, &short) {
		if dst.IsEmpty() {
			dst.ReuseAs(n, cols)
		}
		dst.Copy(t.x.T())
	}
	return err
}

// An absTask is one ApplyTo; vectors are rows.
type absTask struct {
	solver *AbsSolver
	source *chainSource
	f      *Func
	g, x   *mat.Dense
	tol    float64

	rule rule
	err  float64 // of the rule
}

// run goes the way asked for.
func (t *absTask) run() error {
	s := t.solver
	s.report = AbsReport{}
	r := &s.report
	r.Ratio = t.largest() / t.f.eps
	if r.Ratio-r.Ratio != 0 {
		return &factor.NotFiniteError{Where: "H·v", Index: -1, Value: r.Ratio}
	}
	// A tenth of the tolerance is for rounding.
	t.rule, t.err = s.rules.find(r.Ratio, 0.9*t.tol, s.mostShifts())
	if s.Way == Shifts {
		return t.byShifts()
	}
	cost := factor.ShiftedCost(t.source.chain)
	possible := cost.Bytes <= s.Options.Limit() && t.err <= 0.9*t.tol
	budget := t.source.SymmetricDim()
	if s.Way == Cheapest && possible {
		budget = t.worth(cost)
	}
	var short *FuncError
	err := t.byProducts(budget)
	if err == nil || s.Way == Products || !possible || !errors.As(err, &short) || short.Rounding {
		return err
	}
	return t.byShifts()
}

// worth is the number of products for one vector that costs as much as its share of the
// shifts.
func (t *absTask) worth(cost factor.Cost) int {
	cols, _ := t.g.Dims()
	shifts := float64(len(t.rule.s)) * (float64(cost.Factor)/float64(cols) + sidesAtOnce*float64(cost.Solve))
	n := t.source.SymmetricDim()
	low, high := 0, n
	for low < high { // the most products that do not cost more
		mid := (low + high + 1) / 2
		if float64(t.productFlops(mid)) <= shifts {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// sidesAtOnce is how many solves refinement makes of one.
const sidesAtOnce = 2

// productFlops counts so many steps of Lanczos' method: a product, and its vector
// orthogonalized twice against those before.
func (t *absTask) productFlops(products int) int64 {
	m := int64(products)
	return m*t.source.chain.ProductFlops() + 4*m*m*int64(t.source.SymmetricDim())
}

// byProducts computes all vectors by at most so many products each.
func (t *absTask) byProducts(budget int) error {
	s := t.solver
	cols, n := t.g.Dims()
	s.report.Way = Products
	budget = int(min(int64(budget), s.Options.Limit()/(8*int64(max(n, 1)))))
	if budget < firstCheck && budget < n {
		return &FuncError{Reached: math.Inf(1), Wanted: t.tol}
	}
	s.products.Tolerance, s.products.Basis, s.products.Backend = t.tol, budget, t.source.opts.Backend
	var worst error
	for j := range cols {
		err := s.products.ApplyTo(t.x.RawRowView(j), t.source, *t.f, t.g.RawRowView(j))
		r := s.products.Report()
		s.report.Products += r.Products
		s.report.Flops += t.productFlops(r.Products)
		s.report.Error = max(s.report.Error, r.Error)
		if err != nil {
			worst = err
			if s.Way == Cheapest {
				break // the others would cost as much
			}
		}
	}
	return worst
}

// largest bounds ‖H − μ‖ from above but for a small chance: the largest eigenvalue in a
// small Krylov space, and the residual of its vector.
func (t *absTask) largest() float64 {
	n := t.source.SymmetricDim()
	if n == 0 {
		return 0
	}
	// Ritz values and residuals of 24 steps enclose the outermost eigenvalue unless the start
	// lacks it; slack is for a start that hardly has it.
	const steps, slack = 24, 1.05
	k := newKrylov(t.source.opts.Backend, n, min(steps, n))
	v := make([]float64, n)
	irregular(v)
	k.begin(v)
	for k.size < k.most && !k.closed {
		k.extend(t.source)
	}
	theta, z, ok := k.eigen()
	if !ok {
		return math.NaN()
	}
	top := 0.0
	for j, x := range theta {
		rest := k.next() * math.Abs(z[(k.size-1)*k.size+j])
		top = max(top, math.Abs(x-t.f.center)+rest)
	}
	return slack * top
}
