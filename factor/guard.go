package factor

import (
	"fmt"
	"math"
	"sync"

	"costate/la"
	"costate/la/blas"
	"costate/system"
)

const (
	// unit is the unit roundoff of float64.
	unit = 0x1p-53

	// growthAlarm is the growth of the eliminated matrix over ‖H‖ from which a
	// factorization is not trusted, and shiftBy·‖H‖ the change of the damping
	// that avoids a singular pivot block: growth then stays near 1/shiftBy,
	// far below the alarm. Refinement against the asked damping contracts the
	// error by shiftBy·cond(H+εI) a step.
	growthAlarm = 1e10
	// moderate is the growth up to which the factors are taken for those of a
	// matrix within rounding.
	moderate = 1e4
	shiftBy  = 1e-8

	// doubtful is the size of the smallest pivot, in units of its rounding
	// error by an estimate that ignores how errors grow from stage to stage,
	// below which the factors are put to a test.
	doubtful = 100
)

// A kernel factors and solves at exactly the damping it is given, without a
// check of what comes out: the part of a Factorization that differs between
// methods.
type kernel interface {
	// factor factors H + diag(eps_k I), eps by stage.
	factor(eps []float64) pivots
	// solve overwrites each of the nrhs rows of x with (H+diag(eps))⁻¹ times
	// it. It may be called from several goroutines.
	solve(x []float64, nrhs int)
	// cost is the plan made by the analysis.
	cost() Cost
}

// pivots is what a factorization learned from its pivots.
type pivots struct {
	negative, zero int
	logAbs         float64 // log|det|
	// growth is the largest element of the pivot blocks, all in the units of
	// H, and scale a lower bound of ‖H+εI‖ read off on the way.
	growth, scale float64
	// spread is the largest element of the matrices, in the units of H, from
	// which the pivot blocks were formed. Where it is larger than they are they
	// are what a cancellation left.
	spread float64
	// tiny is the smallest pivot in units of the rounding error of its block,
	// |d| / (order·unit·max(|S|, spread)), met at the place (block, pivot).
	tiny         float64
	block, pivot int
	finite       bool
}

// guard turns a kernel into a Factorization: it watches growth, avoids the
// unlucky dampings at which a pivot block is singular although the matrix is
// not, certifies the inertia, and refines every solution with a residual from
// H·v until its measured backward error is small.
//
// Sources: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed. (2002), chapters 7 and 12; E. Carson and N. J. Higham, A new analysis of
// iterative refinement, SIAM J. Sci. Comput. 39 (2017), for the Krylov step.
type guard struct {
	kernel  kernel
	opts    Options
	chain   *system.Chain
	n       int
	offsets []int // first parameter of each stage; L+1 long

	shapes []shape // of the stages, and last of the loss
	failed error   // why there is no point to factorize; nil if there is

	eps       []float64 // damping asked, by stage
	trial     []float64
	factored  bool
	inertia   la.Inertia
	logAbs    float64
	norm      float64 // lower bound of ‖H‖₂
	normKnown bool

	mu     sync.Mutex // guards report and norm
	report Report
	pool   pool[solveSpace]
}

// solveSpace is the workspace of one solve.
type solveSpace struct {
	chain   *system.Chain
	product *system.Product
	x, b    []float64 // nrhs×n: solutions, right-hand sides
	d       []float64 // nrhs×n: corrections
	h       []float64 // n
	best    []float64 // n
	norm    float64   // bound of ‖H‖ used last
	krylov  krylovSpace
	shares  shares
}

// begin is the part of Analyse that all methods share.
func (g *guard) begin(k kernel, c *system.Chain, opts *Options) error {
	*g = guard{kernel: k, chain: c, n: c.Params()}
	if opts != nil {
		g.opts = *opts
	}
	if g.opts.Backend == nil {
		g.opts.Backend = blas.Native()
	}
	if !(g.opts.Tolerance > 0) {
		g.opts.Tolerance = 1e-14
	}
	if g.opts.MaxRefinements <= 0 {
		g.opts.MaxRefinements = 10
	}
	if g.opts.MemoryLimit <= 0 {
		g.opts.MemoryLimit = machineMemory()
	}
	g.offsets = make([]int, len(c.Stages)+1)
	for k, s := range c.Stages {
		g.offsets[k+1] = g.offsets[k] + s.Params()
	}
	g.eps, g.trial = make([]float64, len(c.Stages)), make([]float64, len(c.Stages))
	if err := c.Check(); err != nil {
		g.kernel = nil
		return err
	}
	g.shapes = make([]shape, len(c.Stages)+1)
	for i := range g.shapes {
		g.shapes[i] = shapeOf(c, i)
	}
	return nil
}

