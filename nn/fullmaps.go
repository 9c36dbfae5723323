package nn

import (
	"costate/la/vec"
	"costate/system"
)

// fullMaps are the derivatives of what follows the pre-activations u of a layer with
// weights, ψ(u, z), by sample: matrices for a system.DenseStage. The rows of the outputs
// that are only carried on, the tail, are written once.
type fullMaps struct {
	j, passJ     system.SampleMap // out×pre, out×in; sparse where most of it is zero
	q            []float64        // pre×pre
	cross, passQ []float64        // pre×in, in×in

	outs, pre, ins int
	front          int // outs without the tail
	begin          int // numbers that the ops begin with, without the tail
	kept           int // where the kept numbers begin in the inputs

	recipe *recipe // nil where a composer is needed
}

// take gets the storage that step s needs, with c as workspace. The first stage takes
// nothing from its inputs, which are fixed.
func (f *fullMaps) take(s *step, c *composer, batch int, first, second bool, take func(int) []float64) {
	f.outs, f.pre, f.ins = s.out, s.pre(), s.in
	f.front, f.begin, f.kept = s.out-s.tail, s.pre()+s.keep-s.tail, s.in-s.keep
	f.j = system.SampleMap{Batch: batch, Rows: f.outs, Cols: f.pre}
	f.passJ = system.SampleMap{Batch: batch, Rows: f.outs, Cols: f.ins}
	keeps := s.keep > 0 && !first
	f.findPatterns(s, c.jac)
	store(&f.j, take)
	if keeps {
		store(&f.passJ, take)
		f.carryTail()
	}
	if at, ok := s.varying(second); ok {
		f.recipe = f.newRecipe(s, at, c.jac)
	}
	if !second || !s.bent() {
		return
	}
	f.q = take(batch * f.pre * f.pre)
	if keeps {
		f.cross, f.passQ = take(batch*f.pre*f.ins), take(batch*f.ins*f.ins)
	}
}

// store takes storage for a map.
func store(m *system.SampleMap, take func(int) []float64) {
	if m.Pattern != nil {
		m.Sparse = take(m.Batch * len(m.Pattern.Col))
	} else {
		m.Full = take(m.Batch * m.Rows * m.Cols)
	}
}

// carryTail stores the identity of the tail.
func (f *fullMaps) carryTail() {
	m, tail := &f.passJ, f.outs-f.front
	for n := range m.Batch {
		for i := range tail {
			if p := m.Pattern; p != nil {
				m.Sparse[n*len(p.Col)+p.Ptr[f.front+i]] = 1
			} else {
				m.Full[(n*f.outs+f.front+i)*f.ins+f.ins-tail+i] = 1
			}
		}
	}
}

// pass is the Pass of the stage, nil where it has none.
func (f *fullMaps) pass(batch int) *system.Pass {
	if f.passJ.IsZero() {
		return nil
	}
	p := &system.Pass{J: f.passJ}
	if f.q != nil {
		p.Cross = system.SampleMap{Batch: batch, Rows: f.pre, Cols: f.ins, Full: f.cross}
		p.Q = system.SampleMap{Batch: batch, Rows: f.ins, Cols: f.ins, Full: f.passQ}
	}
	return p
}

// maps fills the derivatives of a step that is not plain, for the ∂ℓ/∂z b of its
// outputs. r.d1 is φ'; b⊙φ″ is added later, by delta.
func (t *tape) maps(s *step, r *record, b []float64) {
	f := &r.full
	for n := range t.batch {
		var d1 []float64
		if r.d1 != nil {
			d1 = r.d1[n*f.pre : (n+1)*f.pre]
		}
		at := func(i int) []float64 {
			x, w := r.start, s.pre()+s.keep
			if i > 0 {
				x, w = r.mids[i-1], s.ops[i-1].after()
			}
			return x[n*w : (n+1)*w]
		}
		if p := f.recipe; p != nil {
			if p.op >= 0 {
				o := &s.inner[p.op]
				o.nextJacobian(t.comp.jac[:o.out*o.in], at(p.op)[:o.in:o.in], n, t.lengths)
			}
			f.follow(p, d1, t.comp.jac, n)
			continue
		}
		bent := t.comp.run(s.inner, at, b[n*s.out:n*s.out+f.front], f.q != nil, t.lengths, n)
		f.storeJ(d1, t.comp.a, n)
		if bent {
			f.storeQ(r.d1, t.comp.q, n)
		}
	}
}

