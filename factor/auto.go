package factor

import (
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
func Choose(c *system.Chain, limit int64) Choice {
	if limit <= 0 {
		limit = machineMemory()
	}
	ch := Choice{Chain: ChainCost(c), Dense: DenseCost(c)}
	ch.Method = "chain"
	best := ch.Chain
	if best.Bytes > limit {
		best.Factor = math.MaxInt64
	}
	if isGaussNewton(c) {
		ch.Gram = GramCost(c)
		if ch.Gram.Bytes <= limit && ch.Gram.Factor < best.Factor {
			ch.Method, best = "gram", ch.Gram
		}
	}
	if ch.Dense.Bytes <= limit && ch.Dense.Factor < best.Factor {
		ch.Method, best = "dense", ch.Dense
	}
	ch.Reason = fmt.Sprintf("%s counts %.3g flops; chain %.3g", ch.Method, float64(best.Factor), float64(ch.Chain.Factor))
	if ch.Gram.Factor > 0 {
		ch.Reason += fmt.Sprintf(", gram %.3g", float64(ch.Gram.Factor))
	}
	ch.Reason += fmt.Sprintf(", dense %.3g", float64(ch.Dense.Factor))
	return ch
}

// Auto is the exact method that Choose picks, behind the same interface.
type Auto struct {
	Factorization
	Choice Choice
}

var _ Factorization = (*Auto)(nil)

// Analyse chooses the method for the shapes of c and analyses with it.
func (a *Auto) Analyse(c *system.Chain, opts *Options) error {
	limit := int64(0)
	if opts != nil {
		limit = opts.MemoryLimit
	}
	a.Choice = Choose(c, limit)
	switch a.Choice.Method {
	case "gram":
		a.Factorization = new(Gram)
	case "dense":
		a.Factorization = new(Dense)
	default:
		a.Factorization = new(Chain)
	}
	return a.Factorization.Analyse(c, opts)
}

// DenseCost estimates the flops and bytes of a Dense for the shapes of c;
// Factor contains the products that form H.
func DenseCost(c *system.Chain) Cost {
	n := int64(c.Params())
	if n > 1<<20 { // beyond any memory: keep n³ from overflowing
		return Cost{Factor: math.MaxInt64, Solve: math.MaxInt64, Bytes: math.MaxInt64}
	}
	return Cost{Factor: n*n*n/3 + n*productFlops(c), Solve: 2 * n * n, Bytes: 8 * (2*n*n + 8*n)}
}

// productFlops counts one product H·v.
func productFlops(c *system.Chain) int64 {
	total := int64(0)
	for _, s := range c.Stages {
		switch s := s.(type) {
		case *system.Dense:
			products := int64(4)
			if s.Delta != nil {
				products = 6
			}
			total += 2 * products * int64(s.Batch) * int64(s.Out) * int64(s.In)
		case *system.Blocks:
			for _, m := range []*system.Matrix{s.F, s.G, s.A, s.C, s.Q} {
				if m != nil {
					total += 4 * int64(len(m.Val))
				}
			}
		}
	}
	return total
}