// plan refuses a cost above the memory limit.
func (g *guard) plan(what string, c Cost) error {
	if c.Bytes > g.opts.MemoryLimit || c.Bytes < 0 {
		return &MemoryError{Needed: c.Bytes, Limit: g.opts.MemoryLimit, What: what}
	}
	return nil
}

// point takes a new chain of the same shapes.
func (g *guard) point(c *system.Chain) error {
	if g.kernel == nil {
		panic(ErrNotAnalysed)
	}
	if len(c.Stages) != len(g.eps) {
		panic(ErrShape)
	}
	for i, s := range g.shapes {
		if shapeOf(c, i) != s {
			panic(ErrShape)
		}
	}
	g.chain, g.factored, g.normKnown, g.norm = c, false, false, 0
	g.failed = c.Check()
	return g.failed
}

// Order is the order of H: the number of parameters.
func (g *guard) Order() int { return g.n }

// Cost estimates flops and bytes of one factorization and solve.
func (g *guard) Cost() Cost {
	if g.kernel == nil {
		panic(ErrNotAnalysed)
	}
	return g.kernel.cost()
}

// Factorize factors H + εI; see Factorization.
func (g *guard) Factorize(eps float64) error {
	if g.kernel == nil {
		panic(ErrNotAnalysed)
	}
	for k := range g.eps {
		g.eps[k] = eps
	}
	return g.factorize()
}

// FactorizeStages factors H + diag(ε_1 I, …, ε_L I), a damping for each stage:
// prior precisions by layer, or layerwise damping. The slice has one element a
// stage and is copied.
func (g *guard) FactorizeStages(eps []float64) error {
	if g.kernel == nil {
		panic(ErrNotAnalysed)
	}
	if len(eps) != len(g.eps) {
		panic(ErrShape)
	}
	copy(g.eps, eps)
	return g.factorize()
}

func (g *guard) factorize() error {
	g.factored, g.inertia = false, la.Inertia{}
	if g.failed != nil {
		return g.failed
	}
	if err := checkDamping(g.eps); err != nil {
		return err
	}
	g.report = Report{Eps: g.eps[0], Bytes: g.kernel.cost().Bytes}
	p := g.shifted(0)
	if g.alarming(p) {
		return g.avoid(p)
	}
	g.settle(p, 0)
	if p.tiny < doubtful {
		return g.doubt(p)
	}
	g.factored = true
	return nil
}

// checkDamping names the first damping that is not finite, and the stage unless
// all have the same.
func checkDamping(eps []float64) error {
	same := true
	for _, e := range eps {
		same = same && math.Float64bits(e) == math.Float64bits(eps[0])
	}
	for k, e := range eps {
		if e-e == 0 {
			continue
		}
		where := "damping"
		if !same {
			where = fmt.Sprintf("damping of stage %d", k+1)
		}
		return &la.NotFiniteError{Where: where, Index: -1, Value: e}
	}
	return nil
}

// shifted factors with every damping moved by delta.
func (g *guard) shifted(delta float64) pivots {
	for k, e := range g.eps {
		g.trial[k] = e + delta
	}
	g.report.Flops += g.kernel.cost().Factor
	return g.kernel.factor(g.trial)
}

// alarming reports whether a factorization met growth that makes its pivots
// worthless. The bound p.scale of ‖H‖ comes free; the norm itself is only
// estimated where that bound does not settle the question.
func (g *guard) alarming(p pivots) bool {
	if !p.finite {
		return true
	}
	if p.growth <= growthAlarm*p.scale {
		return false
	}
	return !(p.growth <= growthAlarm*g.magnitude())
}

// settle records a factorization at damping ε + shift.
func (g *guard) settle(p pivots, shift float64) {
	g.inertia = la.Inertia{Negative: p.negative, Zero: p.zero, Positive: g.n - p.negative - p.zero, Certain: true}
	g.logAbs = p.logAbs
	g.report.Shift = shift
	if norm := max(g.norm, p.scale, g.damping()); norm > 0 {
		g.report.Growth = p.growth / norm
	}
}

// avoid handles an alarm at the damping asked. Factorizations a little to
// either side do not meet the singular pivot block; if they count the same
// negative eigenvalues, none lies between them and the count is certain.
func (g *guard) avoid(p pivots) error {
	norm := g.magnitude()
	if norm == 0 {
		norm = 1
	}
	if norm-norm != 0 {
		return &la.NotFiniteError{Where: "norm of H·v", Index: -1, Value: norm}
	}
	for delta := shiftBy * norm; delta <= 16*shiftBy*norm; delta *= 2.3 {
		below := g.shifted(-delta)
		above := g.shifted(delta)
		if g.alarming(below) || g.alarming(above) {
			continue
		}
		if agree(below, above) {
			g.settle(above, delta)
			// The derivative of log|det| drops out of the mean.
			g.logAbs = (below.logAbs + above.logAbs) / 2
			g.factored = true
			return nil
		}
		// An eigenvalue lies within delta of −ε.
		g.settle(above, delta)
		g.straddle(below, above)
		if !p.finite {
			return &SingularError{Block: p.block, Pivot: p.pivot, Eps: g.eps[0], Suggest: g.eps[0] + 100*delta}
		}
		g.factored = true
		return nil
	}
	g.inertia = la.Inertia{Zero: g.n} // nothing is known
	return &SingularError{Block: p.block, Pivot: p.pivot, Eps: g.eps[0], Suggest: g.eps[0] + 1e-4*norm, blind: true}
}

