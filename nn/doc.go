// Package nn has sequential networks with everything that the second derivative
// of their loss needs, derived by hand: one pass forward and one back gives the
// loss, its gradient, and the linear-quadratic chain (system.Chain) whose
// augmented matrix the rest of this module factors.
//
// # The network
//
// A Network is a list of layers. With z_0 the inputs of a batch, a sample a row,
// a Dense layer k has
//
//	u_k = z_{k-1} W_kᵀ + b_k        z_k = φ(u_k)         or, with Skip,
//	                                z_k = z_{k-1} + φ(u_k)
//
// with an elementwise Activation φ; a Map is a function of one sample without
// parameters (LayerNorm is one); a BlockLayer is anything that can give its
// derivatives as matrices over the batch. All three are open to users: see the
// examples. The parameters are one flat array: W_1 by rows, b_1, W_2, b_2, … .
//
// Conv2D, Conv1D and Tokens make several rows of a sample, its patches or tokens, and
// W acts on each. What mixes the rows is the gather that makes them, or a Map behind:
// AvgPool, Attention, LayerNorm. A Residual block adds what it began with to what its
// layers give. Sizes that are left out follow from the layer before; a Shape says how
// the numbers of a sample are arranged. A network that begins with Lengths takes
// sequences of unequal length. A convolution in groups has a row for each position and
// group, so that one W serves all groups.
//
// The Loss of a batch is the mean over its samples of a loss of each: CrossEntropy,
// also weighted and smoothed, SquaredError, SigmoidCrossEntropy, also weighted, Poisson or
// Gaussian, with the conventions of PyTorch's functions of these names.
//
// # The passes
//
//	Loss, Predict, Accuracy   forward, in parts that fit the cache
//	Gradient                  forward and back, in parts
//	Linearize                 forward and back over the whole batch, into a chain
//
// Backward, with b = ∂ℓ/∂z from the layer above, δ = φ'⊙b is ∂ℓ/∂u, the gradient
// is δᵀ[z 1], and the next b is δW. Linearize keeps what it meets: of every
// layer the inputs z, W, δ, J = φ' and Q = b⊙φ″, and of the loss the second
// derivative R of each sample. That is the whole Hessian:
//
//	s_k = y_{k-1} W_kᵀ + [z_{k-1} 1] X_kᵀ,   y_k = J_k s_k
//	xᵀHx = Σ_k ( 2 Σ_n δ_nᵀ dW_k y_{k-1,n} + Σ_n s_nᵀ Q_n s_n ) + Σ_n y_{L,n}ᵀ R_n y_{L,n}
//
// With rows, z is their gather and the sums run over the rows too. A map that follows
// a layer with weights joins its J and Q, which are then full matrices for each
// sample. So do the ends of residual blocks: what is carried around a layer stands
// behind its inputs and outputs, and the stage passes it on (system.Pass). A map
// elsewhere, and a BlockLayer, is a stage of its own:
//
//	Dense       LayerNorm   Dense+Skip   LayerNorm     BlockLayer
//	└─ system.DenseStage, J full ┘└ system.DenseStage ┘└ system.BlockStage ┘└ system.BlockStage ┘
//
// Everything is float64. Sources: B. A. Pearlmutter, Fast exact multiplication
// by the Hessian, Neural Computation 6 (1994), section 3; A. Rahimi, The Hessian
// of tall-skinny networks is easy to invert, arXiv:2601.06096 (2026), section 2;
// N. N. Schraudolph, Fast curvature matrix-vector products for second-order
// gradient descent, Neural Computation 14 (2002), for the Gauss–Newton matrix.
package nn
