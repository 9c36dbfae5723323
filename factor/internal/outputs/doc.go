// Package outputs factors a Gauss–Newton matrix in output space. With J the
// derivative of the network's outputs in the parameters and R Rᵀ the Hessian of
// the loss in the outputs, J̃ = RᵀJ gives H = J̃ᵀJ̃, and
//
//	(J̃ᵀJ̃ + D)⁻¹ = D⁻¹ − D⁻¹J̃ᵀ S⁻¹ J̃D⁻¹,   S = I + J̃D⁻¹J̃ᵀ,   D = diag(ε)
//	log|det(H + D)| = log|det D| + log|det S|
//
// The Gram matrix J̃J̃ᵀ is summed stage by stage without forming J̃: with the r
// columns of R backpropagated to Δ_k (one row per column and sample, the samples
// of a column together),
//
//	J̃J̃ᵀ = Σ_k (Δ_k Δ_kᵀ) ⊙ (1 1ᵀ ⊗ z̄_{k-1} z̄_{k-1}ᵀ)
//
// An Engine factors what it is told and says what it met; it neither shifts nor
// refines.
//
// Source: the push-through (Woodbury) identity; for networks Y. Ren and D.
// Goldfarb, Efficient subsampled Gauss–Newton and natural gradient methods for
// training neural networks, arXiv:1906.02353 (2019).
package outputs
