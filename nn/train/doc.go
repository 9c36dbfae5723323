// Package train trains networks by exact second-order steps, and by the usual
// first-order methods for comparison.
//
// A Run lets an Optimizer make steps on the batches of a Sampler:
//
//	LevenbergMarquardt    s = −(G + λI)⁻¹ g, G the Gauss–Newton matrix, solved exactly
//	TrustRegion           s = argmin gᵀs + ½ sᵀHs for ‖s‖ ≤ Δ, H the exact Hessian
//	CubicNewton           s = argmin gᵀs + ½ sᵀHs + ⅓ σ‖s‖³
//	SaddleFree            s = −(H² + λ²)^-½ g, by products with H
//	SGD, Adam             first order, own
//	NewLBFGS, NewNonlinearCG    of gonum.org/v1/gonum/optimize
//
// The first three factor their matrix by package factor, with time linear in the
// depth of the network. They and SaddleFree try each step on the batch that it was made for,
// longer and shorter, too, and take it only if the loss goes down:
//
//	      ┌──────────────────────────── not taken: more damping ─────────────┐
//	      ▼                                                                  │
//	linearize ──▶ factor H + λI ──▶ solve for s ──▶ loss along s ───▶ gain ratio
//	      ▲                                                                  │
//	      └───────────────────── taken: θ ← θ + s, less damping ─────────────┘
//
// Inspect tells what kind of point the parameters are: how many directions curve down,
// and how much of the gradient lies in the null space of H.
//
// Model solves the subproblem of trust regions and of cubic regularization by itself,
// for any symmetric matrix, by Moré and Sorensen's iteration. The inertia guarantees
// that λ is right of −λ_min, and the hard case is solved, too.
//
// For a batch too large for one factorization, LevenbergMarquardt takes curvature
// from a sub-sample (Task.Curvature), or solves the whole system by
// ConjugateGradients with the factorization of the sub-sample as preconditioner.
//
// What is trained on may be an Objective in place of batches, such as the residuals of a
// differential equation in package nn/pde, which has its own LevenbergMarquardt.
//
// A run can be saved between any two steps and resumed with exactly the steps that
// would have followed; see Run.Save and Checkpoint.
//
// Which to use: LevenbergMarquardt for one batch that is kept (small data, high
// precision, very deep networks). With noisy mini-batches of large data a first-order
// method is often as good. Sources are named with each method.
package train
