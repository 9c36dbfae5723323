package factor

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la/vec"
	"costate/system"
)

// Augmented factors H + εI the general way: the augmented system K of the chain
// is assembled as a sparse symmetric matrix (system.Assemble), its unknowns are
// taken stage by stage, last stage first, which makes it block tridiagonal,
//
//	    [ K_L  B_Lᵀ           ]         [ P  Eᵀ 0  ] states y_k
//	K = [ B_L  K_L-1  ⋱       ]   K_k = [ E  0  A  ] costates m_k
//	    [      ⋱      ⋱  B_2ᵀ ]         [ 0  Aᵀ εI ] parameters x_k
//	    [            B_2  K_1 ]
//
// and eliminated by block LDLᵀ. Inside a stage, states and costates go first,
// by substitution: E is the identity but for the sign (with a skip, unit
// triangular), and A holds the few derivatives of each state. What is left is a
// dense pivot block of the order of the stage's parameters, with the pivoting
// of Bunch and Kaufman. With p parameters in a stage and N states in the one
// before, a stage costs
//
//	p³/3 + p²N + pN²  flops        and holds  8(p² + pN) bytes
//
// so this way suits stages with few parameters: where there are more than
// samples times outputs, Chain does less work. It knows nothing of where the
// entries of K come from but which unknown belongs to which stage.
//
//	In(H + εI) = In(K) − (N, N, 0),   |det(H + εI)| = |det K|
//
// The zero value is ready for Analyse. See Factorization for the phases, the
// accuracy and the errors.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026); M. Benzi, G. H. Golub and J. Liesen, Numerical
// solution of saddle point problems, Acta Numerica 14 (2005), section 6.
type Augmented struct {
	judged
	system *system.Augmented
	stages augmentedEngine
}

var _ Factorization = (*Augmented)(nil)

// Analyse prepares for chains of the shapes of c, and assembles K; see
// Factorization.
func (f *Augmented) Analyse(c *system.Chain, opts *Options) error {
	f.Reset()
	if err := f.begin(c, opts); err != nil {
		return err
	}
	e := &f.stages
	e.core.stages(c, f.opts.Backend)
	planned := e.core.cost()
	planned.Bytes += assembledBytes(c)
	if err := f.plan("block LDLᵀ of the augmented system", planned); err != nil {
		return err
	}
	f.system = system.Assemble(c, 0)
	e.source.analyse(f.system, &e.core)
	f.planned = e.core.cost()
	f.planned.Bytes += assembledBytes(c)
	e.core.alloc()
	e.states, e.n, e.damping = f.system.States(), f.matrix.n, make([]float64, len(c.Stages))
	f.use(e)
	return nil
}

// Update takes a new point: only values of K are rewritten; see Factorization.
func (f *Augmented) Update(c *system.Chain) error {
	if err := f.point(c); err != nil {
		return err
	}
	f.system.Update(c, 0)
	return nil
}

// Reset empties the factorization, options included.
func (f *Augmented) Reset() { *f = Augmented{} }

// System returns the augmented system that is factored, at the damping 0. It
// is not to be changed.
func (f *Augmented) System() *system.Augmented {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.system
}

// An augmentedEngine factors the augmented system, last stage first.
type augmentedEngine struct {
	core    core
	source  stageSource
	damping []float64 // by pivot block
	states  int
	n       int
	spaces  space.Pool[coreSpace]
}

func (f *augmentedEngine) Factor(eps []float64) pivot.Stats {
	last := len(eps) - 1
	for k, e := range eps {
		f.damping[last-k] = e
	}
	err := f.core.factor(&f.source, 0, f.damping)
	s := f.core.stats
	p := pivot.Stats{
		Negative: s.negative - f.states, Zero: s.zero, LogAbs: s.log,
		Growth: s.largest,
		Tiny:   s.tiny, Block: last - s.block, Row: s.at,
		Finite: s.complete,
	}
	// The first pivot block is the block of H + εI of the last stage itself.
	p.Scale = math.Max(0, s.front-math.Abs(eps[last]))
	if e, ok := err.(*SingularError); ok {
		p.Block, p.Row = last-e.Block, e.Pivot
	}
	return p
}

func (f *augmentedEngine) Solve(x []float64, nrhs int) {
	if nrhs == 1 {
		f.core.solve(x, 1)
		return
	}
	w := f.spaces.Get()
	defer f.spaces.Put(w)
	w.buf = space.Resize(w.buf, len(x))
	vec.Transpose(w.buf, nrhs, x, f.n, nrhs, f.n)
	f.core.solve(w.buf, nrhs)
	vec.Transpose(x, f.n, w.buf, nrhs, f.n, nrhs)
}
