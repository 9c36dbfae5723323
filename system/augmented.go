package system

import "costate/la"

// An Augmented is the sparse symmetric system of a chain in its parameters x,
// states y and costates m,
//
//	    [ A + εI    C      Gᵀ  ] [x]   [g]
//	K = [ Cᵀ        Q     −Mᵀ  ] [y] = [0]
//	    [ G        −M      0   ] [m]   [0]
//
// which leaves (H + εI) x = g when y and m are eliminated. G holds the derivatives of
// the states of each stage in its parameters; M is unit lower block bidiagonal,
// with the derivatives in the states of the stage before below its diagonal; A,
// C and Q are the second derivatives. The unknowns stand in the order x_1 … x_L, y_1 … y_L, m_1 … m_L.
// Every coupling is inside a stage or between two neighbours, so ordering the
// unknowns by stage makes K block tridiagonal.
//
//	In(K) = In(H + εI) + (N, N, 0),   |det K| = |det(H + εI)|,   N = States
//
// The states are pre-activations, which keeps K sparse; see Stage.States.
//
// Source: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026), with rows 2 and 3 negated and exchanged, which makes
// the system symmetric.
type Augmented struct {
	K *la.Sym // the matrix; Update rewrites its values

	params, states int
	x, y           []int // first parameter and first state of each stage; L+1 long

	slots []int32 // slot in the values of K of the t-th emission
	next  int
	val   []float64
	build *la.SymBuilder
}

// Assemble forms K for the chain, with damping eps. The pattern depends only on
// the shapes of the chain and the patterns of its maps: zeros among its numbers are kept.
func Assemble(c *Chain, eps float64) *Augmented {
	a := &Augmented{params: c.Params(), states: c.States()}
	a.x, a.y = c.offsets()
	p := a.whole(c)
	return a.form(&p, eps)
}

// form assembles for the first time.
func (a *Augmented) form(p *Part, eps float64) *Augmented {
	a.build = la.NewSymBuilder(a.Order(), int(p.Entries()))
	a.assemble(p, eps)
	a.K, a.slots = a.build.Build()
	a.build = nil
	a.val = a.K.RawLower().Val
	return a
}

// Update writes the values of another chain of the same shapes, and of another
// damping, into K, without searching, sorting or allocating. It panics with
// ErrShape if the chain has other shapes. The matrices of BlockStages and sparse maps
// must have the patterns that they had in Assemble.
func (a *Augmented) Update(c *Chain, eps float64) {
	if !a.fits(c) {
		panic(ErrShape)
	}
	p := a.whole(c)
	a.rewrite(&p, eps)
}

// rewrite assembles again.
func (a *Augmented) rewrite(p *Part, eps float64) {
	clear(a.val)
	a.next = 0
	a.assemble(p, eps)
}

// fits reports whether c has the stages and the number of entries of the chain
// that was assembled.
func (a *Augmented) fits(c *Chain) bool {
	if len(c.Stages) != a.Stages() {
		return false
	}
	for k, s := range c.Stages {
		if s.Params() != a.x[k+1]-a.x[k] || s.States() != a.y[k+1]-a.y[k] {
			return false
		}
	}
	return EntriesOf(c) == int64(len(a.slots))
}

// Order is the order of K: parameters plus twice the states.
func (a *Augmented) Order() int { return a.params + 2*a.states }

// Params is the number of parameters.
func (a *Augmented) Params() int { return a.params }

// States is the number of states, which is also that of costates.
func (a *Augmented) States() int { return a.states }

// Stages is the number of stages.
func (a *Augmented) Stages() int { return len(a.x) - 1 }

// Stage returns where the unknowns of stage k, counted from 0, stand in K: its
// parameters are those from x[0] up to but not including x[1], and likewise its
// states y and costates m.
func (a *Augmented) Stage(k int) (x, y, m [2]int) {
	p := Part{X: a.x, Y: a.y}
	return p.Stage(k)
}

// StageOrder returns the permutation that orders the unknowns of K stage by stage,
// x_1, y_1, m_1, x_2, …, and the number of unknowns of each stage: place i then
// holds unknown perm[i], and K is block tridiagonal with blocks of those sizes.
func (a *Augmented) StageOrder() (perm, sizes []int) {
	perm, sizes = make([]int, 0, a.Order()), make([]int, a.Stages())
	for k := range sizes {
		before := len(perm)
		x, y, m := a.Stage(k)
		for _, r := range [][2]int{x, y, m} {
			for i := r[0]; i < r[1]; i++ {
				perm = append(perm, i)
			}
		}
		sizes[k] = len(perm) - before
	}
	return perm, sizes
}

// LiftTo writes the right-hand side (g, 0, 0) into dst, of length Order.
func (a *Augmented) LiftTo(dst, g []float64) {
	if len(dst) != a.Order() || len(g) != a.params {
		panic(ErrLength)
	}
	copy(dst, g)
	clear(dst[a.params:])
}

// Split returns views of the parameters, states and costates in a vector of
// length Order, such as a solution of K.
func (a *Augmented) Split(v []float64) (x, y, m []float64) {
	if len(v) != a.Order() {
		panic(ErrLength)
	}
	return v[:a.params], v[a.params : a.params+a.states], v[a.params+a.states:]
}

