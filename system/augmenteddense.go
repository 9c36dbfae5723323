package system

// dense emits a DenseStage: the rows s = (A y) Wᵀ + [Z, c] Xᵀ of its dynamics, the
// coupling δ and the curvature Q, and where something goes around the
// pre-activations the rest of that.
func (a *Augmented) dense(d *DenseStage, x, y, m int, prev outputMap, inner bool) {
	bias, rows := x+d.Out*d.In, d.SampleRows()
	for r := range d.BatchRows() {
		for o := range d.Out {
			row := m + r*d.Out + o
			for b := range d.In {
				a.add(row, x+o*d.In+b, d.Z[r*d.In+b])
			}
			if d.Bias {
				a.add(row, bias+o, d.one(r))
			}
			if !inner {
				continue
			}
			n, local := r/rows, r%rows
			delta := 0.0
			if d.Delta != nil {
				delta = d.Delta[r*d.Out+o]
			}
			for b := range d.In {
				if d.Gather == nil {
					a.gathered(d, row, x+o*d.In+b, d.W[o*d.In+b], delta, prev, r*d.In+b, 1)
					continue
				}
				i := local*d.In + b
				for p := d.Gather.Ptr[i]; p < d.Gather.Ptr[i+1]; p++ {
					a.gathered(d, row, x+o*d.In+b, d.W[o*d.In+b], delta, prev, n*d.Gather.Cols+d.Gather.Col[p], d.Gather.Val[p])
				}
			}
		}
	}
	if !d.Q.IsZero() {
		for n := range d.Batch {
			a.quadratic(&d.Q, n, outputMap{first: y})
		}
	}
	if d.passes() {
		a.pass(d, y, m, prev, inner)
	}
}

// gathered emits what output i of the stage before, times v, adds to the row of a
// pre-activation by the weight w, and to that of the parameter of the weight by δ.
func (a *Augmented) gathered(d *DenseStage, row, param int, w, delta float64, prev outputMap, i int, v float64) {
	e := prev.row(i)
	for l := range e.n {
		state, c := e.at(l)
		a.add(row, state, w*v*c)
		if d.Delta != nil {
			a.add(param, state, delta*v*c)
		}
	}
}

// pass emits y_k = J s + T y_{k-1}, and the curvature in y_{k-1}.
func (a *Augmented) pass(d *DenseStage, y, m int, prev outputMap, inner bool) {
	out := m + d.Batch*d.SampleStates()
	own := outputMap{first: y, j: d.J}
	for i := range d.Outputs() {
		e := own.row(i)
		for l := range e.n {
			state, c := e.at(l)
			a.add(out+i, state, c)
		}
		if inner && d.Skip {
			a.combine(out+i, prev, i, 1)
		}
	}
	if d.Pass == nil || !inner {
		return
	}
	d.Pass.J.each(func(i, j int, v float64) { a.combine(out+i, prev, j, v) })
	d.Pass.Cross.each(func(i, j int, v float64) { a.combine(y+i, prev, j, v) })
	for n := range d.Batch {
		a.quadratic(&d.Pass.Q, n, prev)
	}
}

// combine emits v times output i of a stage in the given row.
func (a *Augmented) combine(row int, e outputMap, i int, v float64) {
	out := e.row(i)
	for l := range out.n {
		state, c := out.at(l)
		a.add(row, state, v*c)
	}
}

// each calls f for every number that m stores, with its row and column over the
// batch.
func (m *SampleMap) each(f func(i, j int, v float64)) {
	for i, v := range m.Diag {
		f(i, i, v)
	}
	for t, v := range m.Full {
		i := t / m.Cols
		f(i, i/m.Rows*m.Cols+t%m.Cols, v)
	}
	if m.Sparse == nil {
		return
	}
	p := m.Pattern
	for i := range m.Batch * m.Rows {
		n, r := i/m.Rows, i%m.Rows
		val := m.block(n)
		for t := p.Ptr[r]; t < p.Ptr[r+1]; t++ {
			f(i, n*m.Cols+p.Col[t], val[t])
		}
	}
}
