package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// NullVector writes to dst a vector of norm 1 for which A x is as small as
// inverse iteration makes it, and returns ‖A x‖ / ‖A‖: about the rounding error
// if the matrix is singular to working accuracy, larger if it is not. It may be
// called after Factorize has returned nil or a *SingularError with Blind false. An
// empty dst is resized. Where the null space has more dimensions, one vector of
// it is found; see NullSpaceTo. A vector beyond the range of numbers is a
// *NotFiniteError.
//
// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013),
// section 7.6.1.
func (f *Sparse) NullVector(dst *mat.VecDense) (residual float64, err error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	n := f.kept.SymmetricDim()
	if n == 0 {
		return 0, nil
	}
	sizeVec(dst, n)
	v, residual, err := f.nullSpace(1)
	for i, x := range v {
		dst.SetVec(i, x)
	}
	return residual, err
}

// NullSpaceTo writes an orthonormal basis of the null space of A to the columns
// of dst, as many as the inertia counts zero eigenvalues, and returns the largest
// ‖A x‖ / ‖A‖ of a column x: about the rounding error for a null vector. For a
// regular matrix dst becomes empty. dst must be empty, or of the right size. A vector
// beyond the range of numbers is a *NotFiniteError.
func (f *Sparse) NullSpaceTo(dst *mat.Dense) (residual float64, err error) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	n, k := f.kept.SymmetricDim(), f.Inertia().Zero
	if k == 0 {
		dst.Reset()
		return 0, nil
	}
	sizeDense(dst, n, k)
	v, residual, err := f.nullSpace(k)
	for j := range k {
		dst.SetCol(j, v[j*n:(j+1)*n])
	}
	return residual, err
}

// nullSpace finds k vectors, and an error where they are beyond the range of numbers.
func (f *Sparse) nullSpace(k int) (v []float64, residual float64, err error) {
	v, residual = f.judge.NullSpace(k)
	if f.matrix.norm > 0 {
		residual /= f.matrix.norm
	}
	return v, residual, la.CheckFinite("null space", v)
}
