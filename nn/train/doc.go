// Package train trains networks by exact second-order steps, and by the usual
// first-order methods for comparison.
//
// A Run lets an Optimizer make steps on the batches of a Sampler:
//
//	LevenbergMarquardt    s = −(G + λI)⁻¹ g, G the Gauss–Newton matrix, solved exactly
//	TrustRegion           s = argmin gᵀs + ½ sᵀHs for ‖s‖ ≤ Δ, H the exact Hessian
//	CubicNewton           s = argmin gᵀs + ½ sᵀHs + ⅓ σ‖s‖³
//	SGD, Adam             first order, own
//	NewLBFGS, NewNonlinearCG    of gonum.org/v1/gonum/optimize
//
// The first three factor their matrix by package factor, with time linear in the
// depth of the network. They try each step on the batch that it was made for,
// longer and shorter, too, and take it only if the loss goes down:
//
//	      ┌──────────────────────────── not taken: more damping ─────────────┐
//	      ▼                                                                  │
//	linearize ──▶ factor H + λI ──▶ solve for s ──▶ loss along s ───▶ gain ratio
//	      ▲                                                                  │
//	      └───────────────────── taken: θ ← θ + s, less damping ─────────────┘
//
// Model is the subproblem of trust regions and cubic regularization by itself, for
// any symmetric matrix: Moré and Sorensen's iteration, with the inertia as the
// guarantee that λ is right of −λ_min, and the hard case.
//
// For a batch too large for one factorization, LevenbergMarquardt takes curvature
// from a sub-sample (Task.Curvature), or solves the whole system by
// ConjugateGradients with the factorization of the sub-sample as preconditioner.
//
// A run can be saved and resumed with exactly the same steps as without the
// interruption; see Run.Save.
//
// Sources are named with each method. On which to use: on one batch that is kept
// (small data, high precision, very deep networks) LevenbergMarquardt; with noisy
// mini-batches of large data a first-order method is often as good.
package train
