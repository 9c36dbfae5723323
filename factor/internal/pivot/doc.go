// Package pivot has one step of a block elimination, and what it learns.
//
//	[ S   K ]     P S Pᵀ = L D Lᵀ       W = L⁻¹ P K
//	[ Kᵀ  Y ]     Y − Kᵀ S⁻¹ K = Y − Wᵀ D⁻¹ W
//
// Block factors the dense pivot block S by Bunch–Kaufman or Cholesky and
// applies it to what it couples to; Stats keeps signs, sizes and doubts of the
// pivots, as facts. Bands share loops out to threads without allocating.
//
// Sources: J. R. Bunch and L. Kaufman, Some stable methods for calculating
// inertia and solving symmetric linear systems, Math. Comp. 31 (1977); N. J.
// Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapters 10 and 11.
package pivot
