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
	return int64(c.Params()) + int64(c.States()) + couplings(c.Stages, nil, &c.Loss)
}

// couplings counts the entries of stages that follow another one, or are the first if that
// is nil, without those of damping and of the identity in M. loss may be nil.
func couplings(stages []Stage, before Stage, loss *SampleMap) int64 {
	n, prev, inner := int64(0), readout{}, before != nil
	if inner {
		prev = before.readout()
	}
	for _, s := range stages {
		n += s.entries(prev, inner)
		prev, inner = s.readout(), true
	}
	if loss != nil {
		n += loss.entries(prev)
	}
	return n
}

// A readout is the shape of an outputMap: in blocks of rows×cols, of which a pattern
// says where they are not zero, or with cols 0 one state for each output.
type readout struct {
	rows, cols int
	pattern    *Pattern
}

// width is how many states output i is read from.
func (e readout) width(i int) int64 {
	if e.pattern != nil {
		r := i % e.rows
		return int64(e.pattern.Ptr[r+1] - e.pattern.Ptr[r])
	}
	return int64(max(e.cols, 1))
}

// sum is the sum of the widths of n outputs, of which at gives the l-th.
func (e readout) sum(n int, at func(l int) int) int64 {
	if e.pattern == nil {
		return int64(n) * e.width(0)
	}
	s := int64(0)
	for l := range n {
		s += e.width(at(l))
	}
	return s
}

// columns is the sum of the widths of the outputs that entries of a matrix are in.
func (e readout) columns(cols []int) int64 {
	return e.sum(len(cols), func(l int) int { return cols[l] })
}

// all is the sum of the widths of the outputs 0 to n.
func (e readout) all(n int) int64 { return e.sum(n, func(l int) int { return l }) }

// pairs is how many elements of the lower triangle an entry (i, j) of a symmetric
// matrix of the outputs has in the states; see Augmented.pair.
func (e readout) pairs(i, j int) int64 {
	wi, wj, bi, bj := e.width(i), e.width(j), i, j
	if e.cols > 0 {
		bi, bj = i/e.rows, j/e.rows
	}
	switch {
	case bi > bj:
		return wi * wj
	case bi < bj:
		return 0
	case e.pattern == nil:
		return wi * (wi + 1) / 2
	}
	n, p := int64(0), e.pattern
	row, other := p.Col[p.Ptr[i%e.rows]:p.Ptr[i%e.rows+1]], p.Col[p.Ptr[j%e.rows]:p.Ptr[j%e.rows+1]]
	l := 0 // columns of other that are not greater than that of row
	for _, c := range row {
		for l < len(other) && other[l] <= c {
			l++
		}
		n += int64(l)
	}
	return n
}

func (s *DenseStage) readout() readout {
	if !s.J.HasBlocks() || s.passes() {
		return readout{}
	}
	e := readout{rows: s.J.Rows, cols: s.J.Cols}
	if s.J.Sparse != nil {
		e.pattern = s.J.Pattern
	}
	return e
}

func (s *BlockStage) readout() readout { return readout{} }

func (s *DenseStage) entries(prev readout, inner bool) int64 {
	units := int64(s.BatchRows()) * int64(s.Out)
	n := units * int64(s.In)
	if s.Bias {
		n += units
	}
	if inner {
		w := int64(s.Batch) * int64(s.Out)
		if s.Gather != nil {
			w *= prev.columns(s.Gather.Col)
		} else {
			w *= prev.all(s.SampleInputs())
		}
		n += w
		if s.Delta != nil {
			n += w
		}
	}
	if s.passes() {
		if s.J.HasBlocks() {
			n += s.J.NNZ()
		} else {
			n += int64(s.Outputs())
		}
		switch {
		case !inner:
		case s.Skip:
			n += int64(s.Batch) * prev.all(s.SampleInputs())
		default:
			n += s.Pass.J.reads(prev) + s.Pass.Cross.reads(prev)
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
	for _, m := range []*Matrix{s.F, s.C} {
		if m != nil {
			n += prev.columns(m.Col)
		}
	}
	if s.Q != nil {
		s.Q.each(func(i, j int, _ float64) { n += prev.pairs(i, j) })
	}
	return n
}

// reads is how many entries a map of outputs that are read by e has: zeros that it stores
// count, too.
func (m *SampleMap) reads(e readout) int64 {
	switch {
	case m.Diag != nil:
		return int64(m.Batch) * e.all(m.Rows)
	case m.Full != nil:
		return int64(m.Batch) * int64(m.Rows) * e.all(m.Cols)
	case m.Sparse != nil:
		return int64(m.Batch) * e.columns(m.Pattern.Col)
	}
	return 0
}

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
