// Package tree factors a sparse symmetric matrix over an assembly tree, definite
// or not: the multifrontal method with threshold pivoting inside the fronts, and
// pivots that are put off to the parent.
//
//	one front: p columns eliminated, q rows left           the tree, parent above its children
//	[ F     ]  p×p    P F Pᵀ = L D Lᵀ, pivots 1×1, 2×2           [gh]
//	[ X   C ]  q×q    L31 = X Pᵀ L⁻ᵀ D⁻¹,  |L31| ≤ 1/u          /    \
//	                  C − L31 D L31ᵀ  goes to the parent,     [ef]   [cd]
//	                  with the columns that found no pivot     |
//	                                                          [a]
//
// The phases, and where they are:
//
//	New, NewFrom   front.go    the maps of rows into the parent
//	               source.go   where each entry of the matrix goes
//	               tasks.go    what can be done side by side
//	               layout.go   where contributions lie, and how much memory it takes
//	Factor         assemble.go, eliminate.go, tally.go: node by node
//	Solve          solve.go, solvemany.go
//	Invert, QuadForms
//
// An Engine factors what it is told and says what it met: it neither shifts nor
// refines, nor perturbs a pivot.
//
// # Pivots
//
// A pivot of a front is tested over all rows of its columns, those below F
// included, so that no element of L exceeds 1/u; see blas.Ldlpart. Columns
// without a pivot are delayed: they become columns of the parent, with the values
// that they have then. A root takes all, by Bunch and Kaufman's rule. A column
// that is nowhere larger than the rounding error of the largest element in the
// subtree is a zero pivot, and does not travel.
//
// A front could be factored with pivots from F alone first, and be checked after
// the fact. On the kernels of package blas that takes as long as testing all rows
// in the first place, for fronts of every shape, and more where it fails.
//
// # Memory
//
// All fronts lie in one slice. Contributions lie on two stacks: those of the
// children are on top of one while that of the node goes on the other, and
// nothing is moved; where the first child has the same rows it is made in place.
// What is delayed stays in the front of the child, from where the parent takes
// it, so the stacks do not depend on delays. A front that delays make larger than
// planned gets memory of its own, which is kept, and is given its place among the
// others at the next factorization.
//
// # Side by side
//
// Subtrees are tasks for workers with a stack each; then the top of the tree is
// factored with all threads inside the kernels. Sums run in the order of the
// children whoever computes them, so the bits depend on the number of threads
// at most.
//
// Sources: I. S. Duff and J. K. Reid, The multifrontal solution of indefinite
// sparse symmetric linear equations, ACM Trans. Math. Softw. 9 (1983); J. W. H.
// Liu, The multifrontal method for sparse matrix solution: theory and practice,
// SIAM Review 34 (1992); J. K. Reid and J. A. Scott, An out-of-core sparse
// Cholesky solver, ACM Trans. Math. Softw. 36 (2009) (maps and stacks); J. D. Hogg
// and J. A. Scott, Pivoting strategies for tough sparse indefinite systems, ACM
// Trans. Math. Softw. 40 (2013).
package tree
