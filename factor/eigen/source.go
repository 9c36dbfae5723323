package eigen

import (
	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
	"costate/la/vec"
	"costate/system"
)

// An Operator is a symmetric matrix A known by its products.
type Operator interface {
	// SymmetricDim is the order of A.
	SymmetricDim() int
	// MulVecTo computes dst = A x; they may not overlap.
	MulVecTo(dst, x []float64)
}

// A Source is a symmetric matrix A that can be factored at shifts: of a chain, or
// block tridiagonal, or sparse. It is read, and must not change meanwhile.
type Source interface {
	Operator
	// Norm is a lower bound of ‖A‖₂, close to it.
	Norm() float64

	// options are those of the factorizations, defaults filled in.
	options() factor.Options
	// fork makes a factorization; all of one source share one analysis as far
	// as they can.
	fork(o factor.Options) (shifted, error)
	// message writes the matrix for other ranks.
	message(m *sourceMessage) error
}

// A shifted is a factorization of A − σI.
type shifted interface {
	factorize(sigma float64) error
	solve(x []float64) // by the factors, not refined
	factor.Solver
}

// withDefaults fills in what this package needs.
func withDefaults(o *factor.Options) factor.Options {
	var d factor.Options
	if o != nil {
		d = *o
	}
	if d.Backend == nil {
		d.Backend = blas.Native()
	}
	return d
}

// OfChain is the matrix H of a chain.
func OfChain(c *system.Chain, opts *factor.Options) Source {
	return &chainSource{chain: c, opts: withDefaults(opts), product: system.NewProduct(c, withDefaults(opts).Backend)}
}

type chainSource struct {
	chain   *system.Chain
	opts    factor.Options
	product *system.Product
	norm    float64
}

func (s *chainSource) SymmetricDim() int         { return s.chain.Params() }
func (s *chainSource) MulVecTo(dst, x []float64) { s.product.HessVec(dst, x) }
func (s *chainSource) options() factor.Options   { return s.opts }

func (s *chainSource) Norm() float64 {
	if s.norm == 0 {
		s.norm = powerNorm(s)
	}
	return s.norm
}

// powerNorm is the greatest ‖Av‖/‖v‖ met in a few power steps.
func powerNorm(s Operator) float64 {
	v, w := make([]float64, s.SymmetricDim()), make([]float64, s.SymmetricDim())
	irregular(v)
	norm := 0.0
	for range 4 {
		n := vec.Norm2(v)
		if n == 0 || n-n != 0 {
			break
		}
		vec.Scale(v, 1/n, v)
		s.MulVecTo(w, v)
		v, w = w, v
		norm = max(norm, vec.Norm2(v))
	}
	return norm
}

func (s *chainSource) fork(o factor.Options) (shifted, error) {
	f := new(factor.Chain)
	if err := f.Analyse(s.chain, &o); err != nil {
		return nil, err
	}
	return shiftedChain{f}, nil
}

type shiftedChain struct{ *factor.Chain }

func (f shiftedChain) factorize(sigma float64) error { return f.Factorize(-sigma) }
func (f shiftedChain) solve(x []float64)             { f.SolveRaw(x, 1) }

// OfBlock is a symmetric block-tridiagonal matrix.
func OfBlock(a *la.BlockTridiag, opts *factor.Options) Source {
	return &blockSource{BlockTridiag: a, opts: withDefaults(opts)}
}

type blockSource struct {
	*la.BlockTridiag
	opts factor.Options
	norm float64
}

func (s *blockSource) options() factor.Options { return s.opts }

func (s *blockSource) Norm() float64 {
	if s.norm == 0 {
		s.norm = powerNorm(s)
	}
	return s.norm
}

func (s *blockSource) fork(o factor.Options) (shifted, error) {
	if err := s.CheckFinite("A"); err != nil {
		return nil, err
	}
	f := new(factor.Block)
	if err := f.Analyse(s.BlockTridiag, &o); err != nil {
		return nil, err
	}
	return shiftedBlock{f, s.BlockTridiag}, nil
}

type shiftedBlock struct {
	*factor.Block
	a *la.BlockTridiag
}

func (f shiftedBlock) factorize(sigma float64) error { return f.FactorizeShifted(f.a, sigma) }
func (f shiftedBlock) solve(x []float64)             { f.SolveRaw(x, 1) }

// OfSparse is a sparse symmetric matrix.
func OfSparse(a *la.Sym, opts *factor.Options) Source {
	return &sparseSource{Sym: a, opts: withDefaults(opts)}
}

type sparseSource struct {
	*la.Sym
	opts factor.Options
	norm float64
	tree *partition.Tree // of the first factorization
}

func (s *sparseSource) options() factor.Options { return s.opts }

func (s *sparseSource) Norm() float64 {
	if s.norm == 0 {
		s.norm = powerNorm(s)
	}
	return s.norm
}

func (s *sparseSource) fork(o factor.Options) (shifted, error) {
	f := new(factor.Sparse)
	var err error
	if s.tree == nil {
		err = f.Analyse(s.Sym, &o)
	} else {
		err = f.AnalyseTree(s.Sym, s.tree, &o)
	}
	if err != nil {
		return nil, err
	}
	s.tree = f.Tree()
	return shiftedSparse{f, s.Sym}, nil
}

type shiftedSparse struct {
	*factor.Sparse
	a *la.Sym
}

func (f shiftedSparse) factorize(sigma float64) error { return f.FactorizeShifted(f.a, sigma) }
func (f shiftedSparse) solve(x []float64)             { f.SolveRaw(x, 1) }
