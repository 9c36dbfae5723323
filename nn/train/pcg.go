package train

import (
	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/space"
	"costate/la/vec"
)

// ConjugateGradients solves (G + λI) x = b for the Gauss–Newton matrix G of a
// large batch, preconditioned by the exact factorization of the same matrix of a
// sub-sample, (G_sub + λI)⁻¹:
//
//	eigenvalues of (G_sub + λI)⁻¹ (G + λI) gather at 1 as the sub-sample grows
//
// so that few products with G are needed, where plain conjugate gradients need
// many for small λ.
//
// Source: R. H. Byrd, G. M. Chin, W. Neveitt and J. Nocedal, On the use of
// stochastic Hessian information in optimization methods for machine learning,
// SIAM J. Optim. 21 (2011), for sub-sampled curvature; Y. Saad, Iterative methods
// for sparse linear systems, 2nd ed. (2003), algorithm 9.1.
type ConjugateGradients struct {
	// Tolerance is ‖b − (G+λI)x‖/‖b‖ where the iteration ends; 0 is 0.01.
	Tolerance float64

	// MaxProducts bounds the products with G; 0 is 50, more than with a useful
	// preconditioner are needed.
	MaxProducts int

	r, z, p, q []float64
	in, out    mat.VecDense
}

// An Operator multiplies by a symmetric matrix.
type Operator interface {
	MulTo(dst, v []float64)
}

// A Preconditioner applies the inverse of a symmetric positive definite matrix.
// A factor.Factorization is one.
type Preconditioner interface {
	SolveVecTo(dst *mat.VecDense, b mat.Vector) error
}

// Solve solves (a + λI) x = b with the preconditioner pre, nil for none, from
// x = 0. It returns the number of products with a and the relative residual
// reached. The error is that of the preconditioner.
func (c *ConjugateGradients) Solve(x []float64, a Operator, pre Preconditioner, lambda float64, b []float64) (products int, residual float64, err error) {
	products, _, err = c.solve(a, pre, lambda, x, b)
	nb := vec.Norm2(b)
	if nb == 0 {
		return products, 0, err
	}
	return products, vec.Norm2(c.r) / nb, err
}

// solve is Solve; it returns xᵀr for the residual r that is left.
func (c *ConjugateGradients) solve(a Operator, pre Preconditioner, lambda float64, x, b []float64) (products int, xr float64, err error) {
	n := len(b)
	c.r, c.z, c.p, c.q = space.Resize(c.r, n), space.Resize(c.z, n), space.Resize(c.p, n), space.Resize(c.q, n)
	if c.in.Len() != n {
		c.in, c.out = *mat.NewVecDense(n, nil), *mat.NewVecDense(n, nil)
	}
	tolerance, most := orDefault(c.Tolerance, 0.01), c.MaxProducts
	if most == 0 {
		most = 50
	}
	clear(x)
	copy(c.r, b)
	goal := tolerance * vec.Norm2(b)
	rz := 0.0
	for products < most && vec.Norm2(c.r) > goal {
		if err := c.precondition(pre); err != nil {
			return products, vec.Dot(x, c.r), err
		}
		last := rz
		rz = vec.Dot(c.r, c.z)
		if !(rz > 0) {
			break // rounding: the preconditioned residual is no descent
		}
		if products == 0 {
			copy(c.p, c.z)
		} else {
			beta := rz / last
			for i, z := range c.z {
				c.p[i] = z + beta*c.p[i]
			}
		}
		a.MulTo(c.q, c.p)
		products++
		vec.Axpy(c.q, lambda, c.p)
		curvature := vec.Dot(c.p, c.q)
		if !(curvature > 0) {
			break
		}
		alpha := rz / curvature
		vec.Axpy(x, alpha, c.p)
		vec.Axpy(c.r, -alpha, c.q)
	}
	return products, vec.Dot(x, c.r), nil
}

func (c *ConjugateGradients) precondition(pre Preconditioner) error {
	if pre == nil {
		copy(c.z, c.r)
		return nil
	}
	copy(c.in.RawVector().Data, c.r)
	err := tolerable(pre.SolveVecTo(&c.out, &c.in))
	copy(c.z, c.out.RawVector().Data)
	return err
}

var (
	_ Operator       = (*parts)(nil)
	_ Preconditioner = factor.Factorization(nil)
)
