// Package influence tells what training samples have to do with what a network has
// learned: by how much a loss, an output or a parameter would change if a sample
// counted a little more, or were not there.
//
// At a minimum of the loss with weight decay,
//
//	1/N Σ_n w_n ℓ_n(θ) + ½ ε‖θ‖²
//
// the parameters follow the weight of sample i as dθ/dw_i = −(1/N)(H + εI)⁻¹∇ℓ_i.
// Influence applies the inverse exactly, for the Hessian H or the Gauss–Newton
// matrix, by package factor. Sign and scale are those of pyDVL:
//
//	I[t,i] = +∇ℓ_tᵀ (H + εI)⁻¹ ∇ℓ_i    not divided by N; positive: sample i helps t
//
// so that taking a part of the weight of sample i away changes the loss of t by
// about part·I[t,i]/N.
//
//	Minimize   trains to a gradient of rounding's size, by Newton's method
//	Influence  all pairs, self-influence, on any scalar, on parameters
//	Removal    the truth: trains again with a part of a sample's weight removed
//
// With the exact Hessian I is the derivative of training again; with Gauss–Newton,
// or a damping that training did not have, it is not. A whole sample is often too
// much for any derivative. The sums go over the whole training set: it should have
// up to a few thousand samples times outputs.
//
// Sources: P. W. Koh and P. Liang, Understanding black-box predictions via influence
// functions, ICML 2017 (with the opposite sign); J. Bae, N. Ng, A. Lo, M. Ghassemi
// and R. Grosse, If influence functions are the answer, then what is the question?,
// NeurIPS 2022.
package influence
