// Package la has the matrix types of costate: sparse symmetric matrices, symmetric
// block-tridiagonal ones, and inertia.
//
// A Sym is a sparse symmetric matrix of which the lower triangle is stored by
// compressed rows:
//
//	    [ 4 . . . ]      Ptr  0   1     3   4       7
//	A = [ 1 5 . . ]      Col  0 | 0 1 | 2 | 0 2 3
//	    [ . . 6 . ]      Val  4 | 1 5 | 6 | 2 3 7
//	    [ 2 . 3 7 ]
//
// It is made in three phases. A SymBuilder collects entries in any order. Build
// sorts them once, in linear time, sums those with the same place and says where
// each went. SetValues then rewrites the values as often as they change, without
// searching or sorting.
//
// A BlockTridiag is what the factorization works on:
//
//	    [ D_0  S_0ᵀ           ]
//	A = [ S_0  D_1  S_1ᵀ      ]      dense blocks, D_k lower triangle only
//	    [      S_1  D_2   ⋱   ]
//	    [           ⋱     ⋱   ]
//
// Package partition finds the permutation and the block sizes that lead from one
// to the other. All matrices are gonum's mat.Symmetric. Interchange with
// github.com/james-bowman/sparse goes through ToCSR and FromCSR, which checks
// what it is given.
//
// The storage schemes are those of Y. Saad, Iterative Methods for Sparse Linear
// Systems, 2nd ed. (2003), section 3.4, and of G. H. Golub and C. F. Van Loan,
// Matrix Computations, 4th ed. (2013), section 4.5.
package la
