// Package eigen finds eigenvalues of anything that can be factored at a shift:
// the Hessian of a chain, a block-tridiagonal or a sparse symmetric matrix.
//
//	Spectrum   counts: how many eigenvalues lie below a shift, exactly
//	Lanczos    the eigenpairs nearest to a shift, certified complete by counts
//
// By Sylvester's law the number of eigenvalues of A below σ is the number of
// negative pivots of A − σI.
//
// Source: B. N. Parlett, The Symmetric Eigenvalue Problem (1998), chapters 3
// and 13.
package eigen
