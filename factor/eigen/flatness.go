package eigen

import (
	"errors"

	"costate/la/blas"
	"costate/la/vec"
)

// Flatness returns how much of g lies in the null space of a, or so near to it that
// eigenvalues are below eps in size: with the parts g_i of g along the
// eigenvectors,
//
//	φ² = Σ ε²/(λ_i² + ε²) g_i² / ‖g‖² = min_p (‖A p + g‖² + ε²‖p‖²) / ‖g‖²
//
// between 0 and 1. For a Hessian and its gradient φ near 1 means that Newton's
// method has stopped where the gradient is not zero but no step lowers its norm,
// which is no critical point; Frye et al. call g flat above 0.9. φ tends to their
// relative residual with ε, which should be the size of what counts as zero, such
// as 1e-4 of the largest eigenvalue. For g = 0 it is 0.
//
// The error bound is absolute. It is above 0.01 only where more than products
// products would be needed; 0 takes 400.
//
// Source: C. G. Frye, J. Simon, N. S. Wadia, A. Ligeralde, M. R. DeWeese and K. E.
// Bouchard, Critical point-finding methods reveal gradient-flat regions of deep
// network losses, Neural Computation 33 (2021).
func Flatness(a Operator, g []float64, eps float64, products int, backend blas.Backend) (phi, bound float64, err error) {
	if vec.Norm2(g) == 0 {
		return 0, 0, nil
	}
	if products <= 0 {
		products = 400
	}
	// The fraction is read to two digits, and bound says what is missing.
	m := MatFunc{Tolerance: 0.01, Basis: products, Backend: backend}
	x := make([]float64, len(g))
	err = m.apply(x, a, InverseAbs(eps), g, 1/eps)
	var short *FuncError
	if err != nil && !errors.As(err, &short) {
		return 0, 0, err
	}
	return min(1, eps*vec.Norm2(x)/vec.Norm2(g)), m.report.Error, nil
}
