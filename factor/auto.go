package factor

import (
	"errors"
	"fmt"
	"math"

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
func Choose(c *system.Chain, limit int64) Choice { return choose(c, limit, isGaussNewton(c)) }

// choose is Choose, with Gram among the candidates or not.
func choose(c *system.Chain, limit int64, outputs bool) Choice {
	if limit <= 0 {
		limit = machineMemory()
	}
	ch := Choice{Chain: ChainCost(c), Dense: DenseCost(c)}
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
	if outputs {
		ch.Gram = GramCost(c)
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

// Auto is the exact method that Choose picks, behind the same interface.
type Auto struct {
	Factorization
	Choice Choice

	opts Options
}

var _ Factorization = (*Auto)(nil)

// Analyse chooses the method for the shapes of c and analyses with it.
func (a *Auto) Analyse(c *system.Chain, opts *Options) error {
	a.opts = Options{}
	if opts != nil {
		a.opts = *opts
	}
	err := a.analyse(c, isGaussNewton(c))
	if errors.Is(err, ErrNotGaussNewton) { // the loss is not convex
		err = a.analyse(c, false)
	}
	return err
}

// Update takes a new point. Where the method chosen is not one for it, as Gram
// is not for an exact Hessian, it analyses anew.
func (a *Auto) Update(c *system.Chain) error {
	if a.Factorization == nil {
		panic(ErrNotAnalysed)
	}
	err := a.Factorization.Update(c)
	if errors.Is(err, ErrNotGaussNewton) {
		err = a.analyse(c, false)
	}
	return err
}

func (a *Auto) analyse(c *system.Chain, outputs bool) error {
	a.Choice = choose(c, a.opts.MemoryLimit, outputs)
	switch a.Choice.Method {
	case "gram":
		a.Factorization = new(Gram)
	case "dense":
		a.Factorization = new(Dense)
	default:
		a.Factorization = new(Chain)
	}
	return a.Factorization.Analyse(c, &a.opts)
}

// DenseCost estimates the flops and bytes of a Dense for the shapes of c; Point
// is the products that form H.
func DenseCost(c *system.Chain) Cost {
	n := int64(c.Params())
	if n > 1<<20 { // beyond any memory: keep n³ from overflowing
		return tooMuch
	}
	return Cost{Point: n * c.ProductFlops(), Factor: n * n * n / 3, Solve: 2 * n * n, Bytes: 8 * (2*n*n + 8*n)}
}
