package system

import "costate/la/blas"

// A denseSweep is what the sweep of StageBlocks needs of one DenseStage: the
// orders of P, 𝓗 and the next P in a group of samples, and the first sample.
type denseSweep struct {
	*StageBlocks
	d                        *DenseStage
	samples, out, states, in int
	first                    int
}

// dense returns 𝓗 of stage k, and P of the stage before if there is one.
func (s *StageBlocks) dense(d *DenseStage, k int, p grouped) (h, prev grouped) {
	inner := k > 0
	if d.sideBySide() && p.groups == d.Batch {
		if p.stride == p.order && p.groups > 1 {
			q := newSides(p.groups, p.order, &s.p[(k+1)%2])
			p.copyTo(q)
			p = q
		}
		h = newSides(p.groups, d.Out, &s.sides[k])
		if inner {
			prev = newSides(p.groups, d.In, &s.p[k%2])
		}
		s.side(d, p, h, prev, inner)
		return h, prev
	}
	p = p.in(d.Batch)
	n := d.Batch / p.groups
	w := denseSweep{StageBlocks: s, d: d, samples: n, out: n * d.SampleOutputs(), states: n * d.SampleStates(), in: n * d.SampleInputs()}
	h = newGrouped(p.groups, w.states)
	if inner {
		prev = newGrouped(p.groups, w.in)
	}
	pj := make([]float64, w.out*w.states)
	for g := range p.groups {
		w.first = g * n
		pg, hg := p.group(g), h.group(g)
		w.right(pj, pg, w.out, &d.J)
		w.left(hg, pj, w.states, &d.J)
		d.Q.addSamples(hg, h.order, w.first, n)
		if inner {
			w.before(prev.group(g), pg, hg, pj)
		}
	}
	return h, prev
}

// before computes the next P, for p, h = 𝓗 and pj = PJ of the group.
func (w *denseSweep) before(q, p, h, pj []float64) {
	d, in := w.d, w.in
	t := make([]float64, w.states*in)
	w.rightF(t, h, w.states)
	w.leftF(q, t, in)
	zu := pj // Cᵀ
	switch {
	case d.Skip:
		for i, v := range p {
			q[i] += v
		}
	case d.Pass != nil:
		zu = make([]float64, in*w.states)
		t := make([]float64, w.out*in)
		if !d.Pass.J.IsZero() {
			w.left(zu, pj, w.states, &d.Pass.J)
			w.right(t, p, w.out, &d.Pass.J)
			tpt := make([]float64, in*in)
			w.left(tpt, t, in, &d.Pass.J)
			for i, v := range tpt {
				q[i] += v
			}
		}
		d.Pass.Q.addSamples(q, in, w.first, w.samples)
		cross := d.Pass.Cross.some(w.first, w.samples)
		cross.each(func(i, j int, v float64) { zu[j*w.states+i] += v })
	default:
		return
	}
	m := make([]float64, in*in)
	w.rightF(m, zu, in)
	for i := range in {
		for l := range in {
			q[i*in+l] += m[i*in+l] + m[l*in+i]
		}
	}
}

// right computes dst = A M for a map M, where A has n rows and M without numbers is
// the identity; left computes dst = Mᵀ A, where A has n columns.
func (w *denseSweep) right(dst, a []float64, n int, m *SampleMap) {
	part := m.some(w.first, w.samples)
	switch {
	case m.HasBlocks():
		room := make([]float64, m.Room())
		w.rightBlocks(dst, a, n, w.samples, m.Rows, m.Cols, func(b int) []float64 { return part.Block(room, b) })
	case m.Diag != nil:
		order := len(part.Diag)
		for i := range n {
			row := dst[i*order:][:order]
			for j, v := range part.Diag {
				row[j] = a[i*order+j] * v
			}
		}
	default:
		copy(dst, a)
	}
}

func (w *denseSweep) left(dst, a []float64, n int, m *SampleMap) {
	part := m.some(w.first, w.samples)
	switch {
	case m.HasBlocks():
		room := make([]float64, m.Room())
		w.leftBlocks(dst, a, n, w.samples, m.Rows, m.Cols, func(b int) []float64 { return part.Block(room, b) })
	case m.Diag != nil:
		for i, v := range part.Diag {
			row := dst[i*n:][:n]
			for j, e := range a[i*n:][:n] {
				row[j] = v * e
			}
		}
	default:
		copy(dst, a)
	}
}

// some is m for n samples from the given one.
func (m *SampleMap) some(first, n int) SampleMap {
	part := SampleMap{Batch: n, Rows: m.Rows, Cols: m.Cols}
	if m.Diag != nil {
		part.Diag = m.Diag[first*m.Rows:][:n*m.Rows]
	}
	if m.Full != nil {
		size := m.Rows * m.Cols
		part.Full = m.Full[first*size:][:n*size]
	}
	if m.Sparse != nil {
		size := len(m.Pattern.Col)
		part.Pattern, part.Sparse = m.Pattern, m.Sparse[first*size:][:n*size]
	}
	return part
}

// rightF computes dst = A F, where A has n rows; leftF dst = FᵀA, where A has n
// columns.
func (w *denseSweep) rightF(dst, a []float64, n int) {
	d := w.d
	to, rows := dst, w.samples*d.SampleRows()
	if d.Gather != nil {
		to = make([]float64, n*rows*d.In)
	}
	w.rightBlocks(to, a, n, rows, d.Out, d.In, func(int) []float64 { return d.W })
	if d.Gather == nil {
		return
	}
	clear(dst)
	for i := range n * w.samples {
		d.Gather.mulTransAdd(dst[i*d.Gather.Cols:], to[i*d.Gather.Rows:][:d.Gather.Rows])
	}
}

func (w *denseSweep) leftF(dst, a []float64, n int) {
	d := w.d
	to, rows := dst, w.samples*d.SampleRows()
	if d.Gather != nil {
		to = make([]float64, rows*d.In*n)
	}
	w.leftBlocks(to, a, n, rows, d.Out, d.In, func(int) []float64 { return d.W })
	if d.Gather == nil {
		return
	}
	clear(dst)
	for b := range w.samples {
		x := to[b*d.Gather.Rows*n:]
		y := dst[b*d.Gather.Cols*n:]
		d.Gather.each(func(i, j int, v float64) {
			row := y[j*n:][:n]
			for l, e := range x[i*n:][:n] {
				row[l] += v * e
			}
		})
	}
}

// rightBlocks computes dst = A M, where A has n rows and M is block diagonal with
// blocks rows×cols.
func (s *StageBlocks) rightBlocks(dst, a []float64, n, blocks, rows, cols int, block func(int) []float64) {
	for b := range blocks {
		s.gemm(blas.NoTrans, n, cols, rows, a[b*rows:], blocks*rows, block(b), cols, dst[b*cols:], blocks*cols)
	}
}

// leftBlocks computes dst = Mᵀ A, where A has n columns.
func (s *StageBlocks) leftBlocks(dst, a []float64, n, blocks, rows, cols int, block func(int) []float64) {
	for b := range blocks {
		s.gemm(blas.Trans, cols, n, rows, block(b), cols, a[b*rows*n:], n, dst[b*cols*n:], n)
	}
}

func (s *StageBlocks) gemm(t blas.Transpose, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int) {
	if m > 0 && n > 0 {
		s.backend.Gemm(t, blas.NoTrans, m, n, k, 1, a, max(lda, 1), b, max(ldb, 1), 0, c, max(ldc, 1))
	}
}
