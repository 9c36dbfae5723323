// Package partition takes sparse symmetric matrices to block-tridiagonal form
// and back: permutations, partitions, the gather of values into blocks, and
// the search for a good form of a matrix about which nothing is known.
//
//	       A                                 B[i,j] = A[p[i],p[j]]
//	[ ×     ×     ]                        [ × × │     │     ]
//	[   ×     × × ]                        [ × × │ ×   │     ]
//	[     ×   ×   ]   p = 0 3 5 1 4 2      [─────┼─────┼─────]      blocks couple
//	[ ×     ×   × ]  ────────────────▶     [   × │ × × │     ]      to neighbours
//	[   × ×   ×   ]                        [     │ × × │ ×   ]      only
//	[   ×   ×   × ]                        [─────┼─────┼─────]
//	                                       [     │   × │ × × ]
//	                                       [     │     │ × × ]
//
// Three phases: Auto (or Given, for a form that is known) looks at the pattern and
// makes a Plan; Plan.Analyse, or Analyse for a permutation and a partition,
// finds once where every value belongs; Gather.To and Split.GroupTo then take
// values there, as often as these change, without searching or allocating.
//
// A Plan may have leaves: many small groups of unknowns, each coupled to
// two neighbouring blocks at most, that can be eliminated ahead of the chain
// (static condensation). That is cheaper where a system has local unknowns, as
// the parameters and multipliers of a layer are once the states are taken away. Whether
// it is stable is for the numbers to say; Plan.Keep takes groups back.
//
// Auto does no nested dissection: matrices from two-dimensional meshes get blocks
// as wide as the mesh, and three-dimensional ones blocks as wide as its cross
// section. A Plan's Cost says what to expect before anything is allocated.
//
// Sources: A. George and J. W. H. Liu, Computer Solution of Large Sparse
// Positive Definite Systems (1981), chapters 4 and 6; E. Cuthill and J. McKee,
// Reducing the bandwidth of sparse symmetric matrices, Proc. ACM Nat. Conf.
// (1969); R. J. Guyan, Reduction of stiffness and mass matrices, AIAA J. 3
// (1965). The words of a Partition are those of Julia's BlockArrays.
package partition
