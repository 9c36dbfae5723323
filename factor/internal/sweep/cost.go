package sweep

import (
	"costate/factor/internal/pivot"
	"costate/system"
)

// CostOf estimates the cost of an Engine for the shapes of c.
func CostOf(c *system.Chain) pivot.Cost {
	var total pivot.Cost
	for k, s := range c.Stages {
		sc := stageCost(s, k > 0)
		total.Point += sc.Point
		total.Factor += sc.Factor
		total.Solve += sc.Solve
		total.Bytes += sc.Bytes
	}
	n := needsOf(c)
	states := int64(n.states)
	total.Bytes += 8 * (2*states*states + states + int64(n.t1) + int64(n.t2) + int64(n.v) + int64(n.gathered) + int64(n.room))
	if n.small {
		total.Bytes += 8 * int64(smallSpaceWords())
	}
	return total
}

// needs are the greatest sizes over the stages.
type needs struct {
	states, pivot int // order of P, order of a pivot block
	t1, t2, v     int
	gathered      int
	rows          int // gathered rows of the batch, in numbers
	room          int // a block of a map
	small         bool
}

func needsOf(c *system.Chain) needs {
	var n needs
	for k, s := range c.Stages {
		in := 0
		if k > 0 {
			in = s.Inputs()
		}
		m := pivotOrder(s)
		n.states = max(n.states, in, s.Outputs(), preActivations(s))
		t1, t2 := scratch(s, k > 0)
		d, dense := s.(*system.DenseStage)
		if dense {
			n.room = max(n.room, roomFor(d))
		}
		if b, ok := s.(*system.BlockStage); ok {
			n.small = n.small || isSmallBlock(b, k > 0)
		}
		if dense && k > 0 {
			n.gathered = max(n.gathered, gatherLen(d))
			n.small = n.small || isSmall(d, true)
			if d.Gather != nil {
				n.rows = max(n.rows, d.BatchRows()*d.In)
			}
		}
		n.t1, n.t2, n.v, n.pivot = max(n.t1, t1), max(n.t2, t2), max(n.v, m*in), max(n.pivot, m)
	}
	return n
}

func stageCost(s system.Stage, inner bool) pivot.Cost {
	switch s := s.(type) {
	case *system.DenseStage:
		return denseCost(s, inner)
	case *system.BlockStage:
		return blockCost(s, inner)
	}
	panic("sweep: a stage of an unknown kind")
}

// pivotOrder is the order of a stage's pivot block.
func pivotOrder(s system.Stage) int {
	if s, ok := s.(*system.DenseStage); ok {
		return rank(s) * s.Out
	}
	return s.Params()
}

// preActivations is the order of P_s of a stage.
func preActivations(s system.Stage) int {
	if d, ok := s.(*system.DenseStage); ok {
		return d.BatchRows() * d.Out
	}
	return 0
}

// scratch is the lengths of t1 and t2 that a stage's elimination needs.
func scratch(s system.Stage, inner bool) (t1, t2 int) {
	in := 0
	if inner {
		in = s.Inputs()
	}
	d, ok := s.(*system.DenseStage)
	if !ok {
		return s.Outputs() * s.Params(), s.Outputs() * in
	}
	n := d.BatchRows() * d.Out
	t1 = max(foldLen(d), s.Outputs()*n)
	if inner && passes(d) {
		t1 = firstPart(d) + n*n
	}
	if inner {
		t2 = n * (in + couplingGap)
	}
	return t1, t2
}

func denseCost(s *system.DenseStage, inner bool) pivot.Cost {
	r, out, rows, in, zin := int64(rank(s)), int64(s.Out), int64(s.BatchRows()), int64(s.In), int64(width(s))
	n, m := rows*out, r*out
	c := pivot.Cost{
		Point:  2 * r * r * (max(rows, zin) + zin),
		Factor: n*out*r*(2*rows-r+1) + out*out*r*(r+1)*(3*rows-2*r+2)/3 + m*m*m/3,
		Solve:  2*m*m + 4*out*zin*r + 4*rows*out*(r+in),
		Bytes:  8 * (2*r*zin + rows*zin + rows + r + rows*r + int64(smallWords(s, inner))),
	}
	if s.J.HasBlocks() {
		c.Factor += 2 * mapFlops(&s.J) * (int64(s.Outputs()) + n)
	}
	ni := int64(0)
	if inner {
		ni = int64(s.Inputs())
		local, joined := couplingFlops(s)
		if m > batchedFrom && s.Gather == nil && !passes(s) {
			joined = min(joined, local)
		}
		if s.Gather != nil {
			joined = 2*n*rows*in*out + ni*out*r*(2*rows-r+1)
		}
		c.Factor += joined + rows*in*ni*out + m*m*ni + m*ni*ni
		c.Solve += 4 * m * ni
		if s.Skip {
			c.Factor += 2 * n * n * in
		}
		if s.Pass != nil {
			no := int64(s.Outputs())
			c.Factor += 2*(mapFlops(&s.J)*no+mapFlops(&s.Pass.J)*(n+no+ni)) + 2*ni*n*in
		}
		nnz := int64(s.Batch) * int64(s.Gather.NNZ())
		c.Factor += 2*n*nnz + nnz*ni
		c.Solve += 4 * nnz
		if zin > r {
			c.Factor += ni * ni
			if s.Gather != nil {
				c.Factor += nnz * nnz
			}
			c.Bytes += 8 * (in*in + rows*rows + rows*out)
		}
	}
	c.Bytes += pivot.BlockBytes(int(m), int(ni))
	return c
}

// mapFlops counts the multiplications of a map, which has numbers or is the identity, by
// a vector, as the products of whole matrices make them.
func mapFlops(m *system.SampleMap) int64 {
	if m.HasBlocks() && !m.Thin() {
		return int64(m.Batch) * int64(m.Rows) * int64(m.Cols)
	}
	return m.NNZ()
}
