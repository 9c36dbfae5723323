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
// New reads the pattern: where each entry of the matrix goes, and each row of a
// contribution in the front of the parent. Factor assembles and eliminates node
// by node; Solve runs over the factors. An Engine factors what it is told and says
// what it met: it neither shifts nor refines, nor perturbs a pivot.
//
// A front is factored by Bunch–Kaufman inside F first, and the rows below are
// checked after the fact; if an element of L exceeds 1/u the front is assembled
// again and factored with pivots tested over all rows. Columns without a pivot
// are delayed: they become columns of the parent, with the values that they have
// then. A column that is zero to rounding in all its rows is a zero pivot.
//
// Contributions lie on two stacks, by the parity of depth, so that those of the
// children are on top of one while that of the node goes on the other, and
// nothing is moved. All memory is planned; delays beyond the plan get memory of
// their own, which is kept.
//
// Sources: I. S. Duff and J. K. Reid, The multifrontal solution of indefinite
// sparse symmetric linear equations, ACM Trans. Math. Softw. 9 (1983); J. W. H.
// Liu, The multifrontal method for sparse matrix solution: theory and practice,
// SIAM Review 34 (1992); I. S. Duff, J. Hogg and F. Lopez, A new sparse LDLᵀ
// solver using a posteriori threshold pivoting, SIAM J. Sci. Comput. 42 (2020);
// J. D. Hogg and J. A. Scott, Pivoting strategies for tough sparse indefinite
// systems, ACM Trans. Math. Softw. 40 (2013).
package tree
