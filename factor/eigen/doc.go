// Package eigen finds eigenvalues of anything that can be factored at a shift,
// the Hessian of a chain, a block-tridiagonal or a sparse symmetric matrix, and
// computes functions of it.
//
//	Spectrum   counts: how many eigenvalues lie below a shift, exactly
//	Lanczos    the eigenpairs nearest to a shift, or at an end of the spectrum,
//	           certified complete by counts
//	MatFunc    f(A)g by products: |A|⁻¹g, the sign of A, spectral projectors
//	AbsSolver  the same of a chain, for many vectors, also by complex shifts
//	Density    the smoothed spectral density, estimated
//	Flatness   how much of a gradient lies in the null space of a Hessian
//
// By Sylvester's law the number of eigenvalues of A below σ is the number of
// negative pivots of A − σI.
//
// Source: B. N. Parlett, The Symmetric Eigenvalue Problem (1998), chapters 3
// and 13.
package eigen
