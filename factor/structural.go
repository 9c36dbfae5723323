package factor

import (
	"errors"
	"math"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/la"
	"costate/la/partition"
)

// A structure is what the pattern of the elements that are not zero says of a matrix: its
// structural rank, the largest that any values could give it.
//
// Where that is below the order n no factorization finds pivots for all columns. Those that
// it misses would climb from front to front as rounding errors, with more and more others, up
// to a full root. But a largest matching leaves out as many rows as columns of the same
// numbers, U, and the rest, A_RR, has all of the rank that there can be: if it is regular,
// everything about A follows from its factors, and exactly so. See certify.Judge.Deficient.
//
// Source: A. L. Dulmage and N. S. Mendelsohn, Coverings of bipartite graphs, Canad. J. Math.
// 10 (1958).
type structure struct {
	rank  int
	zeros uint64 // which elements were zero
	known bool   // the two above, for some values

	missing []int   // U
	rest    *Sparse // of b; nil where A_RR turned out to be singular, too
	b       *la.Sym // A_RR, and on the diagonal for each of U an element of the size of its column
	from    []int   // where the elements of b are in A; -1 for those of U
}

// errDeficient stops a factorization under way because the matrix is structurally singular.
var errDeficient = errors.New("factor: structurally singular")

// structured finds the structural rank of the values at hand, unless it
// is known. It reports whether it was not. The error is that it was interrupted, which
// leaves what was known of other values.
func (f *Sparse) structured() (found bool, err error) {
	z := zerosOf(f.kept)
	if s := &f.structure; s.known && s.zeros == z {
		return false, nil
	}
	m, err := partition.MatchUntil(f.kept, f.opts.Interrupt)
	if err != nil {
		return false, ErrInterrupted
	}
	f.observe(m, z)
	return true, nil
}

// observe takes what a matching says of the structure.
func (f *Sparse) observe(m *partition.Matching, zeros uint64) {
	f.structure = structure{rank: m.Rank, zeros: zeros, known: true}
	for i, j := range m.Mate {
		if j < 0 {
			f.structure.missing = append(f.structure.missing, i)
		}
	}
}

// zerosOf is a number that tells which elements of a are zero: sums of scrambled places.
func zerosOf(a *la.Sym) (sum uint64) {
	const golden = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio: multiples spread evenly
	for t, v := range a.RawLower().Val {
		if v == 0 {
			x := (uint64(t) + 1) * golden
			sum += (x ^ x>>29) * golden
		}
	}
	return sum
}

// deficient reports whether the structural rank is known to be below the order.
func (f *Sparse) deficient() bool {
	return f.structure.known && f.structure.rank < f.kept.SymmetricDim()
}

// prepareRest prepares for A_RR.
func (f *Sparse) prepareRest() error {
	s := &f.structure
	s.build(f.kept)
	s.rest = new(Sparse)
	o := f.opts
	if err := s.rest.Analyse(s.b, &o); err != nil {
		f.planned = s.rest.planned
		return err
	}
	if err := f.planRest(); err != nil {
		return err
	}
	if f.engine.Engine == nil {
		f.tree = s.rest.tree
	}
	f.ready = true
	return nil
}

// planRest takes the plan of A_RR, which another tree may have changed.
func (f *Sparse) planRest() error {
	s := &f.structure
	c := s.rest.planned
	c.Bytes += f.workBytes() + 16*int64(len(s.from))
	return f.planTree(c)
}

// findsDeficient reports whether a matrix that was found singular is so by its structure, and
// has not been taken for that before.
func (f *Sparse) findsDeficient() bool {
	if f.whole || f.mumps.Engine != nil || f.structure.rest != nil {
		return false
	}
	_, err := f.structured()
	return err == nil && f.deficient()
}

// byStructure factors A_RR for the values at hand, of which another part may be zero than
// before. ok is false where A is left to be factored as a whole.
func (f *Sparse) byStructure() (err error, ok bool) {
	found, err := f.structured()
	if err != nil {
		return err, true
	}
	if found {
		if !f.deficient() {
			return nil, false
		}
		if err := f.prepareRest(); err != nil {
			return err, true
		}
	}
	f.fresh = false
	f.matrix.norm, err = f.eq.measure(f.kept)
	if err != nil {
		return err, true
	}
	return f.factorizeRest()
}

