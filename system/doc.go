// Package system has the linear-quadratic chain that a network becomes when it is
// linearised on a batch. It multiplies by the matrix H of the chain, measures
// residuals of systems with it, and assembles the augmented system K as a sparse
// symmetric matrix.
//
// A Chain is a list of stages. Each carries a change of its parameters x_k and
// of its inputs y_{k-1} to a change of its outputs, linearly, and adds a
// quadratic term; the loss adds one in the last outputs:
//
//	y_0 = 0 ──▶ stage 1 ──▶ y_1 ──▶ stage 2 ──▶ … ──▶ y_L ──▶ ½ y_Lᵀ R y_L
//	              ▲                   ▲
//	             x_1                 x_2
//
// As a function of x alone the sum of the quadratic terms is ½ xᵀHx, with H the
// Hessian of the loss (or its Gauss–Newton part). Chains also come from
// elsewhere: a control problem with dynamics F, G and costs A, C, Q is a chain
// of BlockStages.
//
// Product multiplies by H in one pass along the chain and one back, and its
// ResidualTo forms b − (H + εI) x in twice the working precision. StageBlocks has
// the diagonal of H, its trace and its diagonal blocks. Assemble forms the
// conditions for a stationary point of the same quadratic under the linear
// dynamics,
//
//	    [ A + εI    C      Gᵀ  ]   parameters x
//	K = [ Cᵀ        Q     −Mᵀ  ]   states y
//	    [ G        −M      0   ]   costates m
//
// whose Schur complement on x is H + εI. All blocks couple only neighbouring
// stages:
//
//	x₁ ▪    ▪
//	x₂   ▪  ▪ ▪          K in the order x, y, m; ordered stage by stage
//	y₁ ▪ ▪  ▪   ▪ ▪      instead it is block tridiagonal
//	y₂   ▪    ▪   ▪
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026); B. A. Pearlmutter, Fast exact multiplication by the
// Hessian, Neural Computation 6 (1994).
package system
