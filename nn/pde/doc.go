// Package pde solves differential equations by networks that make the residuals of the
// equation and of its conditions small ("physics-informed" least squares), by exact
// Levenberg–Marquardt steps with geodesic acceleration.
//
//	Problem ─┬─▶ Objective ──▶ train.Run with LevenbergMarquardt, or Adam, L-BFGS …
//	         │   points, loss, residuals, Jacobian
//	         └─▶ Check: are a residual's derivatives right?
//
// A residual r(x; u, ∇u, Lu) is a function of the rows of the network's output u at a
// point x: u, then D_1u … D_du, then second-order operators Σ_i C_mi D_i²u. All rows go
// through the network together. A dense layer acts on each of them alone, the bias on
// the first one only, and an activation φ maps them to
//
//	φ(u),  φ'(u) D_iu,  φ'(u) L_mu + φ″(u) Σ_i C_mi (D_iu)²
//
// so that φ needs two derivatives for a residual, three for its Jacobian and four for
// its second derivative along a step. The points of a group, say of the boundary, have
// a residual and only as many rows as that needs.
//
// The second derivatives of the residuals also make the exact Hessian of the loss, for
// train.TrustRegion and train.CubicNewton. It is p products with it, which cost far more than
// the matrix of a step of LevenbergMarquardt, and it does not finish sooner: Σ r∇²r is not
// definite, and the damping that makes the Hessian so keeps steps short in the many directions
// of small curvature. From 100 steps of LevenbergMarquardt on Poisson2D (32 units, 400 and 80
// points, loss 8e-8) 60 more came to 4e-9, and as many of TrustRegion to 7e-8, each 24 times
// as long.
//
// LevenbergMarquardt says how steps are made, PointKinds how points are chosen, and
// Objective how they are weighted. Networks are those of package nn: dense layers with
// biases and smooth activations. Begin with Init.
//
// Sources: M. Raissi, P. Perdikaris and G. E. Karniadakis, Physics-informed neural networks,
// J. Comput. Phys. 378 (2019); J. Müller and M. Zeinhofer, Achieving high accuracy with PINNs
// via energy natural gradients, arXiv:2302.13163; F. Dangel, J. Müller and M. Zeinhofer,
// Kronecker-factored approximate curvature for physics-informed neural networks,
// arXiv:2405.15603, for the Taylor rows and their Gauss–Newton matrix.
package pde
