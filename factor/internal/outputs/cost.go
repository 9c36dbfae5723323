package outputs

import (
	"costate/factor/internal/pivot"
	"costate/system"
)

// CostOf estimates the cost of an Engine for the shapes of c, for a loss of full
// rank. ok is false if a stage is not dense.
func CostOf(c *system.Chain) (cost pivot.Cost, ok bool) {
	q := int64(c.Loss.Batch) * int64(c.Loss.Rows)
	cost, ok = backCost(c)
	if !ok {
		return pivot.Cost{}, false
	}
	cost.Factor, cost.Solve, cost.Bytes = q*q*q/3, cost.Solve+2*q*q, cost.Bytes+8*3*q*q
	for _, s := range c.Stages {
		d := s.(*system.DenseStage)
		rows := int64(d.BatchRows())
		if forms(d, int(q)) {
			cost.Point += formFlops(d, q)
			cost.Bytes += 8 * q * int64(d.Params())
			continue
		}
		cost.Point += pairFlops(d, q)
		if c.Loss.Rows > 1 || d.SampleRows() > 1 {
			cost.Bytes += 8 * rows * rows
		}
	}
	return cost, true
}

// backCost is the part of a backprop: its flops and memory, and the flops of a solve
// along the chain.
func backCost(c *system.Chain) (cost pivot.Cost, ok bool) {
	q, widest, gathered := int64(c.Loss.Batch)*int64(c.Loss.Rows), int64(0), int64(0)
	for _, s := range c.Stages {
		d, ok := s.(*system.DenseStage)
		if !ok {
			return pivot.Cost{}, false
		}
		in, a, rows := int64(d.In), int64(d.Out), int64(d.SampleRows())
		cost.Point += 2 * q * rows * a * in
		cost.Solve += 8 * int64(d.BatchRows()) * a * in
		cost.Bytes += 8 * q * rows * a
		widest = max(widest, int64(sampleWidth(d)))
		if d.Gather != nil {
			gathered = max(gathered, rows*in)
			cost.Point += 2 * q * int64(d.Gather.NNZ())
			cost.Solve += 8 * int64(d.Batch) * int64(d.Gather.NNZ())
		}
		maps := []*system.SampleMap{&d.J}
		if d.Pass != nil {
			maps = append(maps, &d.Pass.J)
		}
		for _, m := range maps {
			if n := m.NNZ(); m.HasBlocks() {
				cost.Point += 2 * int64(c.Loss.Rows) * n
				cost.Solve += 8 * n
			}
		}
	}
	cost.Bytes += 16*q*widest + 8*q*gathered
	return cost, true
}

// pairFlops counts J̃_kJ̃_kᵀ by pairs of rows: one triangle, in which each product of
// two rows of Δ is multiplied by one of z̄.
func pairFlops(d *system.DenseStage, q int64) int64 {
	r, rows := float64(q)*float64(d.SampleRows()), float64(d.BatchRows())
	return flops(r*r*float64(d.Out+2) + rows*rows*float64(d.In))
}

// formFlops counts it with J̃_k formed and multiplied.
func formFlops(d *system.DenseStage, q int64) int64 {
	p := float64(d.Params())
	return flops(float64(q) * p * float64(2*int64(d.SampleRows())+q))
}

// flops is a count that stays clear of overflow: beyond 2⁵⁶ nothing is affordable.
func flops(n float64) int64 { return int64(min(n, 1<<56)) }

// forms reports whether J̃_k is formed. For one row a sample it is not: then pairs
// count fewer flops unless the stage has next to no inputs.
func forms(d *system.DenseStage, q int) bool {
	return d.SampleRows() > 1 && formFlops(d, int64(q)) < pairFlops(d, int64(q))
}
