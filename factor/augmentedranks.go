package factor

import (
	"slices"

	"costate/factor/internal/certify"
	"costate/factor/internal/mumps"
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/partition"
	"costate/la/ranks"
	"costate/system"
)

// A ranksEngine factors the augmented system of a chain by MUMPS, with K held by all ranks
// together: a dampedEngine.
type ranksEngine struct {
	k       mumps.Chain // nil where the native engine is used
	layout  *system.Part
	damping []float64 // of K as the ranks have it
	current bool      // whether they have damping
	spaces  space.Pool[[]float64]
}

// A ranksEnclosed is a certify.Enclosing: it factors H + D by way of S K S.
type ranksEnclosed struct {
	*damped
	ranks  *ranksEngine
	matrix symMatrix
}

// Whole is K at the damping that was asked for.
func (e *ranksEnclosed) Whole() (certify.Engine, certify.Operator) {
	e.ranks.damp(e.asked)
	e.matrix.norm = e.ranks.k.Norm()
	return scaledEngine{e.ranks.k}, &e.matrix
}

// analyseRanks is Analyse with MUMPS.
func (f *Augmented) analyseRanks(c *system.Chain) error {
	// Rank 0 knows how many of the ranks share the memory of its machine.
	bytes := augmentedBytes * system.EntriesOf(c) * int64(ranks.OnMachine()) / int64(ranks.Size())
	if err := f.plan(augmentedWhat, Cost{Bytes: bytes}); err != nil {
		return err
	}
	e, err := newRanks(c, &f.opts)
	if err != nil {
		return err
	}
	f.ranks = ranksEngine{k: e, layout: c.Part(0, 0), damping: make([]float64, len(c.Stages))}
	cost := Cost(e.Cost())
	cost.Bytes += bytes
	if err := f.plan(augmentedWhat, cost); err != nil {
		f.ranks.release()
		return err
	}
	f.gaveUp = func() error {
		if err := e.Err(); err != nil {
			return mumpsError(e.SymmetricDim(), &f.opts, err)
		}
		return nil
	}
	f.use(&f.ranks)
	f.judge.Begin(&ranksEnclosed{damped: &f.engine, ranks: &f.ranks, matrix: symMatrix{a: e}}, &f.matrix, f.opts.settings(), nil)
	return nil
}

// newRanks analyses with MUMPS, in the order of Options.Perm or chainOrder. It leaves the order to
// MUMPS where it is asked to, and where there is no room for K on rank 0.
func newRanks(c *system.Chain, o *Options) (mumps.Chain, error) {
	n := c.Params() + 2*c.States()
	mo, err := o.mumpsOptions(n)
	if err != nil {
		return nil, err
	}
	if mo.Perm == nil && !o.mumpsOrders() && augmentedBytes*system.EntriesOf(c) <= o.MemoryLimit {
		if mo.Perm, err = chainOrder(c, o); err != nil {
			return nil, err
		}
	}
	e, err := mumps.NewChain(c, mo)
	if err != nil {
		return nil, mumpsError(n, o, err)
	}
	return e, nil
}

const (
	// worthUnpaired is the predicted seconds of a factorization in an order of pairs, for each
	// unknown and entry, from which one without them is looked for, too: twenty times what that
	// takes.
	worthUnpaired = 1.2e-6

	// pairsRanks is how many times the predicted time without pairs an order of them may take. In
	// networks of 20 layers it takes 1.1 times as long, and MUMPS 0.75 of it, as it
	// puts off hardly a pivot; in 4 layers of 2,304 states 1.55 times, and MUMPS as long on one
	// rank and 1.6 times on two.
	pairsRanks = 1.25
)

// chainOrder is the order that MUMPS is given for K of a chain, nil where it does better with its
// own. MUMPS cannot make pairs of unknowns of a matrix that is shared out, whose values no rank has
// all of, and puts off pivots. In a chain the pairs are known: a state and its costate, between
// which K has −1. The pattern of K is on rank 0 for the time of this, as it is in the analysis of
// MUMPS.
func chainOrder(c *system.Chain, o *Options) (partition.Perm, error) {
	po := &partition.Options{Ordering: o.Ordering, Apart: true, Interrupt: o.Interrupt}
	if po.Ordering == partition.OrderAuto {
		po.Ordering = partition.OrderAMD // stages are narrow separators, which it finds
	}
	if po.Ordering != partition.OrderNatural {
		po.Mates = stateMates(c)
	}
	k := system.Assemble(c, 0).K
	t, err := assembly(k, po)
	if err != nil {
		return nil, err
	}
	if o.Ordering == partition.OrderAuto && t.Cost.Seconds() > worthUnpaired*float64(k.SymmetricDim()+2*k.Stored()) {
		po.Mates = nil
		single, err := assembly(k, po)
		if err != nil || t.Cost.Time > pairsRanks*single.Cost.Time {
			return nil, err
		}
	}
	return t.Perm, nil
}

// stateMates pairs each state with its costate.
func stateMates(c *system.Chain) []int32 {
	params, states := c.Params(), c.States()
	mates := make([]int32, params+2*states)
	for i := range mates {
		mates[i] = -1
	}
	for i := params; i < params+states; i++ {
		mates[i], mates[i+states] = int32(i+states), int32(i)
	}
	return mates
}

// RankEntries returns the number of elements of K that each rank of MPI stores, with the
// engine mumps: their sum is little more than what K has, and none has all. It returns nil
// with the native engine.
func (f *Augmented) RankEntries() []int64 {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if f.ranks.k == nil {
		return nil
	}
	return f.ranks.k.Stored()
}

// Plan tells what the analysis of K has found.
func (f *Augmented) Plan() Plan {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if f.ranks.k != nil {
		return mumpsPlan(f.ranks.k.Plan())
	}
	return treePlan(f.k.engine.Tree())
}

func (e *ranksEngine) release() {
	if e.k != nil {
		e.k.Release()
		e.k = nil
	}
}

// take takes a chain of the same shapes.
func (e *ranksEngine) take(c *system.Chain) {
	e.k.Update(c)
	e.current = false
}

// damp has all ranks damp K, if it is not damped so.
func (e *ranksEngine) damp(eps []float64) {
	if e.current && slices.Equal(e.damping, eps) {
		return
	}
	copy(e.damping, eps)
	e.k.Damp(eps)
	e.current = true
}

func (e *ranksEngine) Factor(eps []float64) pivot.Stats {
	e.damp(eps)
	e.k.Rescale()
	s := e.k.Factor(0)
	s.Negative -= e.states()
	place(&s, e.layout)
	return s
}

func (e *ranksEngine) states() int { return e.layout.Y[len(e.layout.Y)-1] }

func (e *ranksEngine) Solve(x []float64, nrhs int) {
	w := e.spaces.Get()
	defer e.spaces.Put(w)
	*w = space.Resize(*w, nrhs*e.k.SymmetricDim())
	solveLifted(e.k, *w, x, nrhs)
}