// doubt settles a factorization without growth one of whose pivots could be
// rounding error. If the factors F are those of H + εI + E with ‖E F⁻¹‖ < 1, no
// eigenvalue changes its sign on the way from one to the other, and the inertia
// is certain. Otherwise, if their inverse is as large as rounding lets it become
// and no growth has made E large, the matrix is singular; if not the inertia is certified by counts on both
// sides, and the factorization made anew; or, if it is too inaccurate to refine
// with, the one at ε + δ.
func (g *guard) doubt(p pivots) error {
	norm := g.magnitude()
	refines, inverse, change := g.probe()
	if change < 0.1 {
		g.factored = true
		return nil
	}
	if p.tiny < 1 && p.growth <= moderate*max(norm, p.scale) && !(inverse*norm*unit*float64(g.n) < 1) {
		return g.singular(p)
	}
	delta := shiftBy * norm
	below, above := g.shifted(-delta), g.shifted(delta)
	same := agree(below, above) && !g.alarming(below) && !g.alarming(above)
	if refines {
		g.settle(g.shifted(0), 0)
	} else {
		g.settle(g.shifted(delta), delta)
		g.logAbs = (below.logAbs + above.logAbs) / 2
	}
	if same { // what both sides count holds between them
		g.inertia = la.Inertia{Negative: above.negative, Positive: g.n - above.negative, Certain: true}
	} else {
		g.straddle(below, above)
	}
	g.factored = true
	return nil
}

// probe solves with an irregular right-hand side. It reports whether the
// factors F at hand refine to the tolerance, a lower bound of the norm of their
// inverse, NaN if the solution is not finite, and an estimate of the Frobenius
// norm of E F⁻¹, where F factors H + εI + E.
func (g *guard) probe() (refines bool, inverse, change float64) {
	w := g.space(1)
	defer g.pool.put(w)
	irregular(w.b)
	copy(w.x, w.b)
	g.kernel.solve(w.x, 1)
	nb := norm2(w.b)
	inverse = norm2(w.x) / nb
	g.residual(w, w.d, w.x, w.b, nb, 0) // E F⁻¹ b
	change = norm2(w.d) / nb * math.Sqrt(float64(g.n))
	reached, _ := g.improve(w, w.x, w.b, w.d, nb, g.estimateNorm())
	return reached <= g.opts.Tolerance, inverse, change
}

// agree reports whether factorizations on both sides count the same, and none of
// their pivots is rounding error.
func agree(below, above pivots) bool {
	return below.negative == above.negative && below.zero+above.zero == 0 && min(below.tiny, above.tiny) >= 1
}

// straddle records the uncertain inertia of a matrix with an eigenvalue
// between two dampings: those between are counted as zero.
func (g *guard) straddle(below, above pivots) {
	g.inertia = la.Inertia{Negative: above.negative, Zero: max(below.negative-above.negative, 0), Certain: false}
	g.inertia.Positive = g.n - g.inertia.Negative - g.inertia.Zero
}

// singular reports a matrix that is singular to working accuracy, with the
// eigenvalues within shiftBy·‖H‖ of −ε counted as zero.
func (g *guard) singular(p pivots) error {
	delta := shiftBy * g.magnitude()
	g.straddle(g.shifted(-delta), g.shifted(delta))
	g.inertia.Zero = max(g.inertia.Zero, 1)
	g.inertia.Positive = g.n - g.inertia.Negative - g.inertia.Zero
	g.logAbs = math.Inf(-1)
	return &SingularError{Block: p.block, Pivot: p.pivot, Eps: g.eps[0], Suggest: g.eps[0] + 100*delta}
}

// Inertia returns the inertia of H + εI.
func (g *guard) Inertia() la.Inertia {
	if !g.factored && g.inertia == (la.Inertia{}) {
		panic(ErrNotFactorized)
	}
	return g.inertia
}

// LogDet returns log|det(H+εI)| and its sign, 0 if the inertia is uncertain.
func (g *guard) LogDet() (log, sign float64) {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	switch {
	case !g.inertia.Certain:
		return g.logAbs, 0
	case g.inertia.Negative%2 == 1:
		return g.logAbs, -1
	}
	return g.logAbs, 1
}

// Report tells how the last Factorize and solve went.
func (g *guard) Report() Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.report
}
