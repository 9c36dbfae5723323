// Package factor solves (H + εI) x = g for the Hessian or the Gauss–Newton
// matrix H of a network in time linear in its depth, and says what the
// elimination reveals on the way: inertia, determinant, spectrum. It also
// factors any symmetric block-tridiagonal matrix (Block) and any sparse
// symmetric matrix at all (Sparse), with no network in sight.
//
// # Elimination, on two unknowns a stage
//
// A stage of a network turns parameters x and the change y of its input into
// the change of its output. Gathered stage by stage, the stationarity of the
// quadratic model is a block-tridiagonal system,
//
//	[ A₁ B₁ᵀ        ] [v₁]   [b₁]        v_k = (x_k, y_k, m_k): parameters,
//	[ B₁ A₂ B₂ᵀ     ] [v₂] = [b₂]              states, costates of stage k
//	[    B₂ A₃  ⋱   ] [v₃]   [b₃]
//	[       ⋱   ⋱   ] [⋮ ]   [⋮ ]
//
// and eliminating one block leaves the Schur complement S = A₂ − B₁ A₁⁻¹ B₁ᵀ in
// the place of the next: a block LDLᵀ. Each pivot block is symmetric and
// indefinite and is factored by Bunch–Kaufman with 1×1 and 2×2 pivots. Two
// orders of elimination give two ways:
//
//	             keeps                  a pivot block has order        use
//	Augmented    K, sparse, by stage    parameters                     any chain; export, checks
//	Chain        states only            directions × units             networks: the default
//
// Chain eliminates states and costates in closed form and compresses the
// parameters of a layer to the directions that the batch reaches, so nothing of
// the order of the parameters is ever formed. For Gauss–Newton matrices Gram
// factors a matrix of the order of the outputs instead; Dense is the reference
// of the order of the parameters; CG and MINRES iterate on products H·v. Auto
// takes the exact method that counts the fewest flops. All are Factorizations:
//
//	var f factor.Chain
//	err := f.Analyse(chain, nil)     // shapes, once
//	err = f.Factorize(eps)           // again for another ε
//	err = f.SolveVecTo(&x, g)        // again for another g
//	err = f.Update(otherPoint)       // again for another point
//
// # What is promised
//
// Every solution leaves with a measured backward error
//
//	‖g − (H+εI)x‖ / (‖H+εI‖‖x‖ + ‖g‖)  ≤  1e-14
//
// or with an error that says what was reached. The residual comes from products
// H·v along the chain (system.Product), which know nothing of the factors.
// Inertia is exact or marked uncertain: random directions bound how far the factors
// are from the matrix, and where that does not settle it another method is asked.
// Where a pivot block is singular although H + εI is not (at an unlucky ε: when the
// trailing stages alone have the eigenvalue −ε) the growth of the elements gives it
// away; the matrix is then factored at ε ± 1e-8‖H‖, and solutions are refined
// against ε. A solution that refinement does not bring to the tolerance, as at an ε near
// rounding errors of H, is asked of the augmented system and of a dense matrix, if memory and
// order allow; their factors are made when the first such solution is asked for, and kept until
// the next point or ε. The mathematics is in MATH.md.
//
// eigen.Spectrum counts the eigenvalues of H below any shift, one factorization
// each.
//
// # Without a network
//
// Block factors any symmetric block-tridiagonal matrix A, Sparse any sparse
// symmetric one. What a Block knows besides solutions:
//
//	Inertia, LogDet, Cond          signs of the eigenvalues, determinant, condition
//	InverseTo, InverseDiagTo       the elements of A⁻¹ inside the blocks; its diagonal,
//	                               which a Sparse gives too
//	InverseTrace                   the trace of A⁻¹B: a derivative of log|det A|
//	QuadFormTo, QuadFormRaw        bᵀA⁻¹b, refined or from half a solve
//
// Package eigen counts eigenvalues of A and finds those nearest to a shift with
// their vectors, certified that none was missed, and package newton minimizes
// functions with sparse Hessians through gonum's optimize. The examples
// of this package are control, smoothing, splines, grids and random fields.
//
// Sources: A. Rahimi, The Hessian of tall-skinny networks is easy to invert,
// arXiv:2601.06096 (2026); J. R. Bunch and L. Kaufman, Some stable methods for
// calculating inertia and solving symmetric linear systems, Math. Comp. 31
// (1977); N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.
// (2002), chapters 11 and 12.
package factor
