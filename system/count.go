package system

// ProductFlops is the number of floating-point operations of one product H·v:
// two for each multiplication by an element of a matrix of the chain.
func (c *Chain) ProductFlops() int64 {
	total := 2 * c.Loss.NNZ()
	for k, s := range c.Stages {
		total += s.productFlops(k > 0)
	}
	return total
}

// productFlops counts the four products with W and Z, two more with δ, the gathers
// that go with them, and the maps; the first stage, where no y enters, has only those
// with Z.
func (s *DenseStage) productFlops(inner bool) int64 {
	products, gathers := int64(2), int64(0)
	if inner {
		products, gathers = 4, 2
		if s.Delta != nil {
			products, gathers = 6, 3
		}
	}
	n := products*int64(s.BatchRows())*int64(s.Out)*int64(s.In) + gathers*int64(s.Batch)*int64(s.Gather.NNZ())
	n += 2*s.J.NNZ() + s.Q.NNZ()
	if p := s.Pass; p != nil && inner {
		n += 2*p.J.NNZ() + 2*p.Cross.NNZ() + p.Q.NNZ()
	}
	return 2 * n
}

// productFlops counts F, G and C forward and back, and A and Q once.
func (s *BlockStage) productFlops(inner bool) int64 {
	n := 2*s.G.NNZ() + s.A.NNZ()
	if inner {
		n += 2*s.F.NNZ() + 2*s.C.NNZ() + s.Q.NNZ()
	}
	return 2 * int64(n)
}

// EntriesOf counts the entries that Assemble would write for c, without assembling
// K. The lower triangle of K stores as many, or fewer where several entries are
// summed in one element.
func EntriesOf(c *Chain) int64 {
	n := int64(c.Params()) + int64(c.States())
	prev := readout{}
	for k, s := range c.Stages {
		n += s.entries(prev, k > 0)
		prev = s.readout()
	}
	n += c.Loss.entries(prev)
	return n
}

// A readout is the shape of an outputMap: in blocks of rows×cols, or with cols
// 0 one state for each output.
type readout struct{ rows, cols int }

// width is how many states an output is read from.
func (e readout) width() int64 { return int64(max(e.cols, 1)) }

// pairs is how many elements of the lower triangle an entry (i, j) of a symmetric
// matrix of the outputs has in the states; see Augmented.pair.
func (e readout) pairs(i, j int) int64 {
	w := e.width()
	if e.cols > 0 {
		i, j = i/e.rows, j/e.rows
	}
	switch {
	case i > j:
		return w * w
	case i == j:
		return w * (w + 1) / 2
	}
	return 0
}

func (s *DenseStage) readout() readout {
	if s.J.Full != nil && !s.passes() {
		return readout{s.J.Rows, s.J.Cols}
	}
	return readout{}
}

func (s *BlockStage) readout() readout { return readout{} }

func (s *DenseStage) entries(prev readout, inner bool) int64 {
	units := int64(s.BatchRows()) * int64(s.Out)
	n := units * int64(s.In)
	if s.Bias {
		n += units
	}
	if inner {
		w := units * int64(s.In) * prev.width()
		if s.Gather != nil {
			w = int64(s.Batch) * int64(s.Out) * int64(s.Gather.NNZ()) * prev.width()
		}
		n += w
		if s.Delta != nil {
			n += w
		}
	}
	if s.passes() {
		own := int64(1)
		if s.J.Full != nil {
			own = int64(s.J.Cols)
		}
		n += int64(s.Outputs()) * own
		switch {
		case !inner:
		case s.Skip:
			n += units * prev.width()
		default:
			n += (s.Pass.J.stored() + s.Pass.Cross.stored()) * prev.width()
			n += s.Pass.Q.entries(prev)
		}
	}
	return n + s.Q.entries(readout{})
}

func (s *BlockStage) entries(prev readout, inner bool) int64 {
	n := int64(s.G.NNZ())
	if s.A != nil {
		s.A.each(func(i, j int, _ float64) { n += readout{}.pairs(i, j) })
	}
	if !inner {
		return n
	}
	n += prev.width() * int64(s.F.NNZ()+s.C.NNZ())
	if s.Q != nil {
		s.Q.each(func(i, j int, _ float64) { n += prev.pairs(i, j) })
	}
	return n
}

// stored is how many numbers m holds: the augmented system has entries for zeros, too.
func (m *SampleMap) stored() int64 { return int64(len(m.Diag) + len(m.Full)) }

// entries counts those of a symmetric map of outputs that are read by e.
func (m *SampleMap) entries(e readout) int64 {
	n := int64(0)
	if m.Diag != nil {
		for i := range m.Diag {
			n += e.pairs(i, i)
		}
		return n
	}
	if m.Full != nil {
		for r := range m.Batch * m.Rows {
			first := r / m.Rows * m.Rows
			for j := first; j < first+m.Rows; j++ {
				n += e.pairs(r, j)
			}
		}
	}
	return n
}
