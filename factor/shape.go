package factor

import "costate/system"

// A shape is all that an analysis depends on in one stage of a chain, or in its
// loss: the numbers may change afterwards, and whether second derivatives are
// there, but not these.
type shape struct {
	dense, bias, skip           bool
	batch, params, in, out, pre int
	rows, width                 int // of a sample; numbers of a row
	gather                      int // entries, −1 without one
	pass                        bool
	sparse                      [2]int // entries of the patterns of J and Pass.J
}

// shapeOf is the shape of stage k of c, and for k the number of stages that of
// the loss.
func shapeOf(c *system.Chain, k int) shape {
	if k == len(c.Stages) {
		return shape{batch: c.Loss.Batch, out: c.Loss.Rows}
	}
	s := c.Stages[k]
	h := shape{params: s.Params(), in: s.Inputs(), out: s.Outputs()}
	if d, ok := s.(*system.DenseStage); ok {
		h.dense, h.bias, h.skip, h.batch, h.pre = true, d.Bias, d.Skip, d.Batch, d.Out
		h.rows, h.width, h.gather, h.pass = d.SampleRows(), d.In, -1, d.Pass != nil
		if d.Gather != nil {
			h.gather = d.Gather.NNZ()
		}
		h.sparse[0] = patternOf(&d.J)
		if p := d.Pass; p != nil {
			h.sparse[1] = patternOf(&p.J)
		}
	}
	return h
}

// patternOf is how many entries the pattern of a sparse map has, −1 for other maps.
func patternOf(m *system.SampleMap) int {
	if m.Sparse == nil {
		return -1
	}
	return len(m.Pattern.Col)
}
