package train

import (
	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// symmetric is the Shifted of a matrix that is stored.
type symmetric struct {
	a       *la.Sym
	options factor.Options
	solver  factor.Sparse
	ready   bool // whether the solver has analysed the pattern
	x, b    mat.VecDense
	v       []float64
}

// NewShifted returns the Shifted of a stored matrix, factored by factor.Sparse with the
// options; nil stands for the defaults. Solutions have the accuracy that steps need. The
// values of a may change between one Factorize and the next.
func NewShifted(a *la.Sym, opts *factor.Options) Shifted {
	n := a.SymmetricDim()
	s := &symmetric{a: a, x: *mat.NewVecDense(n, nil), b: *mat.NewVecDense(n, nil), v: make([]float64, n)}
	if opts != nil {
		s.options = *opts
	}
	if s.options.Tolerance == 0 {
		s.options.Tolerance = stepTolerance
	}
	return s
}

func (s *symmetric) Order() int { return s.a.SymmetricDim() }

func (s *symmetric) Factorize(lambda float64) (la.Inertia, error) {
	if !s.ready {
		if err := s.solver.Analyse(s.a, &s.options); err != nil {
			return la.Inertia{}, err
		}
		s.ready = true
	}
	return inertiaOf(&s.solver, s.solver.FactorizeShifted(s.a, -lambda))
}

func (s *symmetric) Solve(dst, b []float64) error {
	copy(s.b.RawVector().Data, b)
	err := tolerable(s.solver.SolveVecTo(&s.x, &s.b))
	copy(dst, s.x.RawVector().Data)
	return err
}

func (s *symmetric) Mul(dst, v []float64) {
	s.a.MulVecTo(s.v, v)
	copy(dst, s.v)
}
