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
	total.Bytes += 8 * (2*states*states + int64(n.t1) + int64(n.t2) + int64(n.v))
	return total
}

// needs are the greatest sizes over the stages.
type needs struct {
	states, pivot int // order of P, order of a pivot block
	t1, t2, v     int
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
		return d.Batch * d.Out
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
	n := d.Batch * d.Out
	t1 = max(pivotOrder(s)*n, s.Outputs()*n)
	if d.Skip {
		t1 = max(t1, 2*n*n)
	}
	return t1, n * in
}
