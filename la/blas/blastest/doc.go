// Package blastest is the contract of blas.Backend as tests, which every
// backend runs:
//
//	func TestBackend(t *testing.T) { blastest.Run(t, mypackage.Backend()) }
//
// It tests properties and not digits. Products are compared with plain loops,
// element by element, within the bound that every order of summation meets,
//
//	|C - Ĉ| ≤ γ (|alpha| |op(A)| |op(B)| + |beta| |C|),   γ = 2 (k + 4) u,
//
// solutions and factorizations by their backward errors,
//
//	‖op(A) X - alpha B‖ ≤ c n u (‖A‖ ‖X‖ + ‖B‖),   ‖P A Pᵀ - L D Lᵀ‖ ≤ c n u ‖A‖.
//
// Around every operand and in the gap between its rows lie NaN: a kernel that
// reads what it should not gives NaN, and one that writes there is seen by the
// bits. The sizes are all small ones, then those around multiples of the
// block sizes in use.
//
// Source of the bounds: N. J. Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed. (2002), sections 3.5, 8.1 and 11.1.
package blastest
