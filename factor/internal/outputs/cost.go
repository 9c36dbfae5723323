package outputs

import (
	"costate/factor/internal/pivot"
	"costate/system"
)

// CostOf estimates the cost of an Engine for the shapes of c, for a loss of full
// rank. ok is false if a stage is not dense.
func CostOf(c *system.Chain) (cost pivot.Cost, ok bool) {
	batch, out := int64(c.Loss.Batch), int64(c.Loss.Rows)
	q := batch * out
	cost = pivot.Cost{Factor: q * q * q / 3, Solve: 2 * q * q, Bytes: 8 * 3 * q * q}
	widest := int64(0)
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok {
			return pivot.Cost{}, false
		}
		in, a := int64(d.In), int64(d.Out)
		cost.Point += q*q*(a+2) + 2*q*a*in + batch*batch*in
		cost.Solve += 8 * batch * a * in
		cost.Bytes += 8 * q * a
		if out > 1 {
			cost.Bytes += 8 * batch * batch
		}
		widest = max(widest, in, a)
	}
	cost.Bytes += 16 * q * widest
	return cost, true
}