// useWhole makes A itself what is factored, which is analysed now if it was not before.
func (f *Sparse) useWhole() error {
	switch {
	case f.mumps.Engine != nil, f.engine.Engine != nil && !f.judgesRest:
		return nil
	case f.engine.Engine != nil:
		f.judgeTree()
		return nil
	}
	whole := f.whole
	f.whole = true
	err := f.order()
	f.whole = whole
	return err
}

// build makes b of a.
func (s *structure) build(a *la.Sym) {
	low := a.RawLower()
	out := make([]bool, low.N)
	for _, u := range s.missing {
		out[u] = true
	}
	b := la.NewSymBuilder(low.N, a.Stored())
	s.from = s.from[:0]
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if j := int(low.Col[t]); !out[i] && !out[j] {
				b.Add(i, j, low.Val[t])
				s.from = append(s.from, t)
			}
		}
		if out[i] {
			b.Add(i, i, 1)
			s.from = append(s.from, -1)
		}
	}
	s.b, _ = b.Build() // no element is there twice, and none is outside
	s.take(a)
}

// take takes the values of a.
func (s *structure) take(a *la.Sym) {
	low, val := a.RawLower(), s.b.RawLower().Val
	size := make([]float64, low.N)
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j, v := low.Col[t], math.Abs(low.Val[t])
			size[i], size[j] = max(size[i], v), max(size[j], v)
		}
	}
	k := 0
	for t, from := range s.from {
		if from >= 0 {
			val[t] = low.Val[from]
			continue
		}
		val[t] = 1
		if v := size[s.missing[k]]; v > 0 {
			val[t] = v
		}
		k++
	}
}

// factorizeRest factors A_RR, and settles what follows for A. ok is false where A_RR is
// singular, too, or another error leaves A to be factored as a whole.
func (f *Sparse) factorizeRest() (err error, ok bool) {
	s := &f.structure
	s.take(f.kept)
	if err := s.rest.Factorize(s.b); err != nil {
		return err, !isSingular(err)
	}
	if err := f.planRest(); err != nil {
		return err, true
	}
	n, m := f.kept.SymmetricDim(), len(s.missing)
	in := s.rest.Inertia()
	e := &restEngine{s}
	f.judgesRest = true
	f.judge.Begin(e, &f.matrix, f.opts.settings(), nil)
	f.judge.Deficient(s.missing, certify.Counts{Negative: in.Negative, Zero: in.Zero + m, Certain: in.Certain && in.Zero == 0}, e.Factor(0))
	f.known, f.factored, f.byRest = true, true, true
	rest := s.rest.Report()
	f.mu.Lock()
	f.report = Report{Flops: rest.Flops, Bytes: rest.Bytes + f.workBytes() + 16*int64(len(s.from)), Growth: rest.Growth}
	f.mu.Unlock()
	finding := f.judge.Finding()
	return &SingularError{Block: -1, Pivot: -1, Row: finding.Row, Suggest: finding.Suggest, Cond: math.Inf(1),
		StructuralRank: s.rank, order: n}, true
}

// A restEngine has factors of A_RR; the other unknowns get zero.
type restEngine struct{ *structure }

// Factor does nothing: A_RR is factored already.
func (e *restEngine) Factor(float64) pivot.Stats { return e.rest.judge.Stats() }

// Solve overwrites each row of x with A_RR⁻¹ times it.
func (e *restEngine) Solve(x []float64, nrhs int) {
	e.rest.factors().Solve(x, nrhs)
	n := e.b.SymmetricDim()
	for j := range nrhs {
		for _, u := range e.missing {
			x[j*n+u] = 0
		}
	}
}

// Take does nothing: A_RR has been taken.
func (e *restEngine) Take([]float64, []float64, float64) {}

// Cost is that of A_RR.
func (e *restEngine) Cost() pivot.Cost { return pivot.Cost(e.rest.planned) }

// noted adds the structural rank to the error of a singular matrix, and makes one of an
// error that it explains.
func (f *Sparse) noted(err error) error {
	if err == nil {
		return nil
	}
	var work *WorkError
	if errors.As(err, &work) {
		if _, e := f.structured(); e == nil && f.deficient() {
			err = &SingularError{Block: -1, Pivot: -1, Row: f.structure.missing[0], Blind: true}
		}
	}
	var singular *SingularError
	if errors.As(err, &singular) {
		if _, e := f.structured(); e == nil {
			singular.StructuralRank, singular.order = f.structure.rank, f.kept.SymmetricDim()
		}
	}
	return err
}
