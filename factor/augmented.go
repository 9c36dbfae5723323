package factor

import (
	"math"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/factor/internal/scaling"
	"costate/factor/internal/tree"
	"costate/internal/space"
	"costate/la"
	"costate/la/partition"
	"costate/la/vec"
	"costate/system"
)

// Augmented factors H + εI the general way: the augmented system K of the chain
// is assembled as a sparse symmetric matrix (system.Assemble) and factored over
// an assembly tree, as Sparse does with any matrix,
//
//	    [ A + εI  C   Gᵀ  ]  parameters        solves (H + εI) x = g by K (x, y, m) = (g, 0, 0)
//	K = [ Cᵀ      Q   −Mᵀ ]  states
//	    [ G       −M  0   ]  costates
//
// It knows nothing of where the entries of K come from. Chain does less work where stages have more parameters than samples
// times outputs. With Options.Engine set to EngineMUMPS the ranks of MPI hold K together,
// by ranges of stages, so that no rank has all of it; rank 0 has the chain, and K while Analyse
// orders it, unless Options.MemoryLimit leaves no room for that: then MUMPS finds an order.
//
//	In(H + εI) = In(K) − (N, N, 0),   |det(H + εI)| = |det K|,   N states
//
// The pivots are tested over all rows of a front, so growth is bounded however
// small ε is: the other methods ask this one where their own factors leave the
// inertia uncertain.
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026); M. Benzi, G. H. Golub and J. Liesen, Numerical
// solution of saddle point problems, Acta Numerica 14 (2005), section 6.
type Augmented struct {
	direct
	k        augmentedEngine
	enclosed enclosedEngine
	ranks    ranksEngine // in place of k, if Options ask for MUMPS
}

var _ Factorization = (*Augmented)(nil)

// Analyse prepares for chains of the shapes of c, and assembles K; see
// Factorization.
func (f *Augmented) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	if err := f.begin(c, opts); err != nil {
		return err
	}
	name, err := f.opts.engineName()
	if err != nil {
		return err
	}
	if name == EngineMUMPS {
		return f.analyseRanks(c)
	}
	if err := f.k.analyse(c, &f.opts, workAllowed, f.plan); err != nil {
		return err
	}
	f.gaveUp = func() error { return f.k.gaveUp() }
	f.use(&f.k)
	f.enclosed = enclosedEngine{damped: &f.engine, k: &f.k, matrix: symMatrix{a: f.k.system.K}}
	f.judge.Begin(&f.enclosed, &f.matrix, f.settings(), nil) // it would ask itself
	return nil
}

// Update takes a new point: only values of K are rewritten; see Factorization.
func (f *Augmented) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	if f.ranks.k != nil {
		f.ranks.take(c)
		return nil
	}
	f.k.take(c)
	return nil
}

// Reset empties the factorization, options included.
func (f *Augmented) Reset() {
	f.ranks.release()
	*f = Augmented{}
}

// System returns the augmented system that is factored, at the damping 0. It
// is not to be changed, and holds until the next call of another method. With MUMPS it is
// assembled for the call.
func (f *Augmented) System() *system.Augmented {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if f.ranks.k != nil {
		return system.Assemble(f.matrix.chain, 0)
	}
	f.k.damp(nil)
	return f.k.system
}

// An enclosedEngine factors H + D by way of K: a certify.Enclosing.
type enclosedEngine struct {
	*damped
	k      *augmentedEngine
	matrix symMatrix
}

// Whole is K at the damping that was asked for.
func (e *enclosedEngine) Whole() (certify.Engine, certify.Operator) {
	e.k.damp(e.asked)
	e.matrix.norm = columnNorm(e.matrix.a.(*la.Sym), 0, e.k.squares)
	return scaledEngine{e.k.engine}, &e.matrix
}

// An evenEngine factors S (A + shift·I) S + even·I.
type evenEngine interface {
	certify.Engine
	Scale() []float64
	FactorEven(shift, even float64) pivot.Stats
}

// A scaledEngine is a certify.Scaled.
type scaledEngine struct{ evenEngine }

// FactorScaled factors S A S + shift·I.
func (e scaledEngine) FactorScaled(shift float64) pivot.Stats { return e.FactorEven(0, shift) }

// An augmentedEngine factors the augmented system of a chain.
type augmentedEngine struct {
	system  *system.Augmented
	engine  *tree.Engine
	layout  *system.Part // where the unknowns of each stage stand
	diag    []int32      // of each parameter, the index of its diagonal in the values of K
	base    []float64    // the value there without damping
	size    float64      // the largest 2-norm of a column of K without damping
	squares []float64
	spaces  space.Pool[[]float64]

	// Where damping is so small that pivots are put off without end, K is scaled from then on:
	// s is the diagonal of S, nil before, and scaled has the values of S K S.
	s, scaled []float64
	workLimit float64 // of a factorization of S K S
}

// augmentedWhat names the factorization in errors.
const augmentedWhat = "LDLᵀ of the augmented system"

// augmentedBytes is what an entry of K takes: a value, that of S K S, its column, the slot of its
// emission and its place in a front, or its coordinates.
const augmentedBytes = 40

