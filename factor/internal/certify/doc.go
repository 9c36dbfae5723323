// Package certify judges factorizations. An engine factors exactly what it is
// told, A + σI, and says what it met (pivot.Stats); an operator multiplies by A
// and knows no factors. A Judge puts them together, for every engine by the
// same rules:
//
//	Factorize   factors A; where a pivot block is singular although A need not
//	            be, A + σI with a small σ instead
//	Solve       solves with the factors and refines against A until the
//	            measured backward error meets the tolerance; where refinement
//	            stalls, GMRES with the factors as preconditioner
//	Inertia     counts, and certifies or disowns, the signs of the eigenvalues
//	LogDet      of the factors, with a bound of its error
//	Cond        an estimate of the condition number
//
// # Residuals
//
// Operators compute b − Ax in twice the working precision. What rounding hides
// in a residual is then of the order of its last bit, so a backward error that
// comes from it is that of x, and not of the multiplication.
//
// # The certificate
//
// Let F be the matrix that the factors multiply to and G = I − A F⁻¹. The
// matrices F − t(F − A) = (I − tG) F, 0 ≤ t ≤ 1, lead from F to A. If ‖G‖ < 1
// none of them is singular, so no eigenvalue changes its sign on the way:
// In(A) = In(F), and |log|det A| − log|det F|| = |log det(I − G)|. It does not
// matter how F came about: from A, or from A + σI.
//
// G x is the residual of one solve with the right-hand side x. For a direction
// x that is uniform on the sphere and does not depend on A, with u₁ the
// singular vector of the largest singular value of G,
//
//	P(‖Gx‖ ≤ ρ | ‖G‖ ≥ 1) ≤ P(|u₁ᵀx| ≤ ρ) ≤ 0.8 √n ρ.
//
// After m independent directions with largest residual ρ the chance that the
// certificate is wrong is at most (0.8 √n ρ)ᵐ. It is given below 1e-12, and
// withheld otherwise. Where n is small all unit vectors are tried: that gives
// the Frobenius norm of G, and the certificate is no matter of chance.
//
// A solve rounds as the factorization did, and could repeat its errors. So the
// certificate also asks that rounding be small against the smallest eigenvalue:
// 8 u max|S| ‖F⁻¹‖ < 0.1, where max|S| is the largest element that the
// elimination met. Factors with growth do not pass; then a second engine, whose
// pivoting bounds the growth, is asked.
//
// Where the engine factors a larger matrix, as Augmented does, whose determinant is
// that of A, the bound of the determinant is that of the larger matrix: solves with A
// see only a part of it. Where that is scaled, the certificate of the inertia is sought there, too:
// growth is then in the units of the scaled matrix, which say nothing of those of A. That the
// larger matrix has a fixed number of eigenvalues more on either side is for the engine to know.
//
// # Singular matrices
//
// A is called singular to working accuracy where a unit vector x is found for which
// ‖Ax‖ is some units of u‖A‖, in the units of A and in those in which it was scaled:
// cond(A) ≥ ‖A‖/‖Ax‖ is then measured, not estimated. No pivot alone decides that.
//
// How many eigenvalues are zero is counted: those of A between −σ and σ, for a σ of
// some units of u‖A‖. Where an engine scales, it is those of S A S, which by Sylvester's
// law has as many, since rows of different sizes bring small eigenvalues with them that are
// not zero. What lies closer to zero than σ cannot be told from it, so that these counts
// are uncertain.
//
// Sources: J. D. Dixon, Estimating extremal eigenvalues and condition numbers
// of matrices, SIAM J. Numer. Anal. 20 (1983), Theorem 1, for the bound on
// random directions; N. J. Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed. (2002), chapters 7, 11, 12 and 15; E. Carson and N. J.
// Higham, A new analysis of iterative refinement, SIAM J. Sci. Comput. 39
// (2017), for the Krylov step.
package certify
