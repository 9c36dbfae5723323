package factor

import (
	"math"

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
	guard
	system  *system.Augmented
	core    core
	source  stageSource
	damping []float64 // by pivot block
	planned Cost
	spaces  pool[coreSpace]
}

var _ Factorization = (*Augmented)(nil)

// Analyse prepares for chains of the shapes of c, and assembles K; see
// Factorization.
func (f *Augmented) Analyse(c *system.Chain, opts *Options) error {
	*f = Augmented{}
	if err := f.analyse(c, opts); err != nil {
		f.kernel = nil
		return err
	}
	return nil
}

func (f *Augmented) analyse(c *system.Chain, opts *Options) error {
	if err := f.begin(f, c, opts); err != nil {
		return err
	}
	const what = "block LDLᵀ of the augmented system"
	f.core.stages(c, f.opts.Backend)
	f.planned = f.core.cost()
	f.planned.Bytes += assembledBytes(c)
	if err := f.plan(what, f.planned); err != nil {
		return err
	}
	f.system = system.Assemble(c, 0)
	f.source.analyse(f.system, &f.core)
	f.planned = f.core.cost()
	f.planned.Bytes += assembledBytes(c)
	f.core.alloc()
	f.damping = make([]float64, len(c.Stages))
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

// System returns the augmented system that is factored, at the damping 0. It
// is not to be changed.
func (f *Augmented) System() *system.Augmented {
	if f.kernel == nil {
		panic(ErrNotAnalysed)
	}
	return f.system
}

func (f *Augmented) factor(eps []float64) pivots {
	last := len(eps) - 1
	for k, e := range eps {
		f.damping[last-k] = e
	}
	err := f.core.factor(&f.source, 0, f.damping)
	s := f.core.stats
	p := pivots{
		negative: s.negative - f.system.States(), zero: s.zero, logAbs: s.log,
		growth: s.largest,
		tiny:   s.tiny, block: last - s.block, pivot: s.at,
		finite: s.complete,
	}
	// The first pivot block is the block of H + εI of the last stage itself.
	p.scale = math.Max(0, s.front-math.Abs(eps[last]))
	if e, ok := err.(*SingularError); ok {
		p.block, p.pivot = last-e.Block, e.Pivot
	}
	return p
}

func (f *Augmented) solve(x []float64, nrhs int) {
	if nrhs == 1 {
		f.core.solve(x, 1)
		return
	}
	w := f.spaces.get()
	defer f.spaces.put(w)
	w.buf = resize(w.buf, len(x))
	transposeTo(w.buf, x, nrhs, f.n)
	f.core.solve(w.buf, nrhs)
	transposeTo(x, w.buf, f.n, nrhs)
}

func (f *Augmented) cost() Cost { return f.planned }