// analyse assembles and analyses K; plan refuses what needs too much memory, and a
// factorization gives up at workLimit times its flops.
func (k *augmentedEngine) analyse(c *system.Chain, o *Options, workLimit float64, plan func(what string, c Cost) error) error {
	bytes := augmentedBytes * system.EntriesOf(c)
	if err := plan(augmentedWhat, Cost{Bytes: bytes}); err != nil {
		return err
	}
	k.system = system.Assemble(c, 0)
	if err := k.begin(o, workLimit); err != nil {
		return err
	}
	cost := Cost(k.engine.Cost())
	cost.Bytes += bytes
	if err := plan(augmentedWhat, cost); err != nil {
		return err
	}
	k.layout = c.Part(0, 0)
	k.diag, k.base = make([]int32, c.Params()), make([]float64, c.Params())
	for i := range k.diag {
		k.diag[i] = int32(k.system.K.Index(i, i))
	}
	k.read()
	return nil
}

// begin makes the engine.
func (k *augmentedEngine) begin(o *Options, workLimit float64) error {
	t, err := assembly(k.system.K, &partition.Options{Interrupt: o.Interrupt})
	if err != nil {
		return err
	}
	to := treeOptions(o)
	to.WorkLimit = max(delaysAtMost, delaysFlops/max(t.Cost.Flops, 1))
	k.workLimit = max(workLimit, to.WorkLimit)
	k.engine = tree.New(t, k.system.K, to)
	return nil
}

// take takes a chain of the same shapes.
func (k *augmentedEngine) take(c *system.Chain) {
	k.system.Update(c, 0)
	k.read()
}

// read notes what damping changes, and how large K is.
func (k *augmentedEngine) read() {
	val := k.system.K.RawLower().Val
	for i, at := range k.diag {
		k.base[i] = val[at]
	}
	k.squares = space.Resize(k.squares, k.system.Order())
	k.size = columnNorm(k.system.K, 0, k.squares)
}

// damp writes the damping of each stage to the diagonal; nil is none.
func (k *augmentedEngine) damp(eps []float64) {
	val := k.system.K.RawLower().Val
	for s := range len(k.layout.X) - 1 {
		e := 0.0
		if eps != nil {
			e = eps[s]
		}
		for i := k.layout.X[s]; i < k.layout.X[s+1]; i++ {
			val[k.diag[i]] = k.base[i] + e
		}
	}
}

func (k *augmentedEngine) Factor(eps []float64) pivot.Stats {
	k.damp(eps)
	s := k.run(max(k.size, vec.MaxMagnitude(eps)), 0, 0)
	s.Negative -= k.system.States()
	place(&s, k.layout)
	return s
}

// run factors S (K + shift·I) S + even·I, whose elements without scaling are at most size. S is
// the identity until too many pivots are put off.
func (k *augmentedEngine) run(size, shift, even float64) pivot.Stats {
	if k.s == nil {
		k.engine.Take(k.system.K.RawLower().Val, nil, size)
		s := k.engine.FactorEven(shift, even)
		if k.engine.Stopped() != tree.OutOfWork {
			return s
		}
		k.s = make([]float64, k.system.Order())
		k.scaled = make([]float64, k.system.K.Stored())
		k.engine.SetWorkLimit(k.workLimit)
	}
	k.scale()
	return k.engine.FactorEven(shift, even)
}

// scale finds S for K as it is damped, and has the engine take S K S.
func (k *augmentedEngine) scale() {
	low := k.system.K.RawLower()
	scaling.Sums(k.s, k.squares, scaling.Rows{
		Largest: func(rows []float64) { scaling.RowMaxima(rows, k.s, low) },
		Sums:    func(rows []float64) { scaling.RowSums(rows, k.s, low) },
	})
	scaling.RoundAugmented(k.s, k.system.Params(), k.system.States())
	size := 0.0
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			k.scaled[t] = low.Val[t] * (k.s[i] * k.s[low.Col[t]])
			size = max(size, math.Abs(k.scaled[t]))
		}
	}
	k.engine.Take(k.scaled, k.s, size)
}

// gaveUp is the error of a factorization that put off too many pivots, if it did.
func (k *augmentedEngine) gaveUp() error {
	if k.engine.Stopped() != tree.OutOfWork {
		return nil
	}
	planned := float64(k.engine.Cost().Factor)
	return &WorkError{Order: k.system.Order(), Planned: planned, Limit: k.workLimit * planned}
}

// place names a pivot of K by stage and parameter; −1 for one of a state. A part has
// the layout of K.
func place(s *pivot.Stats, p *system.Part) {
	row := s.Row
	s.Block, s.Row = -1, -1
	for k := range len(p.X) - 1 {
		x, y, m := p.Stage(k)
		for _, r := range [][2]int{x, y, m} {
			if row >= r[0] && row < r[1] {
				s.Block = k
			}
		}
		if row >= x[0] && row < x[1] {
			s.Row = row - x[0]
		}
	}
}

func (k *augmentedEngine) Solve(x []float64, nrhs int) {
	w := k.spaces.Get()
	defer k.spaces.Put(w)
	*w = space.Resize(*w, nrhs*k.system.Order())
	solveLifted(k.engine, *w, x, nrhs)
}

// solveLifted solves K (x, y, m) = (g, 0, 0) for each row g of x, which it overwrites. w is
// scratch for as many vectors of the order of K.
func solveLifted(k interface{ Solve([]float64, int) }, w, x []float64, nrhs int) {
	if nrhs == 0 {
		return
	}
	n, order := len(x)/nrhs, len(w)/nrhs
	for i := range nrhs {
		clear(w[i*order+copy(w[i*order:], x[i*n:(i+1)*n]) : (i+1)*order])
	}
	k.Solve(w, nrhs)
	for i := range nrhs {
		copy(x[i*n:(i+1)*n], w[i*order:])
	}
}
