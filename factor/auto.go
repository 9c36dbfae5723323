package factor

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/outputs"
	"costate/la"
	"costate/system"
)

// A Choice is the exact method that counts fewest flops for one new point: its
// name, the cost of each candidate, and the reason in words.
type Choice struct {
	Method string // "chain", "gram" or "dense"
	Reason string
	Chain  Cost
	Gram   Cost // not set if the chain is not a Gauss–Newton one of dense stages
	Dense  Cost
}

// Choose counts the flops of the exact methods for the shapes of c, H formed
// included, and picks the cheapest that fits into limit bytes (0: the memory of
// the machine). Dense factors through parameters, Gram through outputs (for
// Gauss–Newton chains), Chain through states.
func Choose(c *system.Chain, limit int64) Choice { return choose(c, limit, outputs.Takes(c)) }

// choose is Choose, with Gram among the candidates or not.
func choose(c *system.Chain, limit int64, gram bool) Choice {
	if limit <= 0 {
		limit = machineMemory()
	}
	ch := Choice{Chain: chainCost(c), Dense: denseCost(c)}
	ch.Method = "chain"
	best := ch.Chain
	least := best.perPoint()
	if best.Bytes > limit {
		least = math.Inf(1)
	}
	consider := func(name string, c Cost) {
		if f := c.perPoint(); c.Bytes <= limit && f < least {
			ch.Method, least = name, f
		}
	}
	if gram {
		ch.Gram = gramCost(c)
		consider("gram", ch.Gram)
	}
	consider("dense", ch.Dense)
	ch.Reason = fmt.Sprintf("%s counts the fewest flops of a new point that fit: chain %.3g", ch.Method, ch.Chain.perPoint())
	if ch.Gram.Factor > 0 {
		ch.Reason += fmt.Sprintf(", gram %.3g", ch.Gram.perPoint())
	}
	ch.Reason += fmt.Sprintf(", dense %.3g", ch.Dense.perPoint())
	return ch
}

// perPoint is the flops from a new point to its factors.
func (c Cost) perPoint() float64 { return float64(c.Point) + float64(c.Factor) }

// tooMuch is a cost beyond any machine, or of a method that does not apply.
var tooMuch = Cost{Factor: math.MaxInt64, Solve: math.MaxInt64, Bytes: math.MaxInt64}

// Auto is the exact method that Choose picks, behind the same interface. The
// zero value is ready for Analyse.
type Auto struct {
	method Factorization // nil before Analyse
	choice Choice
	opts   Options
}

var _ Factorization = (*Auto)(nil)

// Analyse chooses the method for the shapes of c and analyses with it.
func (a *Auto) Analyse(c *system.Chain, opts *Options) error {
	a.Reset()
	if opts != nil {
		a.opts = *opts
	}
	err := a.analyse(c, outputs.Takes(c))
	if errors.Is(err, ErrNotGaussNewton) { // the loss is not convex
		err = a.analyse(c, false)
	}
	return err
}

// Update takes a new point. Where the method chosen is not one for it, as Gram
// is not for an exact Hessian, it analyses anew.
func (a *Auto) Update(c *system.Chain) error {
	err := a.use().Update(c)
	if errors.Is(err, ErrNotGaussNewton) {
		err = a.analyse(c, false)
	}
	return err
}

func (a *Auto) analyse(c *system.Chain, gram bool) error {
	a.choice = choose(c, a.opts.MemoryLimit, gram)
	switch a.choice.Method {
	case "gram":
		a.method = new(Gram)
	case "dense":
		a.method = new(Dense)
	default:
		a.method = new(Chain)
	}
	return a.method.Analyse(c, &a.opts)
}

// use is the method chosen; it panics where there is none.
func (a *Auto) use() Factorization {
	if a.method == nil {
		panic(ErrNotAnalysed)
	}
	return a.method
}

// Method is the factorization chosen, for what only it can do; nil before
// Analyse.
func (a *Auto) Method() Factorization { return a.method }

// Choice tells what was chosen and why.
func (a *Auto) Choice() Choice { return a.choice }

// Reset empties the factorization, options included.
func (a *Auto) Reset() { *a = Auto{} }

// IsEmpty reports whether nothing has been analysed.
func (a *Auto) IsEmpty() bool { return a.method == nil || a.method.IsEmpty() }

// Factorize factors H + εI; see Factorization.
func (a *Auto) Factorize(eps float64) error { return a.use().Factorize(eps) }

// FactorizeStages factors with a damping for each stage; see Factorization.
func (a *Auto) FactorizeStages(eps []float64) error { return a.use().FactorizeStages(eps) }

// SymmetricDim is the order of H: the number of parameters.
func (a *Auto) SymmetricDim() int { return a.use().SymmetricDim() }

// Inertia returns the inertia of the matrix factored; see Solver.
func (a *Auto) Inertia() la.Inertia { return a.use().Inertia() }

// LogDet returns log|det| of the matrix factored and its sign; see Solver.
func (a *Auto) LogDet() (log, sign float64) { return a.use().LogDet() }

// Cond estimates the condition number of the matrix factored; see Solver.
func (a *Auto) Cond() float64 { return a.use().Cond() }

// Cost estimates flops and bytes of one factorization and solve; see Solver.
func (a *Auto) Cost() Cost { return a.use().Cost() }

// Report tells how the last factorization and solve went.
func (a *Auto) Report() Report {
	if a.method == nil {
		return Report{}
	}
	return a.method.Report()
}

// SolveTo solves for the columns of b; see Solver.
func (a *Auto) SolveTo(dst *mat.Dense, b mat.Matrix) error { return a.use().SolveTo(dst, b) }

// SolveVecTo solves for one right-hand side; see Solver.
func (a *Auto) SolveVecTo(dst *mat.VecDense, b mat.Vector) error { return a.use().SolveVecTo(dst, b) }
