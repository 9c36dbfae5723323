package train

import (
	"errors"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/system"
)

// A Shifted solves with H + λI for a symmetric, possibly indefinite H and any λ,
// and counts eigenvalues on the way. It is what the exact solvers of
// trust-region and cubic models need; a factorization of a network's Hessian is
// one, a dense matrix can be another.
type Shifted interface {
	// Order is the order of H.
	Order() int

	// Factorize prepares for solves with H + λI and returns its inertia. A
	// matrix that is singular, or cannot be told from one, is no error: its
	// inertia then is not certain or has zeros.
	Factorize(lambda float64) (la.Inertia, error)

	// Solve stores (H + λI)⁻¹ b in dst, for the λ of the last Factorize.
	Solve(dst, b []float64) error

	// Mul stores H v in dst, which may be v.
	Mul(dst, v []float64)
}

// hessian is the Shifted of the exact Hessian of a network on a batch.
type hessian struct {
	solver   factor.Auto
	product  *system.Product
	ready    bool
	dst, rhs mat.VecDense
}

// at takes a new point.
func (h *hessian) at(c *system.Chain, reshaped bool, backend blas.Backend) error {
	if reshaped || !h.ready {
		h.ready = false
		if err := h.solver.Analyse(c, &factor.Options{Backend: backend, Tolerance: stepTolerance}); err != nil {
			return err
		}
		h.product = system.NewProduct(c, orNative(backend))
		n := c.Params()
		h.dst, h.rhs = *mat.NewVecDense(n, nil), *mat.NewVecDense(n, nil)
		h.ready = true
		return nil
	}
	h.product.Reset(c)
	return h.solver.Update(c)
}

func (h *hessian) Order() int { return h.solver.SymmetricDim() }

func (h *hessian) Factorize(lambda float64) (la.Inertia, error) {
	return inertiaOf(&h.solver, h.solver.Factorize(lambda))
}

// inertiaOf is what Shifted.Factorize returns after a factorization that returned err.
func inertiaOf(f interface{ Inertia() la.Inertia }, err error) (la.Inertia, error) {
	var singular *factor.SingularError
	if errors.As(err, &singular) {
		return la.Inertia{Zero: 1}, nil
	}
	if err != nil {
		return la.Inertia{}, err
	}
	return f.Inertia(), nil
}

func (h *hessian) Solve(dst, b []float64) error {
	copy(h.rhs.RawVector().Data, b)
	err := tolerable(h.solver.SolveVecTo(&h.dst, &h.rhs))
	copy(dst, h.dst.RawVector().Data)
	return err
}

func (h *hessian) Mul(dst, v []float64) { h.product.HessVec(dst, v) }

// orNative is the backend, or the native one if it is nil.
func orNative(backend blas.Backend) blas.Backend {
	if backend == nil {
		return blas.Native()
	}
	return backend
}