// add emits the value v for the elements (i, j) and (j, i) of K.
func (a *Augmented) add(i, j int, v float64) {
	if a.build != nil {
		a.build.Add(i, j, v)
		return
	}
	a.val[a.slots[a.next]] += v
	a.next++
}

// assemble emits every entry of a part, always in the same order.
func (a *Augmented) assemble(p *Part, eps float64) {
	for i := a.x[p.From]; i < a.x[p.To]; i++ {
		a.add(i, i, eps)
	}
	m0 := a.params + a.states
	prev := outputMap{}
	if p.Before != nil {
		prev = outputsOf(p.Before, a.params+a.y[p.From-1])
	}
	for l, s := range p.Stages {
		k := p.From + l
		x, y, m := a.x[k], a.params+a.y[k], m0+a.y[k]
		for i := range s.States() {
			a.add(m+i, y+i, -1)
		}
		switch s := s.(type) {
		case *DenseStage:
			a.dense(s, x, y, m, prev, k > 0)
		case *BlockStage:
			a.blocks(s, x, m, prev, k > 0)
		}
		prev = outputsOf(s, y)
	}
	if p.Loss == nil {
		return
	}
	for n := range p.Loss.Batch {
		a.quadratic(p.Loss, n, prev)
	}
}

// blocks emits a BlockStage.
func (a *Augmented) blocks(s *BlockStage, x, m int, prev outputMap, inner bool) {
	if s.G != nil {
		s.G.each(func(i, j int, v float64) { a.add(m+i, x+j, v) })
	}
	if s.A != nil {
		s.A.each(func(i, j int, v float64) {
			if j <= i {
				a.add(x+i, x+j, v)
			}
		})
	}
	if !inner {
		return
	}
	couple := func(row0 int) func(i, j int, v float64) {
		return func(i, j int, v float64) {
			e := prev.row(j)
			for l := range e.n {
				state, c := e.at(l)
				a.add(row0+i, state, v*c)
			}
		}
	}
	if s.F != nil {
		s.F.each(couple(m))
	}
	if s.C != nil {
		s.C.each(couple(x))
	}
	if s.Q != nil {
		s.Q.each(func(i, j int, v float64) { a.pair(prev, i, j, v) })
	}
}

// quadratic emits Eᵀ R E for block n of R, where E maps states to the numbers
// that R acts on.
func (a *Augmented) quadratic(r *SampleMap, n int, e outputMap) {
	if r.Diag != nil {
		for i := range r.Rows {
			a.pair(e, n*r.Rows+i, n*r.Rows+i, r.Diag[n*r.Rows+i])
		}
		return
	}
	if r.Full == nil {
		return
	}
	for i := range r.Rows {
		for j := range r.Rows {
			a.pair(e, n*r.Rows+i, n*r.Rows+j, r.Full[(n*r.Rows+i)*r.Rows+j])
		}
	}
}

// pair emits the lower triangle of v e_iᵀ e_j, for the rows e_i, e_j of e. Over
// all ordered pairs (i, j) of a symmetric matrix this gives the lower triangle
// of its congruence.
func (a *Augmented) pair(e outputMap, i, j int, v float64) {
	ei, ej := e.row(i), e.row(j)
	for p := range ei.n {
		si, ci := ei.at(p)
		for q := range ej.n {
			if sj, cj := ej.at(q); si >= sj {
				a.add(si, sj, v*ci*cj)
			}
		}
	}
}

// An outputMap gives the outputs of a stage as combinations of its states: the
// identity on the states from first on, or a SampleMap of them.
type outputMap struct {
	first int
	j     SampleMap
}

// A combination is one of n states: of those from first on, or of the ones that stand
// at cols behind it.
type combination struct {
	n, first int
	cols     []int
	coef     []float64 // nil: all 1
}

// at returns the state l of the combination and its coefficient.
func (e *combination) at(l int) (state int, coef float64) {
	state, coef = e.first+l, 1
	if e.cols != nil {
		state = e.first + e.cols[l]
	}
	if e.coef != nil {
		coef = e.coef[l]
	}
	return state, coef
}

// row returns output i.
func (e *outputMap) row(i int) combination {
	c := e.j.Cols
	switch {
	case e.j.Diag != nil:
		return combination{n: 1, first: e.first + i, coef: e.j.Diag[i : i+1]}
	case e.j.Full != nil:
		return combination{n: c, first: e.first + i/e.j.Rows*c, coef: e.j.Full[i*c : (i+1)*c]}
	case e.j.Sparse != nil:
		n, p := i/e.j.Rows, e.j.Pattern
		lo, hi := p.Ptr[i%e.j.Rows], p.Ptr[i%e.j.Rows+1]
		return combination{n: hi - lo, first: e.first + n*c, cols: p.Col[lo:hi], coef: e.j.block(n)[lo:hi]}
	}
	return combination{n: 1, first: e.first + i}
}

// outputsOf is the map of the stage whose states begin at y.
func outputsOf(s Stage, y int) outputMap {
	d, ok := s.(*DenseStage)
	switch {
	case !ok:
		return outputMap{first: y}
	case d.passes():
		return outputMap{first: y + d.Batch*d.SampleStates()}
	}
	return outputMap{first: y, j: d.J}
}

// each calls f for every stored entry, by rows.
func (m *Matrix) each(f func(i, j int, v float64)) {
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			f(i, m.Col[p], m.Val[p])
		}
	}
}
