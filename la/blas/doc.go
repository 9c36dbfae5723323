// Package blas has the dense kernels of the structured factorizations as one
// small interface, Backend, and the backends that implement it.
//
//	kernel   computes                                  of
//	Gemm     C = alpha op(A) op(B) + beta C            general matrices
//	Gemmt    one triangle of the same                  products that are symmetric
//	Syrk     one triangle of alpha A Aᵀ + beta C
//	Trsm     op(A)⁻¹ B or B op(A)⁻¹                    A triangular
//	Gemv     y = alpha op(A) x + beta y
//	Potrf    A = L Lᵀ                                  A symmetric definite
//	Sytrf    P A Pᵀ = L D Lᵀ                           A symmetric, any signs
//	Sytrs    A⁻¹ B from it
//
// All matrices are stored by rows. Sytrf leaves, here for order 5 with a 2×2
// pivot in rows 1 and 2,
//
//	    [ d0                     ]       [ 1                 ]      [ d0                ]
//	    [ l10  d1                ]       [ l10  1            ]      [     d1  e1        ]
//	a = [ l20  0    d2           ]   L = [ l20  0   1        ]  D = [     e1  d2        ]
//	    [ l30  l31  l32  d3      ]       [ l30 l31 l32  1    ]      [             d3    ]
//	    [ l40  l41  l42  l43  d4 ]       [ l40 l41 l42 l43 1 ]      [                d4 ]
//
// and e = (0, e1, 0, 0, 0). DSolve, DInertia, DLogDet and PermuteRows work on
// that form, so that a caller can use half of a solve.
//
// For a front, a symmetric block F whose columns are to be eliminated above
// rows X of what is left, there are
//
//	Ldlfront           pivots judged by whole columns, of which some may be
//	                   delayed, and the update of what is left
//	Ldlpart            the same without the update
//	Sytrf, LdlBelow    pivots within F, and a check of L21 after the fact
//
// DSolveRows and DMulRows divide and multiply rows by D.
//
// # Backends
//
// Native is Go and Go assembly (AVX2 with FMA, or AVX-512, chosen at run time; NEON on
// arm64) and needs no C; with the tag noasm, and on other processors, it is plain Go.
// OpenBLAS is there in builds with the tag openblas. Gonum is gonum's own
// blas, for comparison. Auto takes the fastest that the build has. ByName
// chooses by name, Describe reports. A backend is a value: programs can use
// several at once.
//
// # Aliasing
//
// A and B may overlap each other or be the same, since they are only read. An
// operand that is written may overlap no other operand, with one exception:
// elements of one slice that interleave, as the blocks of one matrix do, are
// different elements and do not overlap.
//
// # Sources
//
// J. R. Bunch and L. Kaufman, Some stable methods for calculating inertia and
// solving symmetric linear systems, Math. Comp. 31 (1977). E. Anderson and
// J. Dongarra, Evaluating block algorithm variants in LAPACK, LAPACK Working
// Note 19 (1990). K. Goto and R. van de Geijn, Anatomy of high-performance
// matrix multiplication, ACM Trans. Math. Softw. 34 (2008). N. J. Higham,
// Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002), chapters 8
// and 11.
package blas