// storage is what holds block n of a map.
func storage(m *system.SampleMap, n int) []float64 {
	all := m.Full
	if m.Pattern != nil {
		all = m.Sparse
	}
	size := len(all) / m.Batch
	return all[n*size : (n+1)*size]
}

// storeJ stores the derivatives of sample n from those in [φ(u) | kept], a.
func (f *fullMaps) storeJ(d1, a []float64, n int) {
	j, p := storage(&f.j, n), f.j.Pattern
	for i := range f.front {
		src := a[i*f.begin : (i+1)*f.begin]
		switch {
		case p == nil && d1 == nil:
			copy(j[i*f.pre:(i+1)*f.pre], src)
		case p == nil:
			vec.Mul(j[i*f.pre:(i+1)*f.pre], src[:f.pre], d1)
		case d1 == nil:
			for at := p.Ptr[i]; at < p.Ptr[i+1]; at++ {
				j[at] = src[p.Col[at]]
			}
		default:
			for at := p.Ptr[i]; at < p.Ptr[i+1]; at++ {
				j[at] = src[p.Col[at]] * d1[p.Col[at]]
			}
		}
	}
	f.storePass(a, n)
}

// storePass is the part of storeJ in the kept numbers.
func (f *fullMaps) storePass(a []float64, n int) {
	if f.passJ.IsZero() || f.begin == f.pre {
		return
	}
	pass, p := storage(&f.passJ, n), f.passJ.Pattern
	for i := range f.front {
		src := a[i*f.begin+f.pre : (i+1)*f.begin]
		if p == nil {
			copy(pass[i*f.ins+f.kept:], src)
			continue
		}
		for at := p.Ptr[i]; at < p.Ptr[i+1]; at++ {
			pass[at] = src[p.Col[at]-f.kept]
		}
	}
}

// storeQ stores the second derivatives of sample n from those in [φ(u) | kept], q.
func (f *fullMaps) storeQ(d1, q []float64, n int) {
	pre := f.pre
	for i := range pre {
		src, dst := q[i*f.begin:(i+1)*f.begin], f.q[(n*pre+i)*pre:][:pre]
		copy(dst, src)
		if d1 != nil {
			vec.Mul(dst, dst, d1[n*pre:(n+1)*pre])
			vec.Scale(dst, d1[n*pre+i], dst)
		}
		if f.cross != nil {
			row := f.cross[(n*pre+i)*f.ins+f.kept:][:f.begin-pre]
			copy(row, src[pre:])
			if d1 != nil {
				vec.Scale(row, d1[n*pre+i], row)
			}
		}
	}
	mirror(f.q[n*pre*pre:(n+1)*pre*pre], pre)
	if f.passQ == nil || f.begin == pre {
		return
	}
	pq := f.passQ[n*f.ins*f.ins : (n+1)*f.ins*f.ins]
	for i := range f.begin - pre {
		copy(pq[(f.kept+i)*f.ins+f.kept:][:f.begin-pre], q[(pre+i)*f.begin+pre:])
	}
	mirror(pq, f.ins)
}

// finite reports whether the derivatives of all samples are finite.
func (f *fullMaps) finite() bool {
	for _, x := range [...][]float64{f.j.Full, f.j.Sparse, f.passJ.Full, f.passJ.Sparse, f.q, f.cross, f.passQ} {
		if vec.FirstNotFinite(x) >= 0 {
			return false
		}
	}
	return true
}

// mirror copies the lower triangle of an n×n matrix to the upper one.
func mirror(q []float64, n int) {
	for i := range n {
		for k := range i {
			q[k*n+i] = q[i*n+k]
		}
	}
}
