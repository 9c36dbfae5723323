// Package partition orders sparse symmetric matrices for elimination:
// permutations, partitions, the assembly tree of any pattern, and the gather of
// values into block-tridiagonal form.
//
//	       A                                 B[i,j] = A[p[i],p[j]]
//	[ ×     ×     ]                        [ × × │     │     ]
//	[   ×     × × ]                        [ × × │ ×   │     ]
//	[     ×   ×   ]   p = 0 3 5 1 4 2      [─────┼─────┼─────]      blocks couple
//	[ ×     ×   × ]  ────────────────▶     [   × │ × × │     ]      to neighbours:
//	[   × ×   ×   ]                        [     │ × × │ ×   ]      a path
//	[   ×   ×   × ]                        [─────┼─────┼─────]
//	                                       [     │   × │ × × ]
//	                                       [     │     │ × × ]
//
// Auto finds a Tree for a pattern about which nothing is known, in these phases:
//
//	compress ─▶ order ─▶ elimination tree, counts ─▶ supernodes ─▶ Tree
//
// Indistinguishable unknowns, and pairs that a Matching finds, become one vertex;
// the order that comes in, approximate minimum degree and nested dissection
// compete by predicted time, from exact counts. Given makes the tree of blocks
// that are known. Match pairs and scales unknowns whose diagonal is weak.
//
// Analyse finds where every value of a block-tridiagonal matrix belongs, once for
// a pattern; Gather.To then takes values there without searching or allocating.
//
// Sources: J. W. H. Liu, The role of elimination trees in sparse factorization,
// SIAM J. Matrix Anal. Appl. 11 (1990); P. R. Amestoy, T. A. Davis and I. S. Duff,
// An approximate minimum degree ordering algorithm, SIAM J. Matrix Anal. Appl. 17
// (1996); G. Karypis and V. Kumar, A fast and high quality multilevel scheme for
// partitioning irregular graphs, SIAM J. Sci. Comput. 20 (1998); I. S. Duff and S.
// Pralet, Strategies for scaling and pivoting for sparse symmetric indefinite
// problems, SIAM J. Matrix Anal. Appl. 27 (2005). The words of a Partition are
// those of Julia's BlockArrays.
package partition
